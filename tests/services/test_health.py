"""Readiness is what people wait for: engines that answer, and messages that leave."""

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from govern.access import Access
from govern.domain.actions import Action, Target
from govern.domain.messages import Kind
from govern.embedded import free_port
from govern.services.audit.placing import place
from govern.services.health import readiness
from govern.services.outbox import Waker
from govern.services.passing import HOLD_FOR, Passed
from govern.services.pauses import set_pause
from govern.services.policies import Policies
from govern.settings import Settings
from tests.sending import LATER, Desk, make_desk
from tests.the_log import Log

LATE = LATER + timedelta(minutes=3)


@pytest.fixture
async def desk(sequenced: Log, owner: asyncpg.Connection, access: Access, policies: Policies, config: Settings) -> Desk:
    return await make_desk(owner, access, policies, config)


@pytest.fixture
async def waker(config: Settings) -> AsyncIterator[Waker]:
    waker = Waker(config.redis_url)
    yield waker
    await waker.close()


async def test_all_is_well_when_nothing_waits(desk: Desk, waker: Waker) -> None:
    found = await readiness(waker, access=desk.access, now=LATE)
    assert found.ready
    polled = "ok: polling alone, no public address for webhooks is set"
    parts = ("database", "valkey", "access", "sending", "log", "verification")
    assert found.parts == {**dict.fromkeys(parts, "ok"), "webhooks": polled}


async def test_valkey_that_does_not_answer_is_said(desk: Desk) -> None:
    waker = Waker(f"redis://127.0.0.1:{free_port()}")
    found = await readiness(waker, access=desk.access, now=LATE)
    assert not found.ready
    assert found.parts["valkey"] == "away"
    await waker.close()


async def test_due_message_that_nobody_sends_is_said(desk: Desk, waker: Waker) -> None:
    await desk.write()
    assert (await readiness(waker, access=desk.access, now=LATER)).ready
    found = await readiness(waker, access=desk.access, now=LATE)
    assert not found.ready
    assert found.parts["sending"].startswith("late: ")


async def test_message_for_later_is_not_late(desk: Desk, waker: Waker) -> None:
    await desk.write(scheduled_at=LATE + timedelta(minutes=1))
    assert (await readiness(waker, access=desk.access, now=LATE)).ready


async def test_held_message_is_not_late_as_long_as_somebody_asks_again(desk: Desk, waker: Waker) -> None:
    await desk.write()
    await set_pause(
        scope="company", kinds=[Kind.POST], reason="Crisis", actor=desk.company.ada, access=desk.access, now=LATER
    )
    assert await desk.claim(now=LATE) == Passed(reason="pause")
    assert (await readiness(waker, access=desk.access, now=LATE + HOLD_FOR)).ready
    assert not (await readiness(waker, access=desk.access, now=LATE + HOLD_FOR + timedelta(minutes=3))).ready


async def test_a_log_without_its_sequencer_is_said(
    the_log: Log, owner: asyncpg.Connection, access: Access, waker: Waker
) -> None:
    async def log() -> str:
        return (await readiness(waker, access=access, now=LATER)).parts["log"]

    assert (await log()).startswith("silent")
    await the_log.grow()
    assert await log() == "ok"
    await owner.execute("UPDATE audit.log_state SET beat_at = now() - interval '11 seconds'")
    assert (await log()).startswith("silent")
    await owner.execute("UPDATE audit.log_state SET beat_at = now(), origin = NULL")
    assert (await log()).startswith("none")


async def test_an_entry_that_waits_for_its_checkpoint_is_said(
    the_log: Log, owner: asyncpg.Connection, access: Access, waker: Waker
) -> None:
    await the_log.grow()
    old = "INSERT INTO audit.entry (entry, leaf_hash, recorded_at) VALUES ('{}', sha256('x'), now() - $1::interval)"
    await owner.execute(old, timedelta(seconds=3))
    assert (await readiness(waker, access=access, now=LATER)).parts["log"] == "ok"
    await the_log.grow()
    await owner.execute(old, timedelta(seconds=6))
    assert (await readiness(waker, access=access, now=LATER)).parts["log"].startswith("behind")
    async with the_log.as_sequencer():
        await place()
    assert (await readiness(waker, access=access, now=LATER)).parts["log"].startswith("behind"), "placed, not signed"
    await the_log.grow()
    assert (await readiness(waker, access=access, now=LATER)).parts["log"] == "ok"


async def test_a_policy_that_cannot_be_read_is_said_and_denies_everything(
    desk: Desk, waker: Waker, owner: asyncpg.Connection
) -> None:
    digest = await owner.fetchval("SELECT policy_digest FROM access_state")
    files = """{"model.conf": "none of ours"}"""
    await owner.execute(
        "INSERT INTO policy_bundle (digest, files) VALUES ('sha256:unfit', $1) ON CONFLICT DO NOTHING", files
    )
    try:
        await owner.execute(_ACTIVATE, "sha256:unfit")
        found = await readiness(waker, access=desk.access, now=LATER)
        assert not found.ready
        assert "everything is denied" in found.parts["access"]
        assert not await desk.access.allows(desk.company.ada, Action.MESSAGE_READ, Target("company"))
    finally:
        await owner.execute(_ACTIVATE, digest)
    assert await desk.access.allows(desk.company.ada, Action.MESSAGE_READ, Target("company"))


_ACTIVATE = """
WITH raised AS (UPDATE access_state SET policy_digest = $1, version = version + 1 RETURNING version)
INSERT INTO access_change (version, subject, kind) SELECT version, $1, 'policy' FROM raised
"""


async def test_a_log_that_nobody_verifies_is_said(desk: Desk, waker: Waker, owner: asyncpg.Connection) -> None:
    began = await owner.fetchval("SELECT min(recorded_at) FROM audit.entry")
    soon = await readiness(waker, access=desk.access, now=began + timedelta(hours=25))
    late = await readiness(waker, access=desk.access, now=began + timedelta(hours=27))
    assert soon.parts["verification"] == "ok"
    assert late.parts["verification"] == "late: the audit log was not verified since it began"
    assert not late.ready
