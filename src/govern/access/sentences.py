"""The words of a refusal, in English and French: why, and what would help."""

from collections.abc import Callable, Iterable

from govern.access.bundle import Bundle
from govern.access.catalogue import Text
from govern.access.rows import ALLOW, Row
from govern.domain.actions import COMPANY, Reason

PLAIN = {
    Reason.ALLOWED: Text(en="", fr=""),
    Reason.UNKNOWN_ACTION: Text(en="There is no such action.", fr="Cette action n’existe pas."),
    Reason.UNKNOWN_SCOPE: Text(
        en="There is no such account, brand or company here.",
        fr="Ce compte, cette marque ou cette entreprise n’existe pas ici.",
    ),
    Reason.CONDITION_ERROR: Text(
        en="A fact this decision needs is missing, so the answer is no.",
        fr="Il manque un fait nécessaire à cette décision : la réponse est non.",
    ),
    Reason.TOKEN_LIMIT: Text(en="This API token may not do that.", fr="Ce jeton d’API ne permet pas cela."),
    Reason.EVALUATORS_DISAGREE: Text(
        en="The access check contradicted itself, so the answer is no. Please tell an admin.",
        fr="Le contrôle d’accès s’est contredit : la réponse est non. Prévenez un administrateur.",
    ),
    Reason.UNAVAILABLE: Text(
        en="Rights cannot be checked right now. Nothing was changed; please try again.",
        fr="Les droits ne peuvent pas être vérifiés pour le moment. Rien n’a été modifié ; réessayez.",
    ),
}


def of_denying_rule(bundle: Bundle, rule: Row) -> Text:
    """Say why a rule denied: the restriction's sentence, or the condition's."""
    restriction = bundle.roles[rule.role].sentence if rule.role in bundle.roles else None
    return restriction or bundle.conditions[rule.cond].sentence


def of_missing_rule(bundle: Bundle, action: str) -> Text:
    """Say which roles would allow the action at a `{place}`."""
    rows = [row for row in bundle.rows[action] if row.eft == ALLOW]
    spec = bundle.actions[action].sentence
    en = f"{spec.en} needs the role {_roles(bundle, rows, ' or ', 'only', _en)} there."
    fr = f"{spec.fr} demande le rôle {_roles(bundle, rows, ' ou ', 'seulement', _fr)}."
    return Text(en=en, fr=fr)


def at(scope: str, words: Text) -> Text:
    """Put the name of a scope in the place of `{place}`."""
    place = place_of(scope)
    return Text(en=words.en.replace("{place}", place.en), fr=words.fr.replace("{place}", place.fr))


def place_of(scope: str) -> Text:
    """Name a scope for people."""
    kind, _, name = scope.partition(":")
    if kind == COMPANY:
        return Text(en="the company", fr="l’entreprise")
    if kind == "brand":
        return Text(en=f"the brand {name}", fr=f"la marque {name}")
    return Text(en=f"@{name}", fr=f"@{name}")


def _roles(bundle: Bundle, rows: Iterable[Row], last: str, only: str, lang: Callable[[Text], str]) -> str:
    named = []
    for row in sorted(rows, key=lambda row: list(bundle.roles).index(row.role)):
        words = lang(bundle.roles[row.role].label)
        limit = "" if row.cond == "always" else f" ({only} {lang(bundle.conditions[row.cond].sentence)})"
        named.append(words + limit)
    return last.join(part for part in (", ".join(named[:-1]), named[-1]) if part)


def _en(text: Text) -> str:
    return text.en


def _fr(text: Text) -> str:
    return text.fr
