"""Why X refused, in plain words. Version 2 of X's interface sends no codes: status and wording decide."""

from collections.abc import Mapping

import msgspec


class Reason(msgspec.Struct, frozen=True):
    """One reason, in both languages."""

    en: str
    fr: str


REASONS: Mapping[str, Reason] = {
    "reply_not_allowed": Reason(
        "X allows a reply only to posts that mention this account or quote one of its posts.",
        "X n'autorise une réponse qu'aux posts qui mentionnent ce compte ou citent l'un de ses posts.",
    ),
    "quote_not_allowed": Reason(
        "X does not let this account quote that post.",
        "X ne permet pas à ce compte de citer ce post.",
    ),
    "dm_not_allowed": Reason(
        "This person does not accept direct messages from this account.",
        "Cette personne n'accepte pas les messages privés de ce compte.",
    ),
    "target_gone": Reason(
        "The post to answer was deleted, or this account may not see it.",
        "Le post auquel répondre a été supprimé, ou ce compte ne peut pas le voir.",
    ),
    "too_long": Reason(
        "The text is longer than X allows for this account.",
        "Le texte est plus long que ce que X autorise pour ce compte.",
    ),
    "app_permission": Reason(
        "The X app of this account has no permission for this; an admin must change it at X.",
        "L'application X de ce compte n'a pas cette permission ; un administrateur doit la modifier chez X.",
    ),
    "account_locked": Reason(
        "X has locked or suspended this account; sign in at X to see what it asks for.",
        "X a verrouillé ou suspendu ce compte ; connectez-vous à X pour voir ce qui est demandé.",
    ),
    "automation": Reason(
        "X takes this message for automated and refused it.",
        "X considère ce message comme automatisé et l'a refusé.",
    ),
    "media_refused": Reason(
        "X could not process an image of this message.",
        "X n'a pas pu traiter une image de ce message.",
    ),
    "invalid": Reason(
        "X says that something in this message is not valid.",
        "X indique qu'un élément de ce message n'est pas valide.",
    ),
    "not_found": Reason(
        "X does not know this post or this person, or not any more.",
        "X ne connaît pas, ou plus, ce post ou cette personne.",
    ),
    "forbidden": Reason(
        "X refused this message.",
        "X a refusé ce message.",
    ),
}

DUPLICATE_CLAIMED = Reason("X says that it has this text already.", "X dit avoir déjà ce texte.")
"""Until it is found which post it is."""

NO_ANSWER = Reason(
    "X did not answer before the time was up. It may be out.",
    "X n'a pas répondu dans le temps imparti. Il est peut-être sorti.",
)
_UNKNOWN: Mapping[str, Reason] = {
    "timeout": NO_ANSWER,
    "reset": Reason(
        "The connection was cut before X answered. It may be out.",
        "La connexion a été coupée avant la réponse de X. Il est peut-être sorti.",
    ),
    "cancelled": Reason(
        "The worker was stopped before X answered. It may be out.",
        "Le processus a été arrêté avant la réponse de X. Il est peut-être sorti.",
    ),
}
_NOT_UNDERSTOOD = Reason(
    "X answered, but not in a form that says whether it took the message. It may be out.",
    "X a répondu, mais pas sous une forme qui dise s'il a pris le message. Il est peut-être sorti.",
)

# X's wording, in lower case -> our reason; the first that occurs decides.
_WORDINGS: tuple[tuple[str, str], ...] = (
    ("reply to this conversation is not allowed", "reply_not_allowed"),
    ("quoting this post is not allowed", "quote_not_allowed"),
    ("quoting this tweet is not allowed", "quote_not_allowed"),
    ("permission to dm one or more participants", "dm_not_allowed"),
    ("cannot send messages to this user", "dm_not_allowed"),
    ("that is deleted or not visible to you", "target_gone"),
    ("text is too long", "too_long"),
    ("not configured with the appropriate oauth", "app_permission"),
    ("temporarily locked", "account_locked"),
    ("suspended", "account_locked"),
    ("looks like it might be automated", "automation"),
)
_BY_STATUS = {400: "invalid", 404: "not_found"}
DUPLICATE = "duplicate content"
USAGE_CAP = ("usage cap", "usage-cap", "usagecap")


def unknown_for(cause: str) -> Reason:
    """Say why nobody knows the outcome; causes are those of `xapi/classify.py`."""
    return _UNKNOWN.get(cause, _NOT_UNDERSTOOD)


def reason_for(status: int, words: str) -> str:
    """Return the code of the reason; wording we do not know gives that of its status, at last `forbidden`."""
    folded = words.casefold()
    known = next((code for wording, code in _WORDINGS if wording in folded), None)
    return known or _BY_STATUS.get(status, "forbidden")
