"""What happens in conversations with people outside, and to what they wrote."""

from typing import Annotated, ClassVar
from uuid import UUID

from govern.domain.audit.fields import Code, Comment, Moment, Named, Outcome, Personal, Recorded


class ConversationAssigned(Recorded, frozen=True, kw_only=True):
    """A member takes a conversation. Object: the conversation; refs: the contact."""

    NAME: ClassVar = "conversation.assigned"
    EN: ClassVar = "{member} is on the conversation of {account} with {contact}"
    FR: ClassVar = "{member} s’occupe de la conversation de {account} avec {contact}"
    member: Annotated[UUID, Named("member")]
    account: Annotated[UUID, Named("account")]
    contact: Annotated[UUID, Named("contact")]
    previous: Annotated[UUID, Named("member")] | None = None
    """Whose it was."""


class ConversationReleased(Recorded, frozen=True, kw_only=True):
    """Nobody is on a conversation any more. Object: the conversation; refs: the contact."""

    NAME: ClassVar = "conversation.released"
    EN: ClassVar = "{actor} released the conversation of {account} with {contact}"
    FR: ClassVar = "{actor} a libéré la conversation de {account} avec {contact}"
    account: Annotated[UUID, Named("account")]
    contact: Annotated[UUID, Named("contact")]


class ConversationClosed(Recorded, frozen=True, kw_only=True):
    """A member says that no answer is due. Object: the conversation; refs: the contact."""

    NAME: ClassVar = "conversation.closed"
    EN: ClassVar = "{actor} closed the conversation of {account} with {contact} without an answer: {reason}"
    FR: ClassVar = "{actor} a clos sans réponse la conversation de {account} avec {contact} : {reason}"
    account: Annotated[UUID, Named("account")]
    contact: Annotated[UUID, Named("contact")]
    reason: Code
    due: Moment | None = None
    """Until when an answer was due."""
    comment: Annotated[Comment, Personal("contact")] | None = None


class ConversationReopened(Recorded, frozen=True, kw_only=True):
    """A closing was undone: the clock is where it was. Object: the conversation; refs: the contact."""

    NAME: ClassVar = "conversation.reopened"
    EN: ClassVar = "{actor} reopened the conversation of {account} with {contact}"
    FR: ClassVar = "{actor} a rouvert la conversation de {account} avec {contact}"
    account: Annotated[UUID, Named("account")]
    contact: Annotated[UUID, Named("contact")]


class InboundErased(Recorded, frozen=True, kw_only=True):
    """X says that a post is gone: its text is erased here too. Object: the inbound; refs: the contact."""

    NAME: ClassVar = "inbound.erased"
    EN: ClassVar = "The text {contact} wrote to {account} was erased: {reason}"
    FR: ClassVar = "Le texte que {contact} a écrit à {account} a été effacé : {reason}"
    contact: Annotated[UUID, Named("contact")]
    account: Annotated[UUID, Named("account")]
    reason: Code


class InboundUpdated(Recorded, frozen=True, kw_only=True):
    """X says that a post has another text now: it has it here too. Object: the inbound; refs: the contact."""

    NAME: ClassVar = "inbound.updated"
    EN: ClassVar = "The text {contact} wrote to {account} is another one on X, and here"
    FR: ClassVar = "Le texte que {contact} a écrit à {account} a changé sur X, et ici"
    contact: Annotated[UUID, Named("contact")]
    account: Annotated[UUID, Named("account")]


class InboundGap(Recorded, frozen=True, kw_only=True):
    """X no longer had all that was written since we last read: some of it was never seen. Object: the account."""

    NAME: ClassVar = "inbound.gap"
    EN: ClassVar = "X could not show {object} all {source} since {since}: some may be missing here"
    FR: ClassVar = "X n’a pas pu montrer à {object} tout ({source}) depuis le {since} : il peut en manquer ici"
    OUTCOME: ClassVar = Outcome.FAILED
    source: Code
    since: Moment


ACTIONS: tuple[type[Recorded], ...] = (
    ConversationAssigned,
    ConversationReleased,
    ConversationClosed,
    ConversationReopened,
    InboundErased,
    InboundUpdated,
    InboundGap,
)
