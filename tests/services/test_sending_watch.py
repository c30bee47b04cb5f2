"""After a stop of the workers nothing leaves in a burst, and what missed its time says so."""

import asyncio
from datetime import datetime, timedelta

import asyncpg
import pytest

from govern.access import Access
from govern.domain.backlog import LATE, PACE
from govern.services.message_views import load_message
from govern.services.policies import Policies
from govern.services.sending import Claim
from govern.services.sending_watch import Resumed, keep_watch
from govern.settings import Settings
from tests.asserts import actions, assert_audited
from tests.factories import NOW
from tests.sending import LATER, Desk, make_desk, publication_of

STOPPED = NOW + timedelta(minutes=1)
BACK = NOW + timedelta(minutes=20)


@pytest.fixture
async def desk(database: None, owner: asyncpg.Connection, access: Access, policies: Policies, config: Settings) -> Desk:
    return await make_desk(owner, access, policies, config)


async def resume(now: datetime = BACK) -> Resumed:
    """Stop at `STOPPED` and come back."""
    assert await keep_watch(now=STOPPED) is None
    resumed = await keep_watch(now=now)
    assert resumed is not None
    return resumed


async def test_backlog_of_a_stop_leaves_two_a_minute(desk: Desk) -> None:
    messages = [await desk.write(f"Number {n}.", now=NOW + timedelta(seconds=n)) for n in range(3)]
    assert await resume() == Resumed(stopped_at=STOPPED, going=3, waiting=0, expired=0)
    assert [(await publication_of(each))["wake_at"] for each in messages] == [BACK + n * PACE for n in range(3)]
    assert isinstance(await desk.claim(now=BACK), Claim)


async def test_what_missed_its_window_in_a_stop_expires_and_says_so(desk: Desk) -> None:
    missed = await desk.write("At five past.", scheduled_at=NOW + timedelta(minutes=4))
    inside = await desk.write("At ten past.", scheduled_at=NOW + timedelta(minutes=10))
    assert await resume() == Resumed(stopped_at=STOPPED, going=1, waiting=0, expired=1)
    assert [await desk.state(each) for each in (missed, inside)] == ["expired", "scheduled"]
    assert (await load_message(missed.id)).failure == "Its time to go out passed before it could be sent."
    await assert_audited("message.expired", outcome="failed", reason="window_passed")


async def test_what_cannot_leave_in_its_window_in_turns_waits_for_a_person(desk: Desk) -> None:
    at = BACK - timedelta(minutes=14)
    messages = [await desk.write(f"Number {n}.", scheduled_at=at + timedelta(seconds=n)) for n in range(4)]
    assert await resume() == Resumed(stopped_at=STOPPED, going=3, waiting=1, expired=0)
    holds = [(await load_message(each.id)).hold for each in messages]
    assert holds == [None, None, None, "release_needed"]
    assert (await actions()).count("publication.held") == 1


async def test_nothing_is_claimed_before_the_backlog_was_put_in_order(desk: Desk) -> None:
    await desk.write()
    await keep_watch(now=STOPPED)
    assert await desk.claim(now=STOPPED + LATE + timedelta(seconds=1)) is None
    await keep_watch(now=BACK)
    assert isinstance(await desk.claim(now=BACK), Claim)


async def test_short_silence_is_no_stop(desk: Desk) -> None:
    messages = [await desk.write(f"Number {n}.") for n in range(3)]
    await keep_watch(now=STOPPED)
    before = [(await publication_of(each))["wake_at"] for each in messages]
    assert await keep_watch(now=STOPPED + LATE) is None
    assert [(await publication_of(each))["wake_at"] for each in messages] == before
    assert isinstance(await desk.claim(now=STOPPED + LATE), Claim)


async def test_what_is_no_more_than_two_minutes_late_goes_as_ever(desk: Desk) -> None:
    message = await desk.write("Just due.", scheduled_at=BACK - timedelta(minutes=1))
    assert (await resume()).going == 0
    assert (await publication_of(message))["wake_at"] == BACK - timedelta(minutes=1)


async def test_two_workers_that_come_back_at_once_order_the_backlog_once(desk: Desk) -> None:
    for n in range(3):
        await desk.write(f"Number {n}.")
    await keep_watch(now=STOPPED)
    answers = await asyncio.gather(*(keep_watch(now=BACK) for _ in range(3)))
    assert sum(answer is not None for answer in answers) == 1


async def test_clock_that_is_behind_moves_no_sign_of_life_back(desk: Desk, owner: asyncpg.Connection) -> None:
    await keep_watch(now=BACK)
    assert await keep_watch(now=LATER) is None
    assert await owner.fetchval("SELECT beat_at FROM sending_watch") == BACK
