"""A pause set between the claim and the POST: nothing is handed over, whatever was decided before."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from govern.access import Access
from govern.domain.messages import Kind
from govern.domain.publications import FIRST_RETRY
from govern.jobs.publish import publish
from govern.services.answers import Result
from govern.services.message_views import load_message
from govern.services.passing import HOLD_FOR, Passed
from govern.services.paused import list_in_flight
from govern.services.pauses import PauseEffect, set_pause
from govern.services.policies import Policies
from govern.settings import Settings
from tests.asserts import actions, assert_audited
from tests.fakes import FakeX, HangingX
from tests.sending import LATER, Desk, attempts, make_desk, publication_of, until, until_waiting
from tests.the_log import Log


@pytest.fixture
async def quiet(the_log: Log, owner: asyncpg.Connection, access: Access, policies: Policies, config: Settings) -> Desk:
    """A company whose log waits: between a claim and its POST there is time."""
    return await make_desk(owner, access, policies, config)


def send(desk: Desk, x: FakeX) -> "asyncio.Task[Result | None]":
    return asyncio.create_task(
        publish(
            desk.company.help.id,
            worker="test:1",
            connect=lambda _claim: x,
            access=desk.access,
            policies=desk.policies,
            vault=desk.vault,
            settings=desk.config,
            clock=lambda: LATER,
        )
    )


async def in_hand() -> bool:
    return len(await attempts()) == 1


async def stop(desk: Desk, *kinds: Kind) -> PauseEffect:
    return await set_pause(
        scope="company",
        kinds=kinds or tuple(Kind),
        reason="Crisis",
        actor=desk.company.ada,
        access=desk.access,
        now=LATER + timedelta(seconds=1),
    )


async def test_pause_between_claim_and_post_keeps_it_back(quiet: Desk, the_log: Log) -> None:
    message, x = await quiet.write(), FakeX("1901")
    job = send(quiet, x)
    await until(in_hand)
    effect = await stop(quiet)
    assert (effect.counts.held, effect.counts.in_flight) == (0, 1), "it was handed to a worker before"
    await the_log.grow()
    result = await job
    assert result is not None
    assert (result.code, x.sent) == ("paused", [])
    assert (await load_message(message.id)).hold == "pause"
    assert (await publication_of(message))["wake_at"] == LATER + FIRST_RETRY
    await assert_audited("publication.failed", outcome="failed", cause="paused")
    assert await quiet.claim(now=LATER + HOLD_FOR) == Passed(reason="pause")
    assert "publication.sent" not in await actions()


async def test_pause_of_another_kind_keeps_nothing_back(quiet: Desk, the_log: Log) -> None:
    message, x = await quiet.write(), FakeX("1901")
    job = send(quiet, x)
    await until(in_hand)
    await stop(quiet, Kind.DM)
    await the_log.grow()
    await job
    assert await quiet.state(message) == "sent"


async def test_pauses_that_cannot_be_read_keep_it_back(quiet: Desk, the_log: Log, owner: asyncpg.Connection) -> None:
    message, x = await quiet.write(), FakeX("1901")
    job = send(quiet, x)
    await until(in_hand)
    async with owner.transaction():
        await owner.execute("LOCK TABLE pause IN ACCESS EXCLUSIVE MODE")
        await the_log.grow()
        await until_waiting(owner, 1)
        await owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'govern_web'"
        )
    result = await job
    assert result is not None
    assert (result.code, x.sent) == ("pause_unread", [])
    assert await quiet.state(message) == "scheduled"


async def test_what_x_had_in_hand_is_listed_until_it_is_settled(quiet: Desk, the_log: Log) -> None:
    message, x = await quiet.write(), HangingX(connected=True)
    job = send(quiet, x)
    await until(in_hand)
    await the_log.grow()
    await asyncio.wait_for(x.asked.wait(), 10)
    effect = await stop(quiet)
    where = {"at": effect.pause.set_at, "actor": quiet.company.mia, "access": quiet.access}
    (listed,) = await list_in_flight(effect.pause.scope, effect.pause.kinds, **where)  # type: ignore[arg-type]  # by name
    assert (listed.number, listed.state.value, listed.open) == (message.number, "sending", True)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert await quiet.state(message) == "outcome_unknown"
