"""Lifting a pause sends nothing: what came due meanwhile expires, or waits until a person releases it."""

from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from govern.access import Access
from govern.domain.backlog import PACE, NotWaiting
from govern.domain.drafts import PastSchedule
from govern.domain.messages import Kind, Message, StaleRevision
from govern.domain.pauses import Pause
from govern.domain.publications import Outcome
from govern.errors import Denied, Invalid
from govern.services.alarms import Cause, list_alarms
from govern.services.answers import Result
from govern.services.expiry import expire_late_approvals
from govern.services.message_views import load_message
from govern.services.messages import schedule_message, withdraw_message
from govern.services.passing import HOLD_FOR, Passed
from govern.services.pauses import set_pause
from govern.services.policies import Policies
from govern.services.publications import accounts_due
from govern.services.releasing import (
    Chosen,
    count_waiting,
    lift,
    list_missed,
    list_waiting,
    release_message,
    release_messages,
)
from govern.services.sending import Claim
from govern.services.waiting import expire_missed
from govern.settings import Settings
from tests.asserts import actions, assert_audited, assert_denied, assert_refused, entries
from tests.factories import NOW, make_message
from tests.sending import LATER, Desk, attempts, make_desk, publication_of

OVER = NOW + timedelta(minutes=5)
"""When the pause is lifted."""
EVERY_KIND = tuple(Kind)


@pytest.fixture
async def desk(database: None, owner: asyncpg.Connection, access: Access, policies: Policies, config: Settings) -> Desk:
    return await make_desk(owner, access, policies, config)


async def pause(desk: Desk, *, scope: str = "brand:care", kinds: tuple[Kind, ...] = EVERY_KIND) -> Pause:
    by: dict[str, Any] = {"actor": desk.company.mia, "access": desk.access, "now": LATER}
    if scope == "company":
        by["actor"] = desk.company.ada
    return (await set_pause(scope=scope, kinds=kinds, reason="An accident in the news.", **by)).pause


async def over(desk: Desk, which: Pause, now: datetime = OVER) -> tuple[int, int]:
    lifted = await lift(which.id, actor=desk.company.cleo, access=desk.access, now=now)
    return lifted.release_needed, lifted.expired


async def release(desk: Desk, message: Message, *, now: datetime = OVER, **more: Any) -> datetime:
    return await release_message(
        message.id, revision=1, **{"actor": desk.company.mia, "access": desk.access, "now": now, **more}
    )


async def test_lifting_sends_nothing_what_came_due_waits_and_what_is_to_come_goes_on(desk: Desk) -> None:
    due = await desk.write("Due meanwhile.")
    coming = await desk.write("Tomorrow.", scheduled_at=NOW + timedelta(days=1))
    which = await pause(desk)
    assert await desk.claim() == Passed(reason="pause")
    assert await over(desk, which) == (1, 0)
    assert await desk.claim(now=OVER) is None
    assert await desk.claim(now=OVER + timedelta(hours=1)) is None
    assert await accounts_due(now=OVER + timedelta(hours=1)) == []
    assert [(await load_message(each.id)).hold for each in (due, coming)] == ["release_needed", None]
    assert isinstance(await desk.claim(now=NOW + timedelta(days=1)), Claim)
    held = [entry for entry in await entries() if entry["action"] == "publication.held"]
    assert [entry["data"]["hold"] for entry in held] == ["pause", "release_needed"]


async def test_what_is_past_its_window_expires_when_the_pause_is_lifted_and_says_why(desk: Desk) -> None:
    late = await desk.write("At five past.", scheduled_at=NOW + timedelta(minutes=5))
    which = await pause(desk)
    assert await desk.claim(now=NOW + timedelta(minutes=6)) == Passed(reason="pause")
    assert await over(desk, which, NOW + timedelta(minutes=21)) == (0, 1)
    expired = await load_message(late.id)
    assert expired.state.value == "expired"
    assert expired.failure == "Publishing was paused until its time to go out had passed."
    await assert_audited("message.expired", outcome="failed", reason="window_passed")


async def test_what_another_pause_still_stops_waits_for_that_one(desk: Desk) -> None:
    message = await desk.write()
    which = await pause(desk)
    other = await pause(desk, scope="company", kinds=(Kind.POST,))
    assert await over(desk, which) == (0, 0)
    assert await desk.claim(now=OVER + HOLD_FOR) == Passed(reason="pause")
    assert await over(desk, other, OVER + timedelta(minutes=1)) == (1, 0)
    assert (await load_message(message.id)).hold == "release_needed"


async def test_what_a_crash_left_undecided_is_decided_in_its_claim(desk: Desk, owner: asyncpg.Connection) -> None:
    message = await desk.write()
    which = await pause(desk)
    await owner.execute("SET tests.by_hand = 'on'")
    await owner.execute(
        "UPDATE pause SET lifted_at = $1, lifted_by = $2 WHERE id = $3", OVER, desk.company.cleo.member, which.id
    )
    assert await desk.claim(now=OVER) == Passed(reason="release_needed")
    assert (await load_message(message.id)).hold == "release_needed"
    assert await attempts() == []


async def test_retry_of_what_did_not_leave_before_the_pause_waits_for_its_release_too(desk: Desk) -> None:
    message = await desk.write()
    claim = await desk.take()
    which = await pause(desk)
    again = Result(outcome=Outcome.NOT_SENT, code="connect", reason="No way out.", again_at=OVER + HOLD_FOR)
    assert await over(desk, which) == (0, 0)
    await desk.settle(claim, again, now=OVER)
    assert await desk.claim(now=OVER + HOLD_FOR) == Passed(reason="release_needed")
    assert (await load_message(message.id)).hold == "release_needed"


async def test_released_message_goes_out_and_the_entry_says_who_and_why(desk: Desk) -> None:
    message = await desk.write()
    await over(desk, await pause(desk))
    assert await release(desk, message, reason="Still true.") == OVER
    claim = await desk.claim(now=OVER)
    assert isinstance(claim, Claim)
    entry = await assert_audited("publication.released", actor=desk.company.mia.id, hold="release_needed")
    assert "comment" in entry["commit"]
    with pytest.raises(NotWaiting):
        await release(desk, message)


async def test_bulk_release_leaves_two_a_minute_and_no_faster_after_another_one(desk: Desk) -> None:
    messages = [await desk.write(f"Number {n}.") for n in range(4)]
    await over(desk, await pause(desk))
    by: dict[str, Any] = {"actor": desk.company.mia, "access": desk.access, "now": OVER}
    chosen = [Chosen(message=str(each.id), revision=1) for each in messages]
    first = await release_messages(chosen[:3], reason="It is over.", **by)
    second = await release_messages(chosen[3:], **by)
    assert [each.due_at for each in [*first, *second]] == [OVER + n * PACE for n in range(4)]
    assert (await actions()).count("publication.released") == 4
    assert isinstance(await desk.claim(now=OVER), Claim)
    rows = [await publication_of(each) for each in messages[1:]]
    assert [row["wake_at"] for row in rows] == [OVER + n * PACE for n in (1, 2, 3)]


async def test_release_at_a_new_time_plans_the_message_anew(desk: Desk) -> None:
    message = await desk.write()
    await over(desk, await pause(desk))
    at = OVER + timedelta(hours=2)
    assert await release(desk, message, at=at, zone="Asia/Tokyo") == at
    moved = await load_message(message.id)
    assert (moved.state.value, moved.scheduled_at, moved.zone, moved.hold) == ("scheduled", at, "Asia/Tokyo", None)
    assert await desk.claim(now=OVER + timedelta(hours=1)) is None
    assert isinstance(await desk.claim(now=at), Claim)
    with pytest.raises(PastSchedule):
        await release_messages(
            [Chosen(message=str(message.id), revision=1)],
            at=NOW,
            actor=desk.company.mia,
            access=desk.access,
            now=OVER,
        )


async def test_what_is_refused_for_one_changes_nothing_for_the_others(desk: Desk) -> None:
    one, two, three = [await desk.write(f"Number {n}.") for n in range(3)]
    await over(desk, await pause(desk))
    await withdraw_message(two.id, revision=1, actor=desk.company.mia, access=desk.access, now=OVER)
    chosen = [
        Chosen(message=str(one.id), revision=1),
        Chosen(message=str(two.id), revision=1),
        Chosen(message="M-987654", revision=1),
        Chosen(message=str(three.id), revision=2),
    ]
    by: dict[str, Any] = {"actor": desk.company.mia, "access": desk.access, "now": OVER}
    answers = await release_messages(chosen, **by)
    assert [each.refused.code if each.refused else None for each in answers] == [
        None,
        "publication.not_waiting",
        "message.unknown",
        "message.stale_revision",
    ]
    assert answers[0].due_at == OVER
    for wrong in ([], chosen * 60):
        with pytest.raises(Invalid):
            await release_messages(wrong, **by)


async def test_only_who_may_schedule_releases(desk: Desk, owner: asyncpg.Connection) -> None:
    message = await desk.write()
    await over(desk, await pause(desk))
    async with assert_denied(owner, desk.company.cleo, "message.schedule"):
        await release(desk, message, actor=desk.company.cleo)
    async with assert_refused(StaleRevision, owner):
        await release_message(message.id, revision=9, actor=desk.company.mia, access=desk.access, now=OVER)
    with pytest.raises(Denied):
        await release_messages(
            [Chosen(message=str(message.id), revision=1)], actor=desk.company.ana, access=desk.access, now=OVER
        )


async def test_nobody_releases_it_until_its_window_ends_so_it_expires(desk: Desk) -> None:
    message = await desk.write("At five past.", scheduled_at=NOW + timedelta(minutes=2))
    await over(desk, await pause(desk))
    end = (await publication_of(message))["not_after"]
    assert await expire_missed(now=end) == 0
    assert await expire_missed(now=end + timedelta(seconds=1)) == 1
    expired = await load_message(message.id)
    assert (expired.state.value, expired.failure) == (
        "expired",
        "Nobody released it before its time to go out had passed.",
    )


async def test_author_and_managers_see_what_waits_and_what_was_missed_and_others_do_not(desk: Desk) -> None:
    waiting = await desk.write("Waits.")
    missed = await make_message(
        desk.company.ana, access=desk.access, policies=desk.policies, scheduled_at=NOW + timedelta(minutes=1)
    )
    await over(desk, await pause(desk))
    await expire_late_approvals(now=OVER)
    for actor, count in ((desk.company.mia, 1), (desk.company.ana, 0), (desk.company.noa, 0), (desk.company.leo, 0)):
        who: dict[str, Any] = {"actor": actor, "access": desk.access}
        sees = actor in {desk.company.mia, desk.company.ana}
        assert [each.id for each in await list_waiting(**who)] == ([waiting.id] if sees else [])
        assert [each.id for each in await list_missed(**who, now=OVER)] == ([missed.id] if sees else [])
        assert await count_waiting(**who) == count
    assert await list_missed(actor=desk.company.mia, access=desk.access, now=OVER + timedelta(days=8)) == []


async def test_what_waits_can_be_given_another_time_by_scheduling_it(desk: Desk) -> None:
    message = await desk.write()
    await over(desk, await pause(desk))
    at = OVER + timedelta(hours=1)
    await schedule_message(
        message.id, revision=1, scheduled_at=at, actor=desk.company.mia, access=desk.access, now=OVER
    )
    assert (await load_message(message.id)).hold is None
    assert isinstance(await desk.claim(now=at), Claim)


async def late(desk: Desk, now: datetime) -> bool:
    """Tell whether the manager is told that something due does not go."""
    alarms = await list_alarms(
        rules=desk.policies.screening.x,
        policy_digest=desk.policies.screening.digest,
        actor=desk.company.mia,
        access=desk.access,
        now=now,
    )
    return Cause.LATE in {each.cause for each in alarms}


async def test_what_waits_for_a_person_is_no_alarm_of_a_late_worker(desk: Desk) -> None:
    await desk.write()
    assert await late(desk, OVER + timedelta(minutes=10))
    await over(desk, await pause(desk))
    assert not await late(desk, OVER + timedelta(minutes=10))
