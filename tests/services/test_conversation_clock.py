"""When an answer is due, and what stops the clock."""

from datetime import datetime, timedelta

import asyncpg
import msgspec
import pytest

from govern.access import Access
from govern.domain.conversations import Conversation, ConversationState
from govern.domain.messages import Kind, Message
from govern.domain.publications import Outcome
from govern.services.answers import Result
from govern.services.conversation_lists import Filter, answered_in_time, list_conversations
from govern.services.outcomes import settle_outcome
from govern.services.policies import Policies
from govern.services.receiving import store_mentions
from govern.settings import Settings
from govern.xapi.client import Mention
from tests.asserts import assert_audited
from tests.factories import NOW, make_message, receive_dm, receive_mention
from tests.sending import LATER, Desk, make_desk, read_nothing

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
async def desk(database: None, owner: asyncpg.Connection, access: Access, policies: Policies, config: Settings) -> Desk:
    return await make_desk(owner, access, policies, config)


async def conversations(desk: Desk, *, now: datetime = NOW) -> list[Conversation]:
    return await list_conversations(Filter(state=None), actor=desk.company.leo, access=desk.access, now=now)


async def only(desk: Desk) -> Conversation:
    (found,) = await conversations(desk)
    return found


async def send(desk: Desk, *, now: datetime = LATER) -> Message:
    claim = await desk.take(now=now)
    sent = Result(outcome=Outcome.SENT, x_id=str(70_000 + int(now.timestamp()) % 10_000))
    return await desk.settle(claim, sent, now=now)


async def test_answer_in_public_is_due_in_an_hour_and_in_private_in_a_quarter(desk: Desk) -> None:
    await receive_mention(desk.company.help, at=NOW)
    found = await only(desk)
    assert (found.state, found.x_kind, found.due_at) == (ConversationState.OPEN, "post", NOW + HOUR)
    await receive_dm(desk.company.help, at=NOW + MINUTE)
    found = await only(desk)
    assert (found.waiting_since, found.due_at, found.x_kind) == (NOW, NOW + 16 * MINUTE, "dm")


async def test_clock_starts_when_they_wrote_whatever_comes_first(desk: Desk) -> None:
    await receive_dm(desk.company.help, at=NOW)
    await receive_dm(desk.company.help, at=NOW - 9 * MINUTE)
    found = await only(desk)
    assert (found.waiting_since, found.due_at, found.newest_at) == (NOW - 9 * MINUTE, NOW + 6 * MINUTE, NOW)


async def test_account_may_have_times_of_its_own(desk: Desk, policies: Policies) -> None:
    times = msgspec.convert({"accounts": {"Help": {"private": "5m"}}}, type(policies.approval.answer))
    assert times.within("Help", private=True) == 5 * MINUTE
    assert times.within("Help", private=False) == HOUR
    assert times.within("News", private=True) == 15 * MINUTE


async def test_each_account_has_a_conversation_of_its_own_with_a_person(desk: Desk) -> None:
    for account in (desk.company.help, desk.company.news):
        await receive_mention(account, at=NOW)
    seen = await list_conversations(Filter(), actor=desk.company.cleo, access=desk.access, now=NOW)
    assert sorted(each.account for each in seen) == ["Help", "News"]


async def test_what_comes_a_week_late_starts_no_clock(desk: Desk) -> None:
    old = Mention(
        x_id="501",
        author_id="9001",
        author_handle="marion",
        author_name="Marion",
        text="@Help hello",
        in_reply_to=None,
        conversation_id=None,
        created_at=NOW - timedelta(days=8),
    )
    await store_mentions(desk.company.help, [old], policies=desk.policies, actor=desk.company.ada, now=NOW)
    found = await only(desk)
    assert (found.state, found.closed_for, found.due_at) == (ConversationState.CLOSED, "old", None)


async def test_sent_answer_stops_the_clock_and_is_counted_in_time(desk: Desk) -> None:
    await receive_dm(desk.company.help, at=NOW)
    await desk.write_dm()
    await send(desk, now=LATER)
    found = await only(desk)
    assert (found.state, found.due_at) == (ConversationState.ANSWERED, None)
    await receive_dm(desk.company.help, at=NOW + HOUR)
    again = await only(desk)
    assert (again.state, again.waiting_since) == (ConversationState.OPEN, NOW + HOUR)
    await desk.write("Here it is.", author=desk.company.leo, kind=Kind.DM, recipient="marion", now=NOW + 2 * HOUR)
    await send(desk, now=NOW + 2 * HOUR)
    (told, _news) = await answered_in_time(actor=desk.company.cleo, access=desk.access, now=NOW + 2 * HOUR)
    assert (told.account, told.answered, told.in_time, told.late) == ("Help", 2, 1, 0)


async def test_public_answer_and_quote_stop_it_too_and_a_plain_post_does_not(desk: Desk) -> None:
    x_id = await receive_mention(desk.company.help, at=NOW)
    await desk.write()
    await send(desk)
    assert (await only(desk)).state is ConversationState.OPEN
    await desk.write("It left today.", author=desk.company.leo, kind=Kind.REPLY, in_reply_to=x_id)
    await send(desk, now=LATER + MINUTE)
    assert (await only(desk)).state is ConversationState.ANSWERED


async def test_what_comes_in_while_the_answer_leaves_is_not_answered_by_it(desk: Desk) -> None:
    await receive_dm(desk.company.help, at=NOW)
    await desk.write_dm()
    claim = await desk.take(now=LATER)
    await receive_dm(desk.company.help, text="And the other one?", at=LATER + MINUTE)
    await desk.settle(claim, Result(outcome=Outcome.SENT, x_id="700"), now=LATER + 2 * MINUTE)
    found = await only(desk)
    assert (found.state, found.waiting_since) == (ConversationState.OPEN, LATER + MINUTE)
    assert found.due_at == LATER + 16 * MINUTE


async def test_refused_or_unknown_answer_stops_nothing_until_a_person_says_it_is_out(desk: Desk) -> None:
    await receive_dm(desk.company.help, at=NOW)
    message = await desk.write_dm()
    claim = await desk.take()
    await desk.settle(claim, Result(outcome=Outcome.UNKNOWN, code="timeout", reason="No answer."))
    await read_nothing(desk, claim.attempt)
    assert (await only(desk)).state is ConversationState.OPEN
    who = {"actor": desk.company.mia, "access": desk.access, "now": LATER + MINUTE}
    await settle_outcome(message.id, is_out=True, x_id="701", reason="I see it on X", **who)  # type: ignore[arg-type]
    assert (await only(desk)).state is ConversationState.ANSWERED


async def test_confirmation_of_an_opt_out_answers_nothing(desk: Desk) -> None:
    await receive_dm(desk.company.help, text="STOP", at=LATER)
    await assert_audited("consent.confirmation_queued")
    await send(desk, now=LATER + MINUTE)
    assert (await only(desk)).state is ConversationState.OPEN


async def test_answer_is_to_be_approved_until_it_is_due_and_a_late_one_may_still_be(desk: Desk) -> None:
    x_id = await receive_mention(desk.company.help, at=NOW)
    for written, deadline in ((10 * MINUTE, HOUR), (57 * MINUTE, 57 * MINUTE + HOUR), (3 * HOUR, 4 * HOUR)):
        message = await make_message(
            desk.company.ana,
            access=desk.access,
            policies=desk.policies,
            kind=Kind.REPLY,
            in_reply_to=x_id,
            text=f"It leaves in {written}, sorry.",
            now=NOW + written,
        )
        assert message.deadline_at == NOW + deadline
