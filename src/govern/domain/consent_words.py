"""What the right to write is, and why, in words a person who answers customers understands. Pure."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from govern.domain.consent import ConsentEvent, ConsentKind, PermissionState, Purpose


class Words(msgspec.Struct, frozen=True):
    """One sentence in both languages of the product."""

    en: str
    fr: str

    def about(self, account: str) -> "Words":
        """Return the sentence with the account's handle in its place."""
        return Words(self.en.replace("{account}", f"@{account}"), self.fr.replace("{account}", f"@{account}"))


class WayOut(msgspec.Struct, frozen=True):
    """What may be done instead: `code` is stable, `public_reply` among them is offered as a button."""

    code: str
    words: Words


STATES: Mapping[PermissionState, Words] = MappingProxyType(
    {
        PermissionState.UNSOLICITED: Words(
            "{account} may not write to this person: they did not write to it in private, or too long ago.",
            "{account} ne peut pas écrire à cette personne : elle ne lui a pas écrit en privé, ou il y a trop longtemps.",
        ),
        PermissionState.SERVICE_WINDOW: Words(
            "{account} may answer this person. Promotion is not allowed.",
            "{account} peut répondre à cette personne. La promotion n’est pas permise.",
        ),
        PermissionState.OPTED_IN: Words(
            "This person agreed to promotion of the brand of {account}, and there is proof of it.",
            "Cette personne a accepté la promotion de la marque de {account}, et il en existe une preuve.",
        ),
        PermissionState.OPTED_OUT: Words(
            "{account} may not write to this person: they want no private messages.",
            "{account} ne peut pas écrire à cette personne : elle ne veut pas de messages privés.",
        ),
        PermissionState.OPTED_OUT_THEN_WROTE: Words(
            "This person said stop and wrote again: {account} may give the plain answer, and nothing else.",
            "Cette personne a dit stop puis a réécrit : {account} peut donner la simple réponse, et rien d’autre.",
        ),
    }
)

_INVITE = WayOut(
    "public_reply",
    Words(
        "Answer in public, without personal data, and invite the person to write to {account} in private.",
        "Répondez en public, sans donnée personnelle, et invitez la personne à écrire à {account} en privé.",
    ),
)
WAYS_OUT: Mapping[PermissionState, WayOut] = MappingProxyType(
    {
        PermissionState.UNSOLICITED: _INVITE,
        PermissionState.OPTED_OUT: WayOut(
            "wait_for_them",
            Words(
                "Do not write, and do not ask them to. If the person writes to {account} again, it may answer.",
                "N’écrivez pas, et ne demandez pas à la personne de le faire. Si elle réécrit à {account}, "
                "il pourra répondre.",
            ),
        ),
        PermissionState.SERVICE_WINDOW: WayOut(
            "answer_only",
            Words(
                "Answer what the person asked. Offers need a consent with its proof.",
                "Répondez à ce que la personne a demandé. Les offres demandent un consentement et sa preuve.",
            ),
        ),
        PermissionState.OPTED_OUT_THEN_WROTE: WayOut(
            "answer_only",
            Words(
                "Answer what the person asked, and nothing else.",
                "Répondez à ce que la personne a demandé, et rien d’autre.",
            ),
        ),
    }
)

_KINDS: Mapping[ConsentKind, Words] = MappingProxyType(
    {
        ConsentKind.INBOUND_DM: Words("Wrote to {account} in private", "A écrit à {account} en privé"),
        ConsentKind.INVITE_ACCEPTED: Words(
            "Asked {account} in public to write in private", "A demandé en public à {account} d’écrire en privé"
        ),
        ConsentKind.OPT_IN: Words("Agreed to promotion of the brand", "A accepté la promotion de la marque"),
        ConsentKind.OPT_OUT: Words("Said stop to every private message", "A refusé tout message privé"),
        ConsentKind.OPT_OUT_DOUBTFUL: Words(
            "May have said stop; a person must read it", "A peut-être dit stop ; une personne doit le lire"
        ),
        ConsentKind.DOUBT_CLEARED: Words(
            "A person read it: it was no stop", "Une personne l’a lu : ce n’était pas un stop"
        ),
        ConsentKind.CONTACT_BLOCKED: Words(
            "X says this person takes no messages from {account}",
            "X indique que cette personne ne reçoit pas de messages de {account}",
        ),
        ConsentKind.ERASED: Words("Their data was erased", "Ses données ont été effacées"),
    }
)
_WITHDRAWN = Words("Withdrew the consent to promotion", "A retiré son accord à la promotion")
_ELSEWHERE = Words("another account", "un autre compte")


def say_event(event: ConsentEvent, account: str | None) -> Words:
    """Say what an event was. `account` is the handle it happened at, where there is one."""
    words = _KINDS[event.kind]
    if event.kind is ConsentKind.OPT_OUT and event.purpose is Purpose.PROMOTIONAL:
        words = _WITHDRAWN
    if account is not None:
        return words.about(account)
    return Words(words.en.replace("{account}", _ELSEWHERE.en), words.fr.replace("{account}", _ELSEWHERE.fr))
