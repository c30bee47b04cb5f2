"""The end of personal content, what stands in its way, and the keys that end it."""

from typing import Annotated, ClassVar

from govern.domain.audit.fields import Code, Comment, Count, Personal, Recorded

# The reason has a key of its own (`erasure:…`, `hold:…`): the one of the subject is gone, and whoever
# looks at an erasure later still learns why.


class ContactErased(Recorded, frozen=True, kw_only=True):
    """What the log held of a person outside cannot be opened any more. Object: the contact; refs: the erasure."""

    NAME: ClassVar = "contact.erased"
    EN: ClassVar = "{actor} erased the personal content of {object} ({ground}): {openings} fields of the log"
    FR: ClassVar = "{actor} a effacé le contenu personnel de {object} ({ground}) : {openings} champ(s) du journal"
    ground: Code
    openings: Count
    reason: Annotated[Comment, Personal("erasure")]


class MemberErased(Recorded, frozen=True, kw_only=True):
    """What the log held of a member who left cannot be opened any more. Object: the member; refs: the erasure."""

    NAME: ClassVar = "member.erased"
    EN: ClassVar = "{actor} erased the personal content of {object} ({ground}): {openings} fields of the log"
    FR: ClassVar = "{actor} a effacé le contenu personnel de {object} ({ground}) : {openings} champ(s) du journal"
    ground: Code
    openings: Count
    reason: Annotated[Comment, Personal("erasure")]


class MessageErased(Recorded, frozen=True, kw_only=True):
    """What people wrote about a message cannot be opened any more. Object: the message; refs: the erasure."""

    NAME: ClassVar = "message.erased"
    EN: ClassVar = "{actor} erased the comments on {object} ({ground}): {openings} fields of the log"
    FR: ClassVar = "{actor} a effacé les commentaires sur {object} ({ground}) : {openings} champ(s) du journal"
    ground: Code
    openings: Count
    reason: Annotated[Comment, Personal("erasure")]


class HoldSet(Recorded, frozen=True, kw_only=True):
    """The content of a subject may not be erased for now. Object: the subject; refs: the hold."""

    NAME: ClassVar = "hold.set"
    EN: ClassVar = "{actor} put {object} under legal hold: nothing of it may be erased"
    FR: ClassVar = "{actor} a placé {object} sous conservation légale : rien ne peut en être effacé"
    reason: Annotated[Comment, Personal("hold")]


class HoldLifted(Recorded, frozen=True, kw_only=True):
    """The content of a subject may be erased again. Object: the subject; refs: the hold's end."""

    NAME: ClassVar = "hold.lifted"
    EN: ClassVar = "{actor} lifted the legal hold on {object}"
    FR: ClassVar = "{actor} a levé la conservation légale de {object}"
    reason: Annotated[Comment, Personal("hold")]


class KeysRewrapped(Recorded, frozen=True, kw_only=True):
    """Subject keys stand under the first wrapping key now. Object: the system (`ObjectRef("system", "audit")`)."""

    NAME: ClassVar = "keys.rewrapped"
    EN: ClassVar = "{actor} wrapped {keys} keys of personal content anew with the key {key}"
    FR: ClassVar = "{actor} a rechiffré {keys} clé(s) de contenu personnel avec la clé {key}"
    keys: Count
    key: Code


ACTIONS: tuple[type[Recorded], ...] = (ContactErased, MemberErased, MessageErased, HoldSet, HoldLifted, KeysRewrapped)
