"""The language of the log's search box: `key:value` pairs and free words, all of which must fit.

`actor:mia -action:session after:2026-05-03 "gift card"`. Spaces separate, quotes hold together, a minus excludes.
"""

import difflib
import re
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from govern.domain.audit.fields import Outcome
from govern.errors import N_, Invalid

KEYS: Final = ("actor", "action", "account", "brand", "subject", "outcome", "rule", "before", "after")
MAX_QUERY = 500
MAX_TERMS = 20
_REFUSED = "refused"
"""What people say for `denied`."""
_PIECE = re.compile(r'(?P<minus>-)?(?:(?P<key>[A-Za-z_]+):)?(?:"(?P<quoted>[^"]*)"?|(?P<plain>[^\s"]\S*))')
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a query."""

    key: str
    """One of `KEYS`, or empty: a free word."""
    value: str
    excluded: bool = False
    typed: str
    """As it stands in the query."""


class QueryTooLong(Invalid):
    code = "audit.query_too_long"
    template = N_("A search has at most {characters} characters and {terms} parts.")


class UnknownKey(Invalid):
    code = "audit.unknown_key"
    template = N_("There is no filter {key}:. Did you mean {near}:?")


class EmptyKey(Invalid):
    code = "audit.empty_key"
    template = N_("Write what {key}: shall be, without a space after the colon.")


class UnknownOutcome(Invalid):
    code = "audit.unknown_outcome"
    template = N_("An outcome is done, denied or failed, not {value}.")


class NoMoment(Invalid):
    code = "audit.no_moment"
    template = N_("{value} is no day and no time: write 2026-05-03, or 2026-05-03T14:00Z.")


def read_query(text: str, *, field: str = "q") -> tuple[Term, ...]:
    """Cut a query into its terms. The words are kept as they are; what they name is found elsewhere.

    Raises:
        QueryTooLong, UnknownKey (it names the nearest), EmptyKey: they blame `field`.
    """
    found = list(_PIECE.finditer(text[: MAX_QUERY + 1]))
    if len(text) > MAX_QUERY or len(found) > MAX_TERMS:
        raise QueryTooLong(characters=MAX_QUERY, terms=MAX_TERMS, field=field)
    terms = (_term(piece, field) for piece in found)
    return tuple(term for term in terms if term.value)


def write_query(terms: tuple[Term, ...]) -> str:
    """Return the query of these terms, as they were typed."""
    return " ".join(term.typed for term in terms)


def read_outcome(value: str, *, field: str = "q") -> Outcome:
    """Read an outcome; `refused` is `denied`.

    Raises:
        UnknownOutcome
    """
    known = {_REFUSED: Outcome.DENIED, **{each.value: each for each in Outcome}}
    if value.lower() not in known:
        raise UnknownOutcome(value=value[:40], field=field)
    return known[value.lower()]


def read_moment(value: str, *, zone: str = "UTC", field: str = "q") -> datetime:
    """Read a day, which begins at midnight in the zone, or a time; without an offset it is the zone's.

    Raises:
        NoMoment
    """
    try:
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError):  # OverflowError: the first or last day of the calendar
        raise NoMoment(value=value[:40], field=field) from None


def read_jump(value: str, *, zone: str = "UTC", field: str = "at") -> datetime:
    """Read the moment to jump to: the end of a day, so that the day is what is seen first.

    Raises:
        NoMoment
    """
    if _DAY.fullmatch(value):
        try:
            following = datetime.fromisoformat(value) + timedelta(days=1)
        except (ValueError, OverflowError):
            raise NoMoment(value=value[:40], field=field) from None
        return read_moment(following.isoformat(), zone=zone, field=field)
    return read_moment(value, zone=zone, field=field)


def _term(piece: "re.Match[str]", field: str) -> Term:
    key, quoted = piece["key"] or "", piece["quoted"]
    value = quoted if quoted is not None else piece["plain"]
    if not key and quoted is None and value.endswith(":") and value[:-1].lower() in KEYS:
        raise EmptyKey(key=value[:-1].lower(), field=field)
    name = key.lower()
    if name and name not in KEYS:
        near = difflib.get_close_matches(name, KEYS, n=1, cutoff=0.0)
        raise UnknownKey(key=key[:30], near=near[0], field=field)
    if name and not value.strip():
        raise EmptyKey(key=name, field=field)
    return Term(key=name, value=value.strip(), excluded=bool(piece["minus"]), typed=piece[0])
