"""X answers after everybody gave up: its word stands, nothing goes out twice for it, and it is an incident to look at."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from govern.access import Access
from govern.domain.drafts import ReasonRequired
from govern.domain.messages import Message
from govern.domain.publications import Outcome
from govern.errors import Denied, NotFound
from govern.services.answers import Result, lose_overdue
from govern.services.late_answers import UnknownIncident, close_late_answer, count_late_answers, list_late_answers
from govern.services.messages import withdraw_message
from govern.services.outcomes import settle_outcome
from govern.services.policies import Policies
from govern.services.sending import Claim
from govern.settings import Settings
from tests.asserts import actions, assert_audited, assert_nothing_changed, entries
from tests.sending import LATER, Desk, attempts, make_desk, publication_of, read_nothing, until_waiting

SENT = Result(outcome=Outcome.SENT, x_id="1900000000000000001", connected=True, status=201)
OTHER = Result(outcome=Outcome.SENT, x_id="1900000000000000002", connected=True, status=201)
LATE = LATER + timedelta(minutes=5)


@pytest.fixture
async def desk(database: None, owner: asyncpg.Connection, access: Access, policies: Policies, config: Settings) -> Desk:
    return await make_desk(owner, access, policies, config)


async def lost(desk: Desk) -> tuple[Message, Claim]:
    """A message whose attempt nobody answered before its deadline."""
    message = await desk.write()
    claim = await desk.take()
    await lose_overdue(now=LATE)
    return message, claim


async def say(desk: Desk, message: Message, *, is_out: bool, x_id: str | None = None) -> None:
    await read_nothing(desk, (await attempts())[-1]["id"], now=LATE)
    await settle_outcome(
        message.id, is_out=is_out, x_id=x_id, reason="Looked", actor=desk.company.mia, access=desk.access, now=LATE
    )


async def incidents(desk: Desk) -> list[str]:
    return [each.x_id for each in await list_late_answers(actor=desk.company.mia, access=desk.access)]


async def test_what_was_settled_as_not_out_is_stopped_before_it_goes_again(desk: Desk) -> None:
    message, claim = await lost(desk)
    await say(desk, message, is_out=False)
    again = await desk.settle(claim, SENT, now=LATE)
    assert (again.state.value, again.x_id) == ("sent", SENT.x_id)
    assert await desk.claim(now=LATE) is None
    assert (await actions())[-2:] == ["publication.late_success", "publication.sent"]
    await assert_audited("publication.late_success", outcome="failed", x_id=SENT.x_id, settled="not_sent", attempt=1)
    assert await incidents(desk) == [SENT.x_id]


async def test_what_is_on_its_way_again_is_out_twice_and_both_ids_are_known(desk: Desk) -> None:
    message, claim = await lost(desk)
    await say(desk, message, is_out=False)
    second = await desk.take(now=LATE)
    await desk.settle(claim, SENT, now=LATE)
    assert await desk.state(message) == "sending"
    settled = await desk.settle(second, OTHER, now=LATE)
    assert (settled.state.value, settled.x_id) == ("sent", OTHER.x_id)
    (incident,) = await list_late_answers(actor=desk.company.mia, access=desk.access)
    assert (incident.x_id, incident.known_as) == (SENT.x_id, OTHER.x_id)


async def test_what_was_withdrawn_meanwhile_stays_withdrawn_and_is_an_incident(desk: Desk) -> None:
    message, claim = await lost(desk)
    await say(desk, message, is_out=False)
    await withdraw_message(message.id, revision=1, actor=desk.company.ana, access=desk.access, now=LATE)
    again = await desk.settle(claim, SENT, now=LATE)
    assert again.state.value == "withdrawn"
    assert await incidents(desk) == [SENT.x_id]


async def test_other_id_than_was_found_is_an_incident(desk: Desk) -> None:
    message, claim = await lost(desk)
    await say(desk, message, is_out=True, x_id=OTHER.x_id)
    again = await desk.settle(claim, SENT, now=LATE)
    assert again.x_id == OTHER.x_id
    assert await incidents(desk) == [SENT.x_id]


async def test_same_id_as_was_found_is_no_news(desk: Desk, owner: asyncpg.Connection) -> None:
    message, claim = await lost(desk)
    await say(desk, message, is_out=True, x_id=SENT.x_id)
    async with assert_nothing_changed(owner):
        await desk.settle(claim, SENT, now=LATE)
    assert await incidents(desk) == []


async def test_id_that_a_person_did_not_know_is_added(desk: Desk) -> None:
    message, claim = await lost(desk)
    await say(desk, message, is_out=True)
    await desk.settle(claim, SENT, now=LATE)
    assert (await publication_of(message))["x_id"] == int(SENT.x_id or 0)
    assert await incidents(desk) == []
    await assert_audited("publication.sent", x_id=SENT.x_id)


async def test_told_twice_it_is_one_incident(desk: Desk, owner: asyncpg.Connection) -> None:
    message, claim = await lost(desk)
    await say(desk, message, is_out=False)
    await desk.settle(claim, SENT, now=LATE)
    async with assert_nothing_changed(owner):
        await desk.settle(claim, SENT, now=LATE)
        await desk.settle(claim, OTHER, now=LATE)


async def test_person_and_late_answer_at_once_end_as_sent_in_both_orders(desk: Desk, owner: asyncpg.Connection) -> None:
    for person_first in (True, False):
        message, claim = await lost(desk)
        await read_nothing(desk, claim.attempt, now=LATE)
        result = Result(outcome=Outcome.SENT, x_id=str(1900 + person_first))
        async with owner.transaction():
            await owner.execute("SELECT 1 FROM message WHERE id = $1 FOR NO KEY UPDATE", message.id)
            calls = [say(desk, message, is_out=False), desk.settle(claim, result, now=LATE)]
            first = asyncio.create_task(calls.pop(0 if person_first else 1))
            await until_waiting(owner, 1)
            second = asyncio.create_task(calls.pop())
            await until_waiting(owner, 2)
        await asyncio.gather(first, second, return_exceptions=True)
        assert await desk.state(message) == "sent"
    assert (await actions()).count("publication.late_success") == 1


async def test_incident_is_closed_by_who_settles_with_what_was_done(desk: Desk) -> None:
    message, claim = await lost(desk)
    await say(desk, message, is_out=False)
    await desk.settle(claim, SENT, now=LATE)
    as_mia: dict[str, Any] = {"actor": desk.company.mia, "access": desk.access, "now": LATE}
    with pytest.raises(ReasonRequired):
        await close_late_answer(claim.attempt, reason=" ", **as_mia)
    await close_late_answer(claim.attempt, reason="Only once on X.", **as_mia)
    await assert_audited("publication.late_closed", actor=desk.company.mia.id, attempt=1)
    assert await incidents(desk) == []
    with pytest.raises(UnknownIncident):
        await close_late_answer(claim.attempt, reason="Again.", **as_mia)


async def test_compliance_sees_the_incident_and_others_neither_see_nor_close_it(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    message, claim = await lost(desk)
    await say(desk, message, is_out=False)
    await desk.settle(claim, SENT, now=LATE)
    assert await count_late_answers(actor=desk.company.cleo, access=desk.access) == 1
    assert await count_late_answers(actor=desk.company.leo, access=desk.access) == 0
    for actor in (desk.company.leo, desk.company.noa):
        assert await list_late_answers(actor=actor, access=desk.access) == []
        async with assert_nothing_changed(owner):
            with pytest.raises((Denied, NotFound)):
                await close_late_answer(claim.attempt, reason="Mine", actor=actor, access=desk.access, now=LATE)
    assert [each["action"] for each in await entries()].count("access.denied") == 2
