"""The desk: nobody settles before X was read, what a person says holds, and until then nothing else happens."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from govern.access import Access
from govern.domain.drafts import BadTarget, ReasonRequired
from govern.domain.matching import Seen
from govern.domain.messages import IllegalTransition, Message
from govern.domain.publications import Found, Outcome, UnknownTwin
from govern.domain.readings import ENOUGH_FAILURES, NotReadYet
from govern.errors import Denied
from govern.services.answers import Result
from govern.services.approvals import withdraw_approval
from govern.services.attempts import read_attempt
from govern.services.erasing import Ground, erase_subject
from govern.services.messages import revise_message, schedule_message, withdraw_message
from govern.services.outcomes import AnotherMessage, ask_reading, list_unknown, settle_outcome
from govern.services.policies import Policies
from govern.services.readings import find_question, last_seen, list_readings
from govern.services.reconciling import Read, keep_failed_reading, keep_reading
from govern.services.subjects import SubjectKind
from govern.settings import Settings
from tests.asserts import actions, assert_audited, assert_nothing_changed, assert_refused
from tests.factories import NOW, receive_dm
from tests.sending import LATER, Desk, make_desk, read_nothing, until_waiting

SENT = Result(outcome=Outcome.SENT, x_id="1900000000000000001", connected=True, status=201, transaction_id="t-1")
UNKNOWN = Result(outcome=Outcome.UNKNOWN, code="timeout", reason="No answer.", connected=True)


@pytest.fixture
async def desk(database: None, owner: asyncpg.Connection, access: Access, policies: Policies, config: Settings) -> Desk:
    return await make_desk(owner, access, policies, config)


async def test_person_says_it_is_out(desk: Desk) -> None:
    message = await desk.write()
    claim = await desk.take()
    await desk.settle(claim, UNKNOWN)
    assert [each.id for each in await list_unknown(actor=desk.company.mia, access=desk.access)] == [message.id]
    settled = await say(desk, claim.attempt, is_out=True, x_id="77")
    assert (settled.state.value, settled.x_id) == ("sent", "77")
    await assert_audited("publication.settled", settlement="sent", x_id="77")
    assert await list_unknown(actor=desk.company.mia, access=desk.access) == []


async def test_person_says_it_is_not_out_and_it_goes_once_more(desk: Desk) -> None:
    await desk.write()
    claim = await desk.take()
    await desk.settle(claim, UNKNOWN)
    await say(desk, claim.attempt, is_out=False)
    second = await desk.take(now=LATER)
    assert second.attempt != claim.attempt
    assert (await desk.settle(second, SENT)).state.value == "sent"


async def test_same_text_is_refused_while_its_twin_is_unknown(desk: Desk) -> None:
    await desk.write("Open on Sunday.")
    await desk.settle(await desk.take(), UNKNOWN)
    with pytest.raises(UnknownTwin):
        await desk.write("Open on Sunday.")


async def test_agent_may_not_settle_and_the_denial_is_recorded(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.write()
    claim = await desk.take()
    await desk.settle(claim, UNKNOWN)
    async with assert_nothing_changed(owner):
        with pytest.raises(Denied):
            await settle_outcome(
                (await read_attempt(claim.attempt)).message,
                is_out=True,
                reason="I saw it",
                actor=desk.company.leo,
                access=desk.access,
                now=LATER,
            )
    await assert_audited("access.denied", outcome="denied")


@pytest.mark.parametrize("x_id", ["abc", "", "9" * 19, "٣", "9223372036854775808"])
async def test_what_is_no_id_on_x_is_refused(desk: Desk, owner: asyncpg.Connection, x_id: str) -> None:
    await desk.write()
    claim = await desk.take()
    await desk.settle(claim, UNKNOWN)
    await read_nothing(desk, claim.attempt)
    async with assert_nothing_changed(owner):
        with pytest.raises(BadTarget):
            await say(desk, claim.attempt, is_out=True, x_id=x_id)


async def test_nobody_settles_before_x_was_read(desk: Desk, owner: asyncpg.Connection) -> None:
    message = await desk.write()
    claim = await desk.take()
    await desk.settle(claim, UNKNOWN)
    for is_out in (True, False):
        async with assert_refused(NotReadYet, owner):
            await settle_outcome(
                message.id, is_out=is_out, reason="A guess", actor=desk.company.mia, access=desk.access, now=LATER
            )
    await read_nothing(desk, claim.attempt)
    assert (await say(desk, claim.attempt, is_out=True)).state.value == "sent"


async def test_account_that_cannot_be_read_is_settled_without_a_reading(desk: Desk) -> None:
    await desk.write()
    claim = await desk.take()
    await desk.settle(claim, UNKNOWN)
    for failed in range(1, ENOUGH_FAILURES + 1):
        question = await find_question(claim.attempt)
        assert question is not None
        assert question.reads == failed - 1
        await keep_failed_reading(question, "not_connected", now=LATER)
    assert (await say(desk, claim.attempt, is_out=True)).state.value == "sent"


async def test_unknown_message_cannot_be_edited_withdrawn_scheduled_or_taken_back(desk: Desk) -> None:
    message = await desk.write()
    await desk.settle(await desk.take(), UNKNOWN)
    ana: dict[str, Any] = {"actor": desk.company.ana, "access": desk.access, "now": LATER}
    mia = ana | {"actor": desk.company.mia}
    for refused in (
        revise_message(message.id, text="Another.", revision=1, **ana),
        withdraw_message(message.id, revision=1, **ana),
        schedule_message(message.id, revision=1, scheduled_at=LATER + timedelta(hours=1), **mia),
        withdraw_approval(message.id, **mia),
    ):
        with pytest.raises(IllegalTransition):
            await refused
    assert await desk.state(message) == "outcome_unknown"


async def test_reading_asked_for_is_woken_and_one_of_a_moment_ago_is_not_repeated(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    message = await desk.write()
    claim = await desk.take()
    await desk.settle(claim, UNKNOWN)
    mia: dict[str, Any] = {"actor": desk.company.mia, "access": desk.access}
    await ask_reading(message.id, now=LATER, **mia)
    await read_nothing(desk, claim.attempt)
    await ask_reading(message.id, now=LATER + timedelta(seconds=5), **mia)
    await ask_reading(message.id, now=LATER + timedelta(seconds=15), **mia)
    woken = "SELECT args->>'attempt' FROM outbox WHERE job = 'reconcile'"
    assert [row[0] for row in await owner.fetch(woken)] == [str(claim.attempt)] * 2
    await say(desk, claim.attempt, is_out=True)
    with pytest.raises(IllegalTransition):
        await ask_reading(message.id, now=LATER, **mia)


async def test_settling_needs_a_reason(desk: Desk) -> None:
    await desk.write()
    claim = await desk.take()
    await desk.settle(claim, UNKNOWN)
    with pytest.raises(ReasonRequired):
        await say(desk, claim.attempt, is_out=True, reason=" ")


async def test_id_of_another_message_is_refused(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.write("First.")
    await desk.settle(await desk.take(), SENT)
    await desk.write("Second.")
    claim = await desk.take()
    await desk.settle(claim, UNKNOWN)
    await read_nothing(desk, claim.attempt)
    async with assert_nothing_changed(owner):
        with pytest.raises(AnotherMessage):
            await say(desk, claim.attempt, is_out=True, x_id=SENT.x_id)


async def test_of_two_who_settle_at_once_one_hears_it_was_settled(desk: Desk) -> None:
    await desk.write()
    claim = await desk.take()
    await desk.settle(claim, UNKNOWN)
    said = await asyncio.gather(
        *(say(desk, claim.attempt, is_out=is_out) for is_out in (True, False)), return_exceptions=True
    )
    assert len([each for each in said if isinstance(each, Exception)]) == 1
    assert (await actions()).count("publication.settled") == 1


async def settle_by_reading(desk: Desk, attempt: UUID, x_id: str) -> Read | None:
    """Read one post that fits."""
    question = await find_question(attempt)
    assert question is not None
    seen = Seen(x_id=x_id, text=question.sought.text, at=LATER)
    return await keep_reading(question, [seen], at=LATER, settings=desk.config, now=LATER)


@pytest.mark.parametrize("person_first", [True, False])
async def test_person_and_reading_at_once_settle_it_once(
    desk: Desk, owner: asyncpg.Connection, *, person_first: bool
) -> None:
    message = await desk.write()
    claim = await desk.take()
    await desk.settle(claim, UNKNOWN)
    await read_nothing(desk, claim.attempt)
    async with owner.transaction():
        await owner.execute("SELECT 1 FROM message WHERE id = $1 FOR NO KEY UPDATE", message.id)
        calls = [say(desk, claim.attempt, is_out=False), settle_by_reading(desk, claim.attempt, "1901")]
        first = asyncio.create_task(calls.pop(0 if person_first else 1))
        await until_waiting(owner, 1)
        second = asyncio.create_task(calls.pop())
        await until_waiting(owner, 2)
    await asyncio.gather(first, second, return_exceptions=True)
    assert (await actions()).count("publication.settled") == 1
    if person_first:
        assert second.result() is None
        assert await desk.state(message) == "approved"
    else:
        assert isinstance(second.exception(), IllegalTransition)
        assert await desk.state(message) == "sent"


async def test_reading_waits_while_a_message_of_the_same_text_is_on_its_way(desk: Desk) -> None:
    await desk.write("Twice approved.")
    await desk.write("Twice approved.", now=NOW + timedelta(seconds=1))
    lost = await desk.take()
    await desk.settle(lost, UNKNOWN)
    second = await desk.take()
    read = await settle_by_reading(desk, lost.attempt, "1901")
    assert read is not None
    assert read.found is Found.FAILED
    await desk.settle(second, SENT)
    read = await settle_by_reading(desk, lost.attempt, SENT.x_id or "")
    assert read is not None
    assert read.found is Found.NONE, "it is the other one"


async def test_what_was_seen_of_an_erased_persons_thread_is_forgotten(desk: Desk) -> None:
    await receive_dm(desk.company.help)
    message = await desk.write_dm()
    claim = await desk.take()
    await desk.settle(claim, UNKNOWN)
    question = await find_question(claim.attempt)
    assert question is not None
    theirs = Seen(x_id="1901", text="Call me at home.", at=LATER, ours=False)
    await keep_reading(question, [theirs], at=LATER, settings=desk.config, now=LATER)
    assert message.contact_id is not None
    await erase_subject(
        SubjectKind.CONTACT,
        message.contact_id,
        ground=Ground.PERSON_ASKED,
        reason="They asked",
        actor=desk.company.cleo,
        access=desk.access,
        now=LATER,
    )
    assert await last_seen(claim.attempt) is None


async def test_what_the_reading_saw_is_kept_until_it_is_settled(desk: Desk) -> None:
    await desk.write()
    claim = await desk.take()
    await desk.settle(claim, UNKNOWN)
    question = await find_question(claim.attempt)
    assert question is not None
    seen = Seen(x_id="1901", text="Something else.", at=LATER)
    await keep_reading(question, [seen], at=LATER, settings=desk.config, now=LATER)
    shown = await last_seen(claim.attempt)
    assert shown is not None
    assert shown.items == (seen,)
    await say(desk, claim.attempt, is_out=True)
    assert await last_seen(claim.attempt) is None
    assert len(await list_readings(claim.attempt)) == 1, "that it was read, and when, stays"


async def say(
    desk: Desk, attempt: UUID, *, is_out: bool, x_id: str | None = None, reason: str = "Seen on X"
) -> Message:
    await read_nothing(desk, attempt)
    return await settle_outcome(
        (await read_attempt(attempt)).message,
        is_out=is_out,
        x_id=x_id,
        reason=reason,
        actor=desk.company.mia,
        access=desk.access,
        now=LATER,
    )
