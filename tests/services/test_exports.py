"""Exports: asked for by those who may, made once by whoever is woken, and in the log whatever comes of them."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec
import pytest

from govern.access import Access
from govern.database import rows
from govern.domain.exports import (
    KEPT_FOR,
    ExportExpired,
    ExportFormat,
    ExportNotFound,
    ExportNotReady,
    ExportState,
    Question,
)
from govern.domain.members import Actor, token_actor
from govern.errors import Denied
from govern.jobs.tidy import tidy
from govern.services.export_runs import (
    ENDING,
    LOST_AFTER,
    fail_export,
    lost_exports,
    run_export,
    waiting_exports,
)
from govern.services.exports import Export, fetch_export, get_export, list_exports, read_file, request_export
from govern.services.grants import revoke_role
from govern.tables import AuditExportPart, Outbox
from tests.asserts import actions
from tests.factories import NOW
from tests.services.conftest import Office
from tests.the_log import Log

LATER = NOW + timedelta(minutes=3)
SECRET = "Because of Zoé's affair"


@pytest.fixture
async def signed(office: Office, the_log: Log) -> Log:
    await the_log.grow()
    return the_log


async def ask(office: Office, *, by: Actor | None = None, reason: str = SECRET, **question: Any) -> Export:
    return await request_export(
        Question(**question or {"begin": 0}),
        output=ExportFormat.JSONL,
        reason=reason,
        actor=by or office.people.cleo,
        access=office.access,
        now=NOW,
    )


def make(office: Office, export: Export, *, access: Access | None = None) -> Awaitable[bool]:
    return run_export(export.id, access=access or office.access, clock=lambda: LATER)


async def look(office: Office, export: Export, *, by: Actor | None = None) -> Export:
    return await get_export(export.id, actor=by or office.people.cleo, access=office.access, now=NOW)


async def fetch(office: Office, export: Export, *, by: Actor | None = None, now: datetime = LATER) -> bytes:
    found = await fetch_export(export.id, actor=by or office.people.cleo, access=office.access, now=now)
    return b"".join([part async for part in read_file(found)])


async def test_an_export_waits_is_made_and_is_fetched(office: Office, signed: Log) -> None:
    asked = await ask(office)
    assert (asked.state, asked.progress, asked.sha256) == (ExportState.QUEUED, 0, None)
    assert [row["args"] for row in rows(await Outbox.select(Outbox.args).where(Outbox.job == "export"))]
    assert await make(office, asked)
    done = await look(office, asked)
    assert (done.state, done.finished_at) == (ExportState.DONE, LATER)
    assert done.progress == done.total > 0
    data = await fetch(office, done)
    assert done.sha256 == sha256(data).hexdigest()
    assert data.count(b"\n") == done.total
    said = await actions()
    assert [said.count(f"audit.{name}") for name in ("export_requested", "exported", "export_fetched")] == [1, 1, 1]


async def test_a_file_is_kept_for_a_week_and_what_was_taken_out_for_ever(office: Office, signed: Log) -> None:
    asked = await ask(office)
    await make(office, asked)
    end = LATER + KEPT_FOR
    assert (await look(office, asked)).expires_at == end
    last = end - timedelta(seconds=1)
    assert await fetch(office, asked, now=last)
    await tidy(now=last)
    with pytest.raises(ExportExpired):
        await fetch(office, asked, now=end)
    await tidy(now=end)
    assert await AuditExportPart.count() > 0, "a download that began in time ends"
    await tidy(now=end + ENDING + timedelta(seconds=1))
    assert await AuditExportPart.count() == 0
    kept = await look(office, asked)
    assert (kept.state, kept.requested_by, kept.reason) == (ExportState.DONE, office.people.cleo.member, SECRET)
    assert kept.sha256 is not None
    assert kept.expired(end)
    with pytest.raises(ExportExpired):
        await fetch(office, asked, now=end + timedelta(days=30))
    assert (await actions()).count("audit.export_fetched") == 1


async def test_the_reason_stands_in_no_entry_in_clear(office: Office, signed: Log, owner: asyncpg.Connection) -> None:
    assert await make(office, await ask(office))
    texts = [row["entry"] for row in await owner.fetch("SELECT entry FROM audit.entry")]
    assert len(texts) > 2
    assert not any("affair" in text for text in texts)


async def test_two_workers_make_one_file(office: Office, signed: Log) -> None:
    asked = await ask(office)
    assert sorted(await asyncio.gather(*(make(office, asked) for _ in range(3)))) == [False, False, True]
    assert (await actions()).count("audit.exported") == 1


async def test_a_file_is_kept_in_pieces(office: Office, signed: Log, owner: asyncpg.Connection) -> None:
    asked = await ask(office)
    assert await make(office, asked)
    whole = await fetch(office, asked)
    await owner.execute("UPDATE audit_export_part SET content = $1 WHERE export = $2", whole[:100], asked.id)
    await owner.execute(
        "INSERT INTO audit_export_part (id, export, n, content) VALUES ($1, $2, 1, $3)", uuid4(), asked.id, whole[100:]
    )
    assert await fetch(office, asked) == whole


async def test_only_compliance_with_a_fresh_proof_asks_and_fetches_and_no_token(office: Office, signed: Log) -> None:
    asked = await ask(office)
    assert await make(office, asked)
    cleo = office.people.cleo
    assert cleo.member is not None
    stale = msgspec.structs.replace(cleo, fresh=False)
    others = (office.people.ada, office.people.mia, office.people.vera, stale, token_actor(uuid4(), "t", cleo.member))
    for actor in others:
        with pytest.raises(Denied):
            await ask(office, by=actor)
        with pytest.raises(Denied):
            await fetch(office, asked, by=actor)
    assert (await actions()).count("access.denied") > 0


async def test_nobody_sees_the_exports_of_others(office: Office, signed: Log) -> None:
    asked = await ask(office)
    with pytest.raises(ExportNotFound):
        await look(office, asked, by=office.people.ada)
    assert await list_exports(actor=office.people.ada, access=office.access, now=NOW) == []
    mine = await list_exports(actor=office.people.cleo, access=office.access, now=NOW)
    assert [each.id for each in mine] == [asked.id]
    with pytest.raises(Denied):
        await list_exports(actor=office.people.leo, access=office.access, now=NOW)


async def test_what_is_not_done_is_not_handed_out(office: Office, signed: Log) -> None:
    asked = await ask(office)
    with pytest.raises(ExportNotReady):
        await fetch(office, asked)


async def test_a_question_beyond_the_log_fails_in_words(office: Office, signed: Log) -> None:
    asked = await ask(office, begin=0, end=9_999)
    assert await make(office, asked)
    failed = await look(office, asked)
    assert failed.state is ExportState.FAILED
    assert "The signed log has" in (failed.error or "")
    assert "audit.export_failed" in await actions()


async def test_who_lost_the_right_meanwhile_gets_nothing(
    office: Office, signed: Log, owner: asyncpg.Connection
) -> None:
    asked = await ask(office)
    grant = await owner.fetchval("SELECT id FROM role_grant WHERE member = $1", office.people.cleo.member)
    now = datetime.now(UTC)
    await revoke_role(grant, reason="She left", actor=office.people.ada, access=office.access, now=now)
    assert await make(office, asked)
    row = await owner.fetchrow("SELECT state, error FROM audit_export")
    assert row is not None
    assert row["state"] == "failed"
    assert not await AuditExportPart.count()


async def test_a_worker_that_is_stopped_leaves_nobody_waiting(office: Office, signed: Log) -> None:
    asked, begun = await ask(office), asyncio.Event()

    class Slow(Access):
        async def require(self, *_: Any, **__: Any) -> Any:
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(run_export(asked.id, access=Slow.__new__(Slow), clock=lambda: LATER))
    await asyncio.wait_for(begun.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await look(office, asked)).state is ExportState.FAILED


async def test_what_a_dead_worker_left_is_given_up(office: Office, signed: Log, owner: asyncpg.Connection) -> None:
    asked = await ask(office)
    assert await waiting_exports(now=NOW) == [asked.id]
    await owner.execute("UPDATE audit_export SET state = 'running'")
    assert await waiting_exports(now=NOW) == []
    assert await lost_exports(now=NOW) == []
    late = NOW + LOST_AFTER + timedelta(seconds=1)
    assert await lost_exports(now=late) == [asked.id]
    for _ in range(2):
        await fail_export(asked.id, cause="worker_lost", says="Gone.", now=late)
    assert (await look(office, asked)).state is ExportState.FAILED
    assert (await actions()).count("audit.export_failed") == 1
