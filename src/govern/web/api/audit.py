"""The audit log, read."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, get
from litestar.params import PathParameter, QueryParameter

from govern.domain.actions import Action
from govern.domain.audit import EntryNotFound, Outcome
from govern.services.audit import EntryFilter, EntryView
from govern.services.audit_log import read_entry, search_log
from govern.web.api.problems import problems
from govern.web.api.queries import Cursor, Limit, parse_cursor, parse_moment
from govern.web.dependencies import CurrentAccess, CurrentActor, Now

Words = Annotated[str | None, QueryParameter(max_length=200)]
Moment = Annotated[str | None, QueryParameter(max_length=40, description="RFC 3339, or a day")]
Which = Annotated[str, PathParameter(description="The entry's id, or its place in the log.", max_length=40)]


class ActorJson(msgspec.Struct, kw_only=True):
    """Who acted, with today's name."""

    kind: str
    id: str
    name: str


class ObjectJson(msgspec.Struct, kw_only=True):
    """What an entry is about, with today's name."""

    kind: str
    id: str
    name: str
    rev: int | None = None


class ChangeJson(msgspec.Struct, kw_only=True):
    """A field before and after; null is empty."""

    before: str | None
    after: str | None


class EntryJson(msgspec.Struct, kw_only=True):
    """One entry. `arrival` is its place in the log; `ctx` has the request and the decision that let it happen."""

    id: UUID | None
    arrival: int
    at: datetime
    action: str
    outcome: str
    actor: ActorJson
    object: ObjectJson
    refs: list[ObjectJson]
    scope: str
    sentence: dict[str, str]
    change: dict[str, ChangeJson]
    data: dict[str, Any]
    ctx: dict[str, Any]
    sealed: tuple[str, ...]
    leaf_hash: str


class EntriesJson(msgspec.Struct, kw_only=True):
    """One page of entries, newest first."""

    items: list[EntryJson]
    next_cursor: str | None


def entry_json(entry: EntryView) -> EntryJson:
    """Return an entry as programs read it."""
    return EntryJson(
        id=entry.id,
        arrival=entry.arrival,
        at=entry.at,
        action=entry.action,
        outcome=entry.outcome,
        actor=msgspec.convert(entry.actor, ActorJson, from_attributes=True),
        object=msgspec.convert(entry.object, ObjectJson, from_attributes=True),
        refs=[msgspec.convert(ref, ObjectJson, from_attributes=True) for ref in entry.refs],
        scope=entry.scope,
        sentence={str(language): text for language, text in entry.sentence.items()},
        change={change.field: ChangeJson(before=change.before, after=change.after) for change in entry.changes},
        data=dict(entry.data),
        ctx=msgspec.to_builtins(entry.context),
        sealed=entry.sealed,
        leaf_hash=entry.leaf_hash,
    )


class AuditController(Controller):
    path = "/audit/entries"
    tags = ("audit",)

    @get(summary="Search the audit log", opt={"action": Action.AUDIT_READ}, responses=problems(403, 422))
    async def search(
        self,
        *,
        actor: CurrentActor,
        access: CurrentAccess,
        now: Now,
        by: Annotated[
            str | None, QueryParameter(name="actor", max_length=200, description="Name, e-mail or id")
        ] = None,
        action: Words = None,
        account: Words = None,
        subject: Words = None,
        outcome: Annotated[Outcome | None, QueryParameter()] = None,
        since: Moment = None,
        until: Moment = None,
        q: Words = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> EntriesJson:
        wanted = EntryFilter(
            actor=by,
            action=action,
            account=account,
            subject=subject,
            outcome=outcome,
            since=parse_moment(since, field="since"),
            until=parse_moment(until, field="until"),
            q=q,
        )
        before = parse_cursor(cursor)
        page = await search_log(wanted, limit=limit, before=before, actor=actor, access=access, now=now)
        following = None if page.next_cursor is None else str(page.next_cursor)
        return EntriesJson(items=[entry_json(entry) for entry in page.items], next_cursor=following)

    @get(
        "/{which:str}",
        summary="Read one entry",
        opt={"action": Action.AUDIT_READ},
        responses=problems(403, 404, 422),
    )
    async def get_one(self, *, which: Which, actor: CurrentActor, access: CurrentAccess, now: Now) -> EntryJson:
        return entry_json(await read_entry(_reference(which), actor=actor, access=access, now=now))


def _reference(text: str) -> int | UUID:
    if text.isascii() and text.isdigit() and len(text) <= 18:
        return int(text)
    try:
        return UUID(text)
    except ValueError:
        raise EntryNotFound(noun="entry", name=text[:40]) from None
