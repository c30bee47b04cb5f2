"""Times as their zone shows them, both changes of clocks, and new time zone data that moves one."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from govern.access import Access
from govern.domain.drafts import PastSchedule
from govern.domain.messages import Message
from govern.domain.schedules import read_moment, time_data_version
from govern.services.message_views import load_message
from govern.services.messages import schedule_message
from govern.services.passing import Passed
from govern.services.policies import Policies
from govern.services.sending import Claim
from govern.services.waiting import hold_moved_times, moved_to
from govern.settings import Settings
from tests.asserts import actions, assert_audited
from tests.factories import NOW
from tests.sending import Desk, make_desk, publication_of

PARIS = "Europe/Paris"


@pytest.fixture
async def desk(database: None, owner: asyncpg.Connection, access: Access, policies: Policies, config: Settings) -> Desk:
    return await make_desk(owner, access, policies, config)


async def planned_by_older_data(desk: Desk, owner: asyncpg.Connection, *, moved: timedelta) -> Message:
    """Schedule a message, and let it have been planned when its zone's clocks were thought to differ."""
    message = await desk.write(scheduled_at=NOW + timedelta(hours=5))
    await owner.execute("SET tests.by_hand = 'on'")
    await owner.execute(
        "UPDATE message SET tz_version = '2026a', scheduled_at = scheduled_at + $1 WHERE id = $2", moved, message.id
    )
    await owner.execute(
        "UPDATE publication SET due_at = due_at + $1, wake_at = wake_at + $1, not_after = not_after + $1"
        " WHERE message = $2",
        moved,
        message.id,
    )
    return await load_message(message.id)


@pytest.mark.parametrize(
    ("text", "fold", "wall", "instant"),
    [
        ("2027-03-28 01:59", None, "2027-03-28T01:59:00", "2027-03-28T00:59:00+00:00"),
        ("2027-03-28 03:00", None, "2027-03-28T03:00:00", "2027-03-28T01:00:00+00:00"),
        ("2027-10-31 02:30", 0, "2027-10-31T02:30:00", "2027-10-31T00:30:00+00:00"),
        ("2027-10-31 02:30", 1, "2027-10-31T02:30:00", "2027-10-31T01:30:00+00:00"),
    ],
)
async def test_message_keeps_what_clocks_show_and_goes_out_at_that_instant(
    desk: Desk, text: str, fold: int | None, wall: str, instant: str
) -> None:
    at = read_moment(text, PARIS, fold=fold)  # type: ignore[arg-type]  # of the cases above
    message = await desk.write(scheduled_at=at)
    kept = await load_message(message.id)
    assert (kept.wall_time, kept.zone, kept.fold, kept.tz_version) == (wall, PARIS, fold or 0, time_data_version())
    assert kept.due_at == datetime.fromisoformat(instant)
    assert await desk.claim(now=at - timedelta(seconds=1)) is None
    assert isinstance(await desk.claim(now=at), Claim)


@pytest.mark.parametrize("moved", [timedelta(hours=1), -timedelta(hours=1)])
async def test_time_that_new_data_moves_is_held_with_both_times(
    desk: Desk, owner: asyncpg.Connection, moved: timedelta
) -> None:
    message = await planned_by_older_data(desk, owner, moved=moved)
    assert moved_to(message) == NOW + timedelta(hours=5)
    assert await hold_moved_times(now=NOW) == 1
    assert await hold_moved_times(now=NOW) == 0, "once"
    held = await load_message(message.id)
    assert held.hold == "zone_changed"
    assert held.failure is not None
    for moment in (NOW + timedelta(hours=5), NOW + timedelta(hours=5) + moved):
        assert f"{moment.astimezone(UTC):%Y-%m-%d %H:%M UTC}" in held.failure
    assert await desk.claim(now=NOW + timedelta(hours=7)) is None
    await assert_audited("publication.held", outcome="denied", hold="zone_changed")


async def test_claim_asks_for_itself_whether_the_time_moved(desk: Desk, owner: asyncpg.Connection) -> None:
    await planned_by_older_data(desk, owner, moved=timedelta(hours=1))
    assert await desk.claim(now=NOW + timedelta(hours=6)) == Passed(reason="zone_changed")


async def test_time_that_new_data_leaves_alone_goes_on(desk: Desk, owner: asyncpg.Connection) -> None:
    message = await planned_by_older_data(desk, owner, moved=timedelta(0))
    recorded = await actions()
    assert await hold_moved_times(now=NOW) == 0
    assert (await load_message(message.id)).tz_version == time_data_version()
    assert await actions() == recorded
    assert isinstance(await desk.claim(now=NOW + timedelta(hours=5)), Claim)


@pytest.mark.parametrize("hours", [5, 6])
async def test_person_decides_which_time_is_meant(desk: Desk, owner: asyncpg.Connection, hours: int) -> None:
    message = await planned_by_older_data(desk, owner, moved=timedelta(hours=1))
    await hold_moved_times(now=NOW)
    at = NOW + timedelta(hours=hours)
    by = {"actor": desk.company.mia, "access": desk.access}
    await schedule_message(message.id, revision=1, scheduled_at=at, **by, now=NOW)  # type: ignore[arg-type]  # by name
    decided = await load_message(message.id)
    assert (decided.hold, decided.scheduled_at, decided.tz_version) == (None, at, time_data_version())
    assert (await publication_of(message))["due_at"] == at
    with pytest.raises(PastSchedule):
        await schedule_message(message.id, revision=1, scheduled_at=NOW, **by, now=at)  # type: ignore[arg-type]  # by name
    assert isinstance(await desk.claim(now=at), Claim)
