"""Reading the log: filters joined by AND, newest first, paged by arrival."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec
from piccolo.columns.combination import WhereRaw
from piccolo.custom_types import Combinable
from piccolo.query.methods.select import Select

from govern.database import rows
from govern.domain.accounts import COMPANY
from govern.domain.audit import ACTIONS, EntryNotFound, Outcome, Recorded, read_entry, time_text
from govern.services.audit.names import Meant, find_account, find_actors, find_meanings, find_subjects, names_for
from govern.services.audit.views import EntryView, unreadable_view, view
from govern.tables import AuditEntry

MOST = 200
_MOST_WORDS = 8

_ACTOR = "entry::jsonb #>> ARRAY['actor', 'id'] = ANY({})"
_ACTION = "entry::jsonb ->> 'action' = ANY({})"
_OUTCOME = "entry::jsonb ->> 'outcome' = {}"
_SCOPE = "entry::jsonb ->> 'scope' = ANY({})"
_OBJECT = "entry::jsonb #>> ARRAY['object', 'id'] = ANY({})"
_REFS = "jsonb_path_query_array(entry::jsonb, '$.refs[*].id') ?| {}"
_SINCE = "(entry::jsonb ->> 'at') COLLATE \"C\" >= {}"
_UNTIL = "(entry::jsonb ->> 'at') COLLATE \"C\" < {}"
_ID = "entry::jsonb ->> 'id' = {}"
_RULE = "entry::jsonb #>> ARRAY['ctx', 'rule'] = {}"
_DATA = "jsonb_path_exists(entry::jsonb, '$.data.** ? (@ == $word)', jsonb_build_object('word', {}::text))"


class EntryFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for; each given field narrows the answer. A name that nobody bears finds nothing."""

    actor: str | None = None
    """A person's name, e-mail or id, or the id of another actor (`worker:publisher`)."""
    action: str | None = None
    """`message.approved`, or a noun: `message`."""
    account: str | None = None
    """A handle of ours, or the account's id."""
    subject: str | None = None
    """`M-1042`, a contact, or the id of any object."""
    outcome: Outcome | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Exclusive."""
    q: str | None = None
    """Free words: each must be in the action's sentence, in its data, or name something the entry is about."""


class Page(msgspec.Struct, frozen=True):
    """Entries, newest first; `next_cursor` is `before` of the next page, None at the end."""

    items: tuple[EntryView, ...]
    next_cursor: int | None


async def search_entries(
    wanted: EntryFilter, *, scopes: frozenset[str], limit: int = 50, before: int | None = None
) -> Page:
    """Return the entries that match, of the scopes the reader may see (`access.where_can`), at most 200."""
    limit = max(1, min(limit, MOST))
    query = _select().where(*await _conditions(wanted, scopes), *_earlier(before))
    found = rows(await query.order_by(AuditEntry.arrival, ascending=False).limit(limit + 1))
    page = found[:limit]
    return Page(await _views(page), page[-1]["arrival"] if len(found) > limit else None)


async def get_entry(which: int | UUID, *, scopes: frozenset[str]) -> EntryView:
    """Return one entry, by its arrival or its id.

    Raises:
        EntryNotFound: there is none, or the reader may not see its scope.
    """
    by = AuditEntry.arrival == which if isinstance(which, int) else WhereRaw(_ID, str(which))
    found = rows(await _select().where(by, *_visible(scopes)).limit(1))
    if not found:
        raise EntryNotFound(noun="entry", name=str(which))
    return (await _views(found))[0]


def _select() -> "Select[AuditEntry]":
    return AuditEntry.select(AuditEntry.arrival, AuditEntry.entry, AuditEntry.leaf_hash, AuditEntry.recorded_at)


def _visible(scopes: frozenset[str]) -> list[Combinable]:
    """Who reads the company's log sees all of it, also what a stolen login appended in another format."""
    return [] if COMPANY in scopes else [WhereRaw(_SCOPE, list(scopes))]


def _earlier(before: int | None) -> list[Combinable]:
    return [] if before is None else [AuditEntry.arrival < before]


async def _views(found: list[dict[str, object]]) -> tuple[EntryView, ...]:
    entries = [read_entry(str(row["entry"])) for row in found]
    names = await names_for([entry for entry in entries if entry is not None])
    return tuple(
        view(row, entry, names) if entry else unreadable_view(row) for row, entry in zip(found, entries, strict=True)
    )


async def _conditions(wanted: EntryFilter, scopes: frozenset[str]) -> list[Combinable]:
    found: list[Combinable] = _visible(scopes)
    if wanted.actor:
        found.append(WhereRaw(_ACTOR, list((await find_actors(wanted.actor)).actors)))
    if wanted.action:
        found.append(WhereRaw(_ACTION, _actions_named(wanted.action)))
    if wanted.account:
        found.append(_about(await find_account(wanted.account)))
    if wanted.subject:
        found.append(_about(await find_subjects(wanted.subject)))
    found.extend(_bounds(wanted))
    return [*found, *[await _says(word) for word in (wanted.q or "").split()[:_MOST_WORDS]]]


def _bounds(wanted: EntryFilter) -> Iterable[WhereRaw]:
    if wanted.outcome is not None:
        yield WhereRaw(_OUTCOME, wanted.outcome.value)
    if wanted.since is not None:
        yield WhereRaw(_SINCE, time_text(wanted.since))
    if wanted.until is not None:
        yield WhereRaw(_UNTIL, time_text(wanted.until))


def _about(meant: Meant) -> Combinable:
    objects = list(meant.objects)
    return WhereRaw(_OBJECT, objects) | WhereRaw(_REFS, objects) | WhereRaw(_SCOPE, list(meant.scopes))


async def _says(word: str) -> Combinable:
    meant = await find_meanings(word)
    actions = [action.NAME for action in ACTIONS if _speaks_of(action, word.lower())]
    return (
        WhereRaw(_ACTION, actions)
        | WhereRaw(_ACTOR, list(meant.actors))
        | _about(meant)
        | WhereRaw(_RULE, word)
        | WhereRaw(_DATA, word)
    )


def _actions_named(name: str) -> list[str]:
    return [action.NAME for action in ACTIONS if name == action.NAME or action.NAME.startswith(f"{name}.")]


def _speaks_of(action: type[Recorded], word: str) -> bool:
    said = f"{action.NAME} {_words(action.EN)} {_words(action.FR)}"
    return word in said.lower()


def _words(template: str) -> str:
    """Return a sentence without its placeholders."""
    return " ".join(part for part in template.split() if "{" not in part)
