"""Prepared replies: written once, in the language of the person, and put into the composer by a link."""

from collections.abc import Iterable
from enum import StrEnum
from urllib.parse import urlencode

from govern.domain.languages import likely_language
from govern.screening.personal_data.rules import ready_reply
from govern.services.policies import Policies

_INVITATION = {
    "en": "Hello, thank you for your message. Please write to us in private, so that we can look into this with you.",
    "fr": "Bonjour, merci pour votre message. Écrivez-nous en message privé, afin que nous regardions cela avec vous.",
}


class Ready(StrEnum):
    """Which reply is prepared."""

    DELETE = "delete"
    """Please write to us privately, and delete your message: it holds personal data."""
    INVITE = "invite"
    """Please write to us privately: we may not write first."""


def prepared(which: Ready, said: Iterable[str], *, otherwise: str, policies: Policies) -> str:
    """Return a prepared reply in the language of what the person said, or else in the account's."""
    language = likely_language(said) or otherwise
    if which is Ready.DELETE:
        return ready_reply(policies.screening.personal_data, language)
    return _INVITATION["fr" if language == "fr" else "en"]


def reply_address(account: str, x_id: str, which: Ready | None = None) -> str:
    """Return where a public reply to a post is written, with the prepared text if one is named."""
    parts = {"account": account, "kind": "reply", "in_reply_to": x_id, **({"ready": which.value} if which else {})}
    return "/admin/compose?" + urlencode(parts)


def dm_address(account: str, handle: str) -> str:
    """Return where a private message to a person is written."""
    return "/admin/compose?" + urlencode({"account": account, "kind": "dm", "recipient": handle})
