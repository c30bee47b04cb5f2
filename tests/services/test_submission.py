"""Handing in: screening first, then the rule that says who must approve, if anybody."""

from datetime import timedelta

import pytest

from govern.domain.drafts import (
    PastSchedule,
)
from govern.domain.messages import IllegalTransition, Kind, StaleRevision, State
from govern.domain.publications import UnknownTwin
from govern.tables import Message as MessageTable
from govern.tables import Outbox, Publication
from tests.asserts import (
    actions,
    assert_audited,
    assert_one_winner,
    assert_refused,
    race,
)
from tests.factories import NOW, receive_mention
from tests.hand import by_hand
from tests.services.conftest import Office

HOUR = timedelta(hours=1)


async def test_post_waits_for_the_approval_its_rule_asks_for(office: Office) -> None:
    message = await office.write(office.people.ana)
    assert (message.state, message.approval_rule, message.approvals_required) == (
        State.PENDING_APPROVAL,
        "broadcast",
        1,
    )
    assert message.deadline_at == NOW + timedelta(hours=24)
    entry = await assert_audited("message.submitted", rule="broadcast", required=1, state="pending_approval")
    assert entry["change"]["state"] == {"before": "draft", "after": "pending_approval"}
    assert await actions() == [*(await actions())[:-3], "message.drafted", "revision.screened", "message.submitted"]
    assert await Publication.count() == 0


async def test_submission_says_which_grant_let_it_happen(office: Office) -> None:
    message = await office.submit(await office.write(office.people.ana, submit=False), office.people.ana)
    entry = await assert_audited("message.submitted", digest=message.revision.digest.hex())
    assert entry["ctx"]["rule"] == "author.message.write_post"
    assert entry["ctx"]["via"]["role"] == "author"


async def test_plain_answer_of_an_agent_goes_out_at_once(office: Office) -> None:
    mention = await receive_mention(office.people.help)
    message = await office.write(office.people.leo, kind=Kind.REPLY, in_reply_to=mention, text="On its way, sorry.")
    assert (message.state, message.approval_rule, message.approvals_required) == (State.APPROVED, "plain-answer", 0)
    assert message.due_at == NOW
    assert message.hold is None
    entry = await assert_audited("message.submitted", state="approved", required=0)
    assert entry["ctx"]["rule"] == "agent.message.direct_reply"
    assert await Outbox.count().where(Outbox.job == "publish") == 1


async def test_plain_answer_of_an_author_waits(office: Office) -> None:
    mention = await receive_mention(office.people.help)
    message = await office.write(office.people.ana, kind=Kind.REPLY, in_reply_to=mention, text="On its way, sorry.")
    assert (message.state, message.approval_rule) == (State.PENDING_APPROVAL, "plain-answer")
    assert message.deadline_at == NOW + HOUR
    entry = await assert_audited("message.submitted", state="pending_approval")
    assert "direct" not in entry["ctx"].get("rule", "")


@pytest.mark.parametrize("text", ["Look: https://example.com", "Last chance! Buy now: 50 % off all shoes, code SAVE50"])
async def test_answer_with_a_link_or_an_offer_waits_even_from_an_agent(office: Office, text: str) -> None:
    mention = await receive_mention(office.people.help)
    message = await office.write(office.people.leo, kind=Kind.REPLY, in_reply_to=mention, text=text)
    assert (message.state, message.approval_rule) == (State.PENDING_APPROVAL, "answer")


async def test_answer_to_nobody_we_heard_of_waits(office: Office) -> None:
    message = await office.write(office.people.leo, kind=Kind.REPLY, in_reply_to="123456", text="On its way, sorry.")
    assert message.state is State.PENDING_APPROVAL


async def test_answer_to_a_mention_of_another_account_waits(office: Office) -> None:
    mention = await receive_mention(office.people.news)
    message = await office.write(office.people.leo, kind=Kind.REPLY, in_reply_to=mention, text="On its way, sorry.")
    assert message.state is State.PENDING_APPROVAL


async def test_over_long_post_is_blocked_with_the_reason(office: Office) -> None:
    message = await office.write(office.people.ana, text="x" * 281)
    assert (message.state, message.decision) == (State.BLOCKED, "block")
    assert [finding["rule"] for finding in message.findings] == ["X-LENGTH"]
    await assert_audited("message.blocked", outcome="denied", rules=["X-LENGTH"])
    revised = await office.revise(message, "x" * 280, office.people.ana)
    assert (await office.submit(revised, office.people.ana)).state is State.PENDING_APPROVAL


async def test_blocked_message_cannot_be_approved_scheduled_or_handed_in_again(office: Office) -> None:
    message = await office.write(office.people.ana, text="x" * 281)
    for call in (
        office.approve(message, office.people.mia),
        office.schedule(message, NOW + HOUR, office.people.mia),
        office.submit(message, office.people.ana),
    ):
        async with assert_refused(IllegalTransition, office.owner):
            await call


async def test_submission_twice_at_once_counts_once(office: Office) -> None:
    message = await office.write(office.people.ana, submit=False)
    assert_one_winner(await race(*(office.submit(message, office.people.ana) for _ in range(2))))
    assert (await actions()).count("message.submitted") == 1


async def test_submission_of_a_stale_revision_is_refused(office: Office) -> None:
    message = await office.write(office.people.ana, submit=False)
    await office.revise(message, "Another.", office.people.ana)
    async with assert_refused(StaleRevision, office.owner):
        await office.submit(message, office.people.ana)


async def test_draft_whose_time_has_passed_is_not_handed_in(office: Office) -> None:
    message = await office.write(office.people.ana, scheduled_at=NOW + HOUR, submit=False)
    async with assert_refused(PastSchedule, office.owner):
        await office.submit(message, office.people.ana, now=NOW + HOUR)


async def test_same_text_as_one_of_unknown_outcome_is_refused(office: Office) -> None:
    lost = await office.write(office.people.ana)
    await by_hand(MessageTable.update({MessageTable.state: "outcome_unknown"}).where(MessageTable.id == lost.id))
    async with assert_refused(UnknownTwin, office.owner) as refused:
        await office.write(office.people.leo)
    assert f"M-{lost.number}" in refused.value.detail
    await office.write(office.people.noa, account="News")
