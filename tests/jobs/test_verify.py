"""The log is verified once a day, by night or as soon as the worker is back; what was found is an entry."""

from collections.abc import Callable
from datetime import datetime, timedelta

import asyncpg
import pytest
import structlog

from govern.jobs.verify import VERIFIER, verify
from govern.services.audit.claims import Verdict
from govern.services.audit.state import NIGHT, Health, log_health
from tests.asserts import actions, assert_audited
from tests.jobs.conftest import clock
from tests.the_log import Log


@pytest.fixture
async def signed(the_log: Log) -> Log:
    """A log with its first checkpoint."""
    await the_log.grow()
    return the_log


def at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


async def run(log: Log, moment: datetime | None = None) -> Verdict | None:
    return await verify(settings=log.settings, clock=at(moment) if moment else clock)


async def test_first_verification_runs_at_once_and_the_next_by_night(signed: Log) -> None:
    assert await run(signed) is not None
    checked = (await log_health(now=clock())).checked_at
    assert checked is not None
    assert await run(signed, checked + timedelta(minutes=15)) is None
    night = (checked + timedelta(hours=12)).replace(minute=4)
    night += timedelta(hours=(NIGHT - night.hour) % 24)
    if night - checked < timedelta(hours=24):
        assert await run(signed, night - timedelta(hours=1)) is None
    assert await run(signed, night) is not None


async def test_result_is_an_entry_of_a_system_actor(signed: Log) -> None:
    await run(signed)
    await assert_audited("log.verified", actor=VERIFIER.id)


async def test_once_a_week_every_entry_is_read_again(signed: Log, owner: asyncpg.Connection) -> None:
    for _ in range(2):
        await run(signed)
        await signed.grow()
    first = (await log_health(now=clock())).checked_at
    assert first is not None
    daily = await run(signed, first + timedelta(days=1))
    weekly = await run(signed, first + timedelta(days=8))
    assert daily is not None
    assert weekly is not None
    assert weekly.begin == 0


async def test_mismatch_is_an_entry_and_an_error_in_the_log_of_the_process(
    signed: Log, owner: asyncpg.Connection
) -> None:
    await owner.execute("UPDATE audit.tile SET hashes = hashes || hashes")
    await owner.execute(
        "DO $$ BEGIN ALTER TABLE audit.entry DISABLE TRIGGER ALL; UPDATE audit.entry SET entry = entry || ' ';"
        " ALTER TABLE audit.entry ENABLE ALWAYS TRIGGER entry_append_only;"
        " ALTER TABLE audit.entry ENABLE ALWAYS TRIGGER entry_no_truncate; END $$"
    )
    with structlog.testing.capture_logs() as said:
        verdict = await run(signed)
    assert verdict is not None
    assert verdict.first_bad == 0
    assert "log.mismatch" in await actions()
    assert "audit.mismatch" in {line["event"] for line in said}
    assert (await log_health(now=clock())).state is Health.BROKEN


async def test_log_without_an_entry_in_its_tree_is_not_verified(the_log: Log) -> None:
    assert await run(the_log) is None
