"""An entry as a sentence, in English and French. Here and not in `admin/i18n`: command line and bundles print it too."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from govern.domain.audit.entry import Entry
from govern.domain.audit.fields import named_fields
from govern.domain.audit.registry import BY_NAME

Lang: TypeAlias = Literal["en", "fr"]


class ErasedBy(msgspec.Struct, frozen=True):
    """Stands for the name of an erased person."""

    entry: str
    """The place in the log of the entry that erased them."""

    def of(self, kind: str, lang: Lang) -> str:
        """Say so."""
        said = "effacé par l’entrée" if lang == "fr" else "erased by entry"
        return f"({word(kind, lang)} {said} {self.entry})"


Names: TypeAlias = Mapping[str, str | ErasedBy]
"""By `kind:id` the name to show; by `brand:<slug>` a brand's."""
UNREADABLE: Mapping[Lang, str] = {
    "en": "This entry is not in our format",
    "fr": "Cette entrée n’est pas dans notre format",
}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
_COLUMN: Mapping[Lang, int] = {"en": 0, "fr": 1}

WORDS: Mapping[str, tuple[str, str]] = {
    "accepted": ("accepted", "accepté"),
    "account": ("account", "compte"),
    "admin": ("admin", "administrateur"),
    "agent": ("agent", "agent"),
    "allow": ("nothing found", "rien à signaler"),
    "approval": ("approval", "approbation"),
    "approved": ("approved", "approuvé"),
    "audit": ("the audit log", "le journal"),
    "author": ("author", "auteur"),
    "block": ("blocked", "bloqué"),
    "blocked": ("blocked", "bloqué"),
    "brand": ("brand", "marque"),
    "brand_manager": ("brand manager", "responsable de marque"),
    "company": ("the company", "l’entreprise"),
    "compliance": ("compliance", "conformité"),
    "contact": ("contact", "contact"),
    "conversation": ("conversation", "conversation"),
    "counter_fell": ("its counter did not rise: it may be a copy", "son compteur n’a pas augmenté : copie possible"),
    "deleted_at_x": ("it is gone from X", "il n’est plus sur X"),
    "dm": ("direct message", "message privé"),
    "dms": ("direct messages", "messages privés"),
    "elsewhere": ("it was answered elsewhere", "la réponse a été donnée ailleurs"),
    "entry": ("entry", "entrée"),
    "erasure": ("erasure", "effacement"),
    "grant": ("grant", "attribution"),
    "hold": ("legal hold", "conservation légale"),
    "import": ("import", "import"),
    "inbound": ("inbound message", "message reçu"),
    "inbound_dm": ("wrote a direct message", "a écrit un message privé"),
    "log": ("log", "journal"),
    "log:audit": ("the audit log", "le journal d’audit"),
    "media": ("image", "image"),
    "member": ("member", "membre"),
    "mention": ("mention", "mention"),
    "mentions": ("mentions", "mentions"),
    "message": ("message", "message"),
    "needs_approval": ("needs approval", "approbation requise"),
    "no_answer_needed": ("no answer is needed", "aucune réponse n’est nécessaire"),
    "none": ("nothing fits it", "rien ne lui correspond"),
    "not_sent": ("it is not out", "il n’est pas sorti"),
    "opt_in": ("asked for messages (opt-in)", "a demandé des messages (opt-in)"),
    "opt_out": ("wants no more messages (opt-out)", "ne veut plus de messages (opt-out)"),
    "other": ("another reason", "une autre raison"),
    "passkey": ("passkey", "clé d’accès"),
    "passkey_refused": ("passkey refused", "clé d’accès refusée"),
    "password": ("password", "mot de passe"),
    "pause": ("pause", "suspension"),
    "pending_approval": ("waits for approval", "en attente d’approbation"),
    "person_asked": ("the person asked for it", "à la demande de la personne"),
    "policy": ("policy", "politique"),
    "post": ("post", "post"),
    "publisher": ("publisher", "publication"),
    "quote": ("quote", "citation"),
    "recovery": ("recovery code", "code de secours"),
    "reply": ("reply", "réponse"),
    "retention": ("its time is over", "durée de conservation écoulée"),
    "scheduled": ("scheduled", "programmé"),
    "sent": ("it is on X", "il est sur X"),
    "spam": ("it is spam", "c’est du spam"),
    "several": ("more than one fits it", "plusieurs lui correspondent"),
    "system": ("system", "système"),
    "system:bootstrap": ("The first set-up", "La première installation"),
    "system:demo": ("The demo set-up", "L’installation de démonstration"),
    "system:import": ("The import", "L’importation"),
    "system:ingest": ("The reading of X", "La lecture de X"),
    "system:log": ("The set-up of the log", "L’installation du journal"),
    "system:policy-loader": ("The loading of policies", "Le chargement des politiques"),
    "system:rewrap": ("The renewal of keys", "Le renouvellement des clés"),
    "system:sign-in": ("The sign-in", "La connexion"),
    "system:sweep": ("The sweep", "Le balayage"),
    "system:verify": ("The verification", "La vérification"),
    "session": ("session", "session"),
    "taken_down": ("taken down", "retiré"),
    "token": ("API token", "jeton d’API"),
    "totp": ("authenticator app", "application d’authentification"),
    "twin_by_hand": ("a post made by hand", "un post publié à la main"),
    "twin_not_found": ("it was not found in the last 24 hours", "introuvable dans les dernières 24 heures"),
    "twin_ours": ("another message of ours", "un autre de nos messages"),
    "twin_unknown": (
        "another message of ours whose outcome is unknown",
        "un autre de nos messages dont le sort est inconnu",
    ),
    "viewer": ("viewer", "lecteur"),
    "warn": ("passed with a warning", "passé avec un avertissement"),
    "worker:publisher": ("The publisher", "Le module de publication"),
    "worker:reconciler": ("The reading back of X", "La relecture de X"),
    "wrong_code": ("wrong code", "code erroné"),
    "wrong_password": ("wrong password", "mot de passe erroné"),
}
"""Words of the program that sentences print, in English and French; any other word is printed as it is."""


def sentence(entry: Entry, lang: Lang, names: Names) -> str:
    """Say what an entry records.

    Names of that time or of today: the caller chooses. What has no name is shown by its kind and the start of its id.
    """
    action = BY_NAME.get(entry.action)
    if action is None:
        return UNREADABLE[lang]
    template = action.FR if lang == "fr" else action.EN
    kinds = named_fields(action)
    values = {
        field: object_name(f"{kinds[field]}:{value}", lang, names) if field in kinds else _shown(value, lang)
        for field, value in entry.data.items()
    }
    values |= {
        "actor": object_name(entry.actor.id, lang, names),
        "object": object_name(entry.object.key, lang, names),
        "scope": scope_name(entry.scope, lang, names),
    }
    try:
        return template.format_map(values)
    except (KeyError, ValueError, AttributeError, IndexError):  # a forged entry under one of our names
        return UNREADABLE[lang]


def object_name(key: str, lang: Lang, names: Names) -> str:
    """Return the name of `kind:id`, or its kind and the start of its id."""
    kind, _, rest = key.partition(":")
    if key in names:
        name = names[key]
        return name if isinstance(name, str) else name.of(kind, lang)
    if key in WORDS:
        return word(key, lang)
    if kind == "scope":
        return scope_name(rest, lang, names)
    return f"{word(kind, lang)} {rest[:8]}".strip()


def scope_name(scope: str, lang: Lang, names: Names) -> str:
    """Return a scope as people say it: `the company`, `the brand Acme`, `@AcmeCare`."""
    kind, _, rest = scope.partition(":")
    if kind == "account":
        return f"@{rest}"
    if kind == "brand":
        return f"{'la marque' if lang == 'fr' else 'the brand'} {names.get(scope, rest)}"
    return word(scope, lang)


def word(code: str, lang: Lang) -> str:
    """Return a word of the program as people say it; names with a dot (`message.approve`) stay as they are."""
    known = WORDS.get(code)
    if known:
        return known[_COLUMN[lang]]
    return code if "." in code else code.replace("_", " ")


def _shown(value: object, lang: Lang) -> str:
    if not isinstance(value, str):
        return str(value)
    if _TIME.fullmatch(value):
        moment = datetime.fromisoformat(value)
        return moment.strftime("%d/%m/%Y %H:%M UTC" if lang == "fr" else "%Y-%m-%d %H:%M UTC")
    return word(value, lang)
