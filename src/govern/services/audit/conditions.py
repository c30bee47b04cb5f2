"""From a filter to SQL: one condition per term, over the columns of `audit.search` or what stands in for it."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

import msgspec
from piccolo.querystring import QueryString

from govern.domain.accounts import COMPANY
from govern.domain.audit import ACTIONS, AccessDenied, AccessDeniedAgain, Outcome, Recorded, time_text
from govern.domain.audit.query import Term, read_moment, read_outcome, read_query
from govern.services.audit.names import (
    Meant,
    find_account,
    find_actors,
    find_brand,
    find_meanings,
    find_subjects,
)

_ALWAYS = "true"
_NEVER = "false"
_ACTOR = "actor_id = ANY({}::text[])"
_ACTION = "action = ANY({}::text[])"
_OBJECT = "object_id = ANY({}::text[])"
_REFS = "refs && {}::text[]"
_SCOPE = "scope = ANY({}::text[])"
_OUTCOME = "outcome = {}"
_RULE = "rule = {}"
_DENIED_BY = "action = ANY({}::text[]) AND words @@ audit.word_query({}::text)"
_DENIALS = [AccessDenied.NAME, AccessDeniedAgain.NAME]
"""Their rule stands in their data: what decided was that there is no other."""
_SINCE = "at >= {}"
_UNTIL = "at < {}"
_WORDS = "words @@ audit.word_query({}::text)"
_BOTH = "({}) AND ({})"
_EITHER = "({}) OR ({})"
_EXCEPT = "({}) IS NOT TRUE"
_APART = re.compile(r"[^\w.:/+@-]+")
"""What `audit.words_of()` cuts texts at."""

Saying = Callable[[str], Awaitable[frozenset[str]]]
"""Returns the ids of the messages whose text has a word, as far as the reader may read them."""


class EntryFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for; each given field narrows the answer. A name that nobody bears finds nothing."""

    actor: str | None = None
    """A person's name, e-mail or id, or the id of another actor (`worker:publisher`)."""
    action: str | None = None
    """`message.approved`, or a noun: `message`."""
    account: str | None = None
    """A handle of ours, or the account's id."""
    brand: str | None = None
    """A brand's name, slug or id: with its accounts."""
    subject: str | None = None
    """`M-1042`, a contact, or the id of any object."""
    outcome: Outcome | None = None
    rule: str | None = None
    """The access rule that decided."""
    since: datetime | None = None
    until: datetime | None = None
    """Exclusive."""
    q: str | None = None
    """A query of `domain/audit/query.py`, as the panel's box has it: keys and free words. A free word must be in the
    action's sentence, in its data, or name something the entry is about."""
    zone: str = "UTC"
    """In which the days of `q` begin."""
    at: datetime | None = None
    """Where to begin reading: with the entries before this moment. It leaves nothing out: the pages go on."""


class Wanted(msgspec.Struct, frozen=True):
    """A filter made ready: the condition on a row, and what each free word that must be there means."""

    condition: QueryString
    words: Mapping[str, Meant]
    texts: Mapping[str, frozenset[str]]
    """By free word, the ids of the messages whose text has it."""


async def make_ready(wanted: EntryFilter, scopes: frozenset[str], saying: Saying | None = None) -> Wanted:
    """Find what the names in a filter mean today, and return its condition, limited to the reader's scopes.

    Raises:
        Invalid: `q` breaks a rule of its language.
    """
    terms = read_query(wanted.q or "")
    words = {term.value: await find_meanings(term.value) for term in terms if not term.key}
    texts = {word: await saying(word) for word in words} if saying is not None else {}
    found = [*_visible(scopes), *[await _narrow(key, value) for key, value in _given(wanted)]]
    if wanted.since is not None:
        found.append(QueryString(_SINCE, time_text(wanted.since)))
    if wanted.until is not None:
        found.append(QueryString(_UNTIL, time_text(wanted.until)))
    for term in terms:
        meant = words.get(term.value, Meant()) | Meant(objects=texts.get(term.value, frozenset()))
        condition = await _term(term, meant, wanted.zone)
        found.append(QueryString(_EXCEPT, condition) if term.excluded else condition)
    needed = {term.value: words[term.value] for term in terms if not (term.key or term.excluded)}
    return Wanted(_all(found), needed, texts)


def speaks_of(action: type[Recorded], word: str) -> bool:
    """Tell whether an action's name or sentence has the word, in English or French."""
    said = f"{action.NAME} {_spoken(action.EN)} {_spoken(action.FR)}"
    return word.lower() in said.lower()


def _visible(scopes: frozenset[str]) -> list[QueryString]:
    """Who reads the company's log sees all of it, also what a stolen login appended in another format."""
    return [] if COMPANY in scopes else [QueryString(_SCOPE, sorted(scopes))]


def _given(wanted: EntryFilter) -> list[tuple[str, str]]:
    values = {
        "actor": wanted.actor,
        "action": wanted.action,
        "account": wanted.account,
        "brand": wanted.brand,
        "subject": wanted.subject,
        "rule": wanted.rule,
        "outcome": wanted.outcome.value if wanted.outcome else None,
    }
    return [(key, value) for key, value in values.items() if value]


async def _term(term: Term, meant: Meant, zone: str) -> QueryString:
    if term.key == "after":
        return QueryString(_SINCE, time_text(read_moment(term.value, zone=zone)))
    if term.key == "before":
        return QueryString(_UNTIL, time_text(read_moment(term.value, zone=zone)))
    return await _narrow(term.key, term.value) if term.key else _says(term.value, meant)


async def _narrow(key: str, value: str) -> QueryString:
    if key == "action":
        return _among(_ACTION, _actions_named(value))
    if key == "outcome":
        return QueryString(_OUTCOME, read_outcome(value).value)
    if key == "rule":
        return _any([QueryString(_RULE, value), QueryString(_DENIED_BY, _DENIALS, value)])
    if key == "actor":
        return _among(_ACTOR, (await find_actors(value)).actors)
    return _about(await _FINDERS[key](value))


_FINDERS: Mapping[str, Callable[[str], Awaitable[Meant]]] = {
    "account": find_account,
    "brand": find_brand,
    "subject": find_subjects,
}


def _says(word: str, meant: Meant) -> QueryString:
    """One free word: in what the entry says, or in the name of something it is about."""
    actions = [action.NAME for action in ACTIONS if speaks_of(action, word)]
    return _any(
        [
            _all([QueryString(_WORDS, each) for each in _APART.split(word) if each], otherwise=_NEVER),
            _among(_ACTION, actions),
            _among(_ACTOR, meant.actors),
            _about(meant),
        ]
    )


def _about(meant: Meant) -> QueryString:
    objects = sorted(meant.objects)
    return _any([_among(_OBJECT, objects), _among(_REFS, objects), _among(_SCOPE, meant.scopes)])


def _among(fragment: str, values: Sequence[str] | frozenset[str]) -> QueryString:
    return QueryString(fragment, sorted(values)) if values else QueryString(_NEVER)


def _all(conditions: Sequence[QueryString], otherwise: str = _ALWAYS) -> QueryString:
    found = conditions[0] if conditions else QueryString(otherwise)
    for each in conditions[1:]:
        found = QueryString(_BOTH, found, each)
    return found


def _any(conditions: Sequence[QueryString]) -> QueryString:
    """Join by OR, without what never holds: each part left would cost the database a look."""
    real = [each for each in conditions if each.template != _NEVER]
    found = real[0] if real else QueryString(_NEVER)
    for each in real[1:]:
        found = QueryString(_EITHER, found, each)
    return found


def _actions_named(name: str) -> list[str]:
    return [action.NAME for action in ACTIONS if name == action.NAME or action.NAME.startswith(f"{name}.")]


def _spoken(template: str) -> str:
    """Return a sentence without its placeholders."""
    return " ".join(part for part in template.split() if "{" not in part)
