"""What went wrong at X, in plain words. Version 2 of its interface sends no codes: status and wording decide."""

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
    "duplicate": Reason(
        "X says that it has this text already.",
        "X indique qu'il a déjà ce texte.",
    ),
    "rate_limited": Reason(
        "X takes no more of these from this account for now; it goes by itself when X does.",
        "X n'en accepte plus de ce compte pour l'instant ; l'envoi reprend de lui-même ensuite.",
    ),
    "no_credits": Reason(
        "The X app has no credits left; an admin must top them up at X.",
        "L'application X n'a plus de crédits ; un administrateur doit en racheter chez X.",
    ),
    "auth_lost": Reason(
        "X refused the account's tokens; an admin must connect it again.",
        "X a refusé les jetons du compte ; un administrateur doit le reconnecter.",
    ),
    "unreachable": Reason(
        "X could not be reached, so nothing left; it is tried again.",
        "X n'a pas pu être joint, rien n'est donc parti ; un nouvel essai suivra.",
    ),
    "late": Reason(
        "The time to begin sending had passed, so nothing left; it is tried again.",
        "Le temps de commencer l'envoi était passé, rien n'est donc parti ; un nouvel essai suivra.",
    ),
    "stopped": Reason(
        "The worker was stopped before it sent anything; it is tried again.",
        "Le programme d'envoi a été arrêté avant d'envoyer quoi que ce soit ; un nouvel essai suivra.",
    ),
    "no_answer": Reason(
        "The message was handed to X, and X gave no answer in time. It may be out.",
        "Le message a été remis à X, et X n'a pas répondu à temps. Il est peut-être sorti.",
    ),
    "broken_off": Reason(
        "The message was handed to X, and the connection broke before X's answer was complete. It may be out.",
        "Le message a été remis à X, et la connexion s'est rompue avant la fin de la réponse. Il est peut-être sorti.",
    ),
    "stopped_waiting": Reason(
        "The message was handed to X, and the worker was stopped before X answered. It may be out.",
        "Le message a été remis à X, et le programme d'envoi a été arrêté avant la réponse. Il est peut-être sorti.",
    ),
    "x_failed": Reason(
        "The message was handed to X, and X answered with an error of its own. It may be out.",
        "Le message a été remis à X, et X a répondu par une erreur de son côté. Il est peut-être sorti.",
    ),
    "x_redirected": Reason(
        "The message was handed to X, and X pointed elsewhere instead of answering. It may be out.",
        "Le message a été remis à X, et X a renvoyé ailleurs au lieu de répondre. Il est peut-être sorti.",
    ),
    "unreadable": Reason(
        "The message was handed to X, and X's answer cannot be read. It may be out.",
        "Le message a été remis à X, et la réponse de X est illisible. Il est peut-être sorti.",
    ),
}

# The cause in `NotSent` and `OutcomeUnknown` -> our reason; all other causes: `unreachable`, `unreadable`.
NOT_SENT: Mapping[str, str] = {"late": "late", "cancelled": "stopped"}
UNKNOWN: Mapping[str, str] = {
    "timeout": "no_answer",
    "connect_timeout": "no_answer",
    "reset": "broken_off",
    "cancelled": "stopped_waiting",
    "http_3": "x_redirected",
    "http_5": "x_failed",
}

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


def reason_for(status: int, words: str) -> str:
    """Return the code of the reason; wording we do not know gives that of its status, at last `forbidden`."""
    folded = words.casefold()
    known = next((code for wording, code in _WORDINGS if wording in folded), None)
    return known or _BY_STATUS.get(status, "forbidden")
