"""Saying no: for good, or until it is written anew; always with a reason."""

import pytest

from govern.domain.approvals import (
    Verdict,
)
from govern.domain.drafts import ReasonRequired, TextTooLong
from govern.domain.messages import IllegalTransition, State
from govern.services.message_views import list_approvals
from tests.asserts import assert_audited, assert_refused
from tests.services.conftest import Office


@pytest.mark.parametrize(
    ("verdict", "state", "action"),
    [
        (Verdict.REJECTED, State.REJECTED, "message.rejected"),
        (Verdict.CHANGES_REQUESTED, State.CHANGES_REQUESTED, "message.changes_requested"),
    ],
)
async def test_refusal_needs_a_reason_and_is_recorded(
    office: Office, verdict: Verdict, state: State, action: str
) -> None:
    refuse = office.reject if verdict is Verdict.REJECTED else office.ask_changes
    message = await office.write(office.people.ana)
    async with assert_refused(ReasonRequired, office.owner):
        await refuse(message, office.people.mia, reason=" ")
    async with assert_refused(TextTooLong, office.owner):
        await refuse(message, office.people.mia, reason="x" * 501)
    refused = await refuse(message, office.people.mia, reason="Not today.")
    assert refused.state is state
    entry = await assert_audited(action, actor=office.people.mia.id, revision=1)
    assert entry["change"]["state"]["after"] == state.value
    given = await list_approvals(message.id)
    assert [(each.verdict, each.reason, each.approver_name) for each in given] == [(verdict, "Not today.", "Mia")]
    async with assert_refused(IllegalTransition, office.owner):
        await office.approve(refused, office.people.max)


async def test_rejected_message_is_never_written_again(office: Office) -> None:
    message = await office.reject(await office.write(office.people.ana), office.people.mia)
    async with assert_refused(IllegalTransition, office.owner):
        await office.revise(message, "Please?", office.people.ana)


async def test_changes_are_made_in_a_new_revision(office: Office) -> None:
    message = await office.ask_changes(await office.write(office.people.ana), office.people.mia)
    async with assert_refused(IllegalTransition, office.owner):
        await office.submit(message, office.people.ana)
    revised = await office.submit(await office.revise(message, "Short.", office.people.ana), office.people.ana)
    assert (await office.approve(revised, office.people.mia)).state is State.APPROVED
