"""The three levels of an answer to a public post: who will see it, and what that asks of the message.

X shows a reply in the timelines of those who follow both sides; a post that is no reply, or a quote, in those of all
followers (help.x.com, about replies and mentions).
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from govern.domain.messages import Kind, ReplyLevel
from govern.errors import N_, Invalid

DOT = ".@"
"""How a post begins that answers somebody before everybody: with `@` alone it would look like a reply."""


class LevelNotAllowed(Invalid):
    code = "message.level_not_allowed"
    template = N_("A {kind} has no such reply level ({level}).")


class DotReplyNeeded(Invalid):
    code = "message.dot_reply_needed"
    template = N_("A reply to everyone begins with {start}, so that it reads as an answer: it goes out as a post.")


def level_of(kind: Kind, given: ReplyLevel | None) -> ReplyLevel | None:
    """Return the level of a message: a quote is for everyone, a reply is open unless said; others have none.

    Raises:
        LevelNotAllowed
    """
    if kind is Kind.REPLY:
        return given or ReplyLevel.OPEN
    own = ReplyLevel.EVERYONE if kind is Kind.QUOTE else None
    if given is not None and given is not own:
        raise LevelNotAllowed(kind=kind.value, level=given.value, field="reply_level")
    return own


def is_dot_reply(kind: Kind, level: ReplyLevel | None) -> bool:
    """Tell whether an answer goes out as a post of its own, which X shows to all followers."""
    return kind is Kind.REPLY and level is ReplyLevel.EVERYONE


def check_dot_reply(text: str, kind: Kind, level: ReplyLevel | None, *, handle: str | None = None) -> None:
    """Check how a reply to everyone begins: with the handle it answers, where that is known.

    Raises:
        DotReplyNeeded
    """
    named = re.escape(handle) if handle else r"\w+"
    if is_dot_reply(kind, level) and not re.match(rf"\.@{named}\b", text, re.IGNORECASE):
        raise DotReplyNeeded(start=f"{DOT}{handle or '…'}", field="text")


WHO_SEES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "dm": {
            "en": "Private message: only this person sees it.",
            "fr": "Message privé : seule cette personne le voit.",
        },
        "private": {
            "en": "Invitation to write privately: the reply itself is public, and X shows it to those who follow both "
            "of you. What follows stays between you two.",
            "fr": "Invitation à écrire en privé : la réponse elle-même est publique, et X la montre à ceux qui vous "
            "suivent tous les deux. La suite reste entre vous.",
        },
        "open": {
            "en": "Open reply: X shows it to those who follow both of you, and to whoever opens the conversation.",
            "fr": "Réponse ouverte : X la montre à ceux qui vous suivent tous les deux, et à qui ouvre la conversation.",
        },
        "everyone": {
            "en": "Reply to everyone: X shows it to all followers of the account. It goes out as a post that begins "
            "with “.@” and the handle.",
            "fr": "Réponse à tous : X la montre à tous les abonnés du compte. Elle part comme une publication qui "
            "commence par « .@ » et le nom d’utilisateur.",
        },
        "quote": {
            "en": "Quote, for everyone: X shows it to all followers of the account, with the quoted post in it.",
            "fr": "Citation, pour tous : X la montre à tous les abonnés du compte, avec la publication citée.",
        },
        "post": {
            "en": "Post: X shows it to all followers of the account.",
            "fr": "Publication : X la montre à tous les abonnés du compte.",
        },
    }
)
"""Who will see a message, in both languages, by what `audience` returns."""


def audience(kind: Kind, level: ReplyLevel | None) -> str:
    """Return the key of `WHO_SEES` for a message."""
    return level.value if kind is Kind.REPLY and level is not None else kind.value
