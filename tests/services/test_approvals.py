"""Verdicts: four eyes, what an approval binds to, edits by approvers, undoing, and two who decide at once."""

from datetime import timedelta

import asyncpg
import msgspec
import pytest

from govern.domain.approvals import (
    NothingToUndo,
    TooLate,
)
from govern.domain.messages import IllegalTransition, StaleRevision, State
from govern.services.expiry import expire_late_approvals
from govern.services.message_views import list_approvals, list_revisions, load_message
from govern.tables import Approval, Outbox, Publication
from tests.asserts import actions, assert_audited, assert_denied, assert_one_winner, assert_refused, race
from tests.factories import NOW, make_grant
from tests.hand import by_hand
from tests.services.conftest import LATER, Office


async def test_approval_puts_the_message_on_its_way_and_is_recorded(office: Office) -> None:
    message = await office.write(office.people.ana)
    approved = await office.approve(message, office.people.mia, reason="Good.")
    assert (approved.state, approved.approvals, approved.hold) == (State.APPROVED, 1, "undo")
    assert approved.due_at == LATER
    entry = await assert_audited(
        "message.approved",
        actor=office.people.mia.id,
        revision=1,
        digest=message.revision.digest.hex(),
        approvals=1,
        required=1,
    )
    assert entry["ctx"]["rule"] == "brand_manager.message.approve"
    assert entry["change"]["state"] == {"before": "pending_approval", "after": "approved"}
    publication = await Publication.select().first()
    assert publication is not None
    assert publication["content_digest"] == message.revision.digest
    assert publication["wake_at"] == LATER + timedelta(seconds=8)
    job = await Outbox.select().first()
    assert job is not None
    assert (job["job"], job["due_at"]) == ("publish", publication["wake_at"])


async def test_approval_of_a_scheduled_message_waits_for_its_time(office: Office) -> None:
    at = NOW + timedelta(hours=5)
    message = await office.approve(await office.write(office.people.ana, scheduled_at=at), office.people.mia)
    assert (message.state, message.due_at, message.hold) == (State.SCHEDULED, at, None)
    entry = await assert_audited("message.approved")
    assert entry["change"]["state"] == {"before": "pending_approval", "after": "scheduled"}


async def test_author_cannot_approve_own_message_even_with_two_roles(office: Office) -> None:
    message = await office.write(office.people.bo)
    async with assert_denied(office.owner, office.people.bo, "message.approve", rule="four_eyes.author"):
        await office.approve(message, office.people.bo)
    async with assert_denied(office.owner, office.people.bo, "message.approve", rule="four_eyes.author"):
        await office.approve(message, office.people.bo, text="Or with an edit?")
    refusal = await assert_audited("access.denied", outcome="denied")
    assert refusal["object"] == {"kind": "message", "id": str(message.id), "rev": 1}, "the refusal names the message"
    assert (await office.approve(message, office.people.mia)).state is State.APPROVED


async def test_author_cannot_approve_own_message_through_a_token(office: Office) -> None:
    message = await office.write(office.people.bo)
    token = msgspec.structs.replace(office.people.bo, kind="token", id="token:1", via="api")
    async with assert_denied(office.owner, token, "message.approve", rule="four_eyes.author"):
        await office.approve(message, token)


async def test_author_stays_author_whoever_revised_last(office: Office) -> None:
    message = await office.revise(await office.write(office.people.bo), "Another text.", office.people.ana)
    message = await office.submit(message, office.people.ana)
    async with assert_denied(office.owner, office.people.bo, "message.approve", rule="four_eyes.author"):
        await office.approve(message, office.people.bo)


async def test_who_revised_a_message_cannot_approve_it(office: Office) -> None:
    message = await office.revise(await office.write(office.people.ana), "Mia wrote this.", office.people.mia)
    message = await office.submit(message, office.people.ana)
    async with assert_denied(office.owner, office.people.mia, "message.approve", rule="four_eyes.editor"):
        await office.approve(message, office.people.mia)
    assert (await office.approve(message, office.people.max)).state is State.APPROVED


async def test_database_itself_refuses_an_approval_by_the_author(office: Office) -> None:
    message = await office.approve(await office.write(office.people.ana), office.people.mia)
    given = await Approval.select().first()
    assert given is not None
    stolen = given | {"id": message.id, "approver": office.people.ana.member}
    with pytest.raises(asyncpg.CheckViolationError, match="four_eyes"):
        await by_hand(Approval.insert(Approval(**stolen)))
    disguised = stolen | {"message_author": office.people.max.member, "revision_editor": office.people.max.member}
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await by_hand(Approval.insert(Approval(**disguised)))


async def test_only_who_may_approve_here_approves(office: Office) -> None:
    message = await office.write(office.people.ana)
    people = office.people
    for actor in (people.leo, people.noa, people.vera, people.ada):
        async with assert_denied(office.owner, actor, "message.approve"):
            await office.approve(message, actor)
        async with assert_denied(office.owner, actor, "message.reject"):
            await office.reject(message, actor)
        async with assert_denied(office.owner, actor, "message.request_changes"):
            await office.ask_changes(message, actor)
    assert (await office.approve(message, people.cleo)).state is State.APPROVED


async def test_verdict_on_another_revision_than_the_current_one_is_refused(office: Office) -> None:
    message = await office.revise(await office.write(office.people.ana), "Another text.", office.people.ana)
    message = await office.submit(message, office.people.ana)
    for call in (
        office.approve(message, office.people.mia, revision=1),
        office.approve(message, office.people.mia, revision=3),
        office.reject(message, office.people.mia, revision=1),
        office.ask_changes(message, office.people.mia, revision=1),
    ):
        async with assert_refused(StaleRevision, office.owner):
            await call


async def test_approval_binds_to_the_digest_of_one_revision(office: Office) -> None:
    message = await office.write(office.people.ana)
    await office.approve(message, office.people.mia)
    given = await Approval.select().first()
    assert given is not None
    assert (given["digest"], given["revision"]) == (message.revision.digest, message.revision.id)
    back = await office.undo(await load_message(message.id), office.people.mia)
    revised = await office.submit(await office.revise(back, "Another.", office.people.ana), office.people.ana)
    assert (revised.approvals, revised.state) == (0, State.PENDING_APPROVAL)


async def test_of_two_managers_who_approve_at_once_one_wins(office: Office) -> None:
    message = await office.write(office.people.ana)
    assert_one_winner(
        await race(office.approve(message, office.people.mia), office.approve(message, office.people.max))
    )
    assert await Approval.count() == 1
    assert await Publication.count() == 1
    assert (await actions()).count("message.approved") == 1


async def test_approval_and_rejection_at_once_have_one_winner(office: Office) -> None:
    message = await office.write(office.people.ana)
    assert_one_winner(await race(office.approve(message, office.people.mia), office.reject(message, office.people.max)))


async def test_approval_and_revision_at_once_never_send_an_unseen_text(office: Office) -> None:
    message = await office.write(office.people.ana)
    assert_one_winner(
        await race(
            office.revise(message, "Something else.", office.people.ana), office.approve(message, office.people.mia)
        )
    )
    now = await load_message(message.id)
    assert (now.state is State.APPROVED) == (now.revision.number == 1)


async def test_double_click_approves_once(office: Office) -> None:
    message = await office.write(office.people.ana)
    await office.approve(message, office.people.mia)
    async with assert_refused(IllegalTransition, office.owner):
        await office.approve(message, office.people.mia)


async def test_late_approval_never_publishes(office: Office) -> None:
    message = await office.write(office.people.ana, scheduled_at=NOW + timedelta(hours=1))
    with pytest.raises(TooLate):
        await office.approve(message, office.people.mia, now=NOW + timedelta(hours=1))
    other = await office.write(office.people.ana, text="Without a time.")
    with pytest.raises(TooLate):
        await office.approve(other, office.people.mia, text="Edited too late.", now=NOW + timedelta(hours=25))
    assert await Publication.count() == 0
    for each in (message, other):
        expired = await load_message(each.id)
        assert (expired.state, expired.revision.number, expired.approvals) == (State.EXPIRED, 1, 0)
    await assert_audited("message.expired", outcome="failed", actor=office.people.mia.id, reason="late_approval")
    with pytest.raises(IllegalTransition):
        await office.approve(message, office.people.max, now=NOW + timedelta(hours=2))


async def test_approval_a_moment_before_its_time_is_in_time(office: Office) -> None:
    message = await office.write(office.people.ana, scheduled_at=NOW + timedelta(hours=1))
    at = NOW + timedelta(hours=1)
    approved = await office.approve(message, office.people.mia, now=at - timedelta(microseconds=1))
    assert (approved.state, approved.due_at) == (State.SCHEDULED, at)


async def test_late_approval_and_the_sweep_at_once_expire_a_message_once(office: Office) -> None:
    message = await office.write(office.people.ana)
    late = NOW + timedelta(hours=25)
    results = await race(office.approve(message, office.people.mia, now=late), expire_late_approvals(now=late))
    assert isinstance(results[0], TooLate | IllegalTransition)
    assert (await actions()).count("message.expired") == 1
    assert (await load_message(message.id)).state is State.EXPIRED


async def test_giver_takes_an_approval_back_before_it_is_sent(office: Office) -> None:
    message = await office.approve(await office.write(office.people.ana), office.people.mia)
    back = await office.undo(message, office.people.mia)
    assert (back.state, back.approvals, back.hold) == (State.PENDING_APPROVAL, 0, None)
    assert not await Publication.exists().where(Publication.closed_at.is_null())
    given = await list_approvals(message.id)
    assert [each.withdrawn_at for each in given] == [LATER]
    entry = await assert_audited("message.approval_withdrawn", actor=office.people.mia.id, revision=1)
    assert entry["change"]["state"] == {"before": "approved", "after": "pending_approval"}
    again = await office.approve(back, office.people.mia, now=LATER + timedelta(minutes=1))
    assert (again.state, again.approvals) == (State.APPROVED, 1)
    assert await Publication.count().where(Publication.closed_at.is_null()) == 1


async def test_nobody_takes_back_what_another_gave(office: Office) -> None:
    message = await office.approve(await office.write(office.people.ana), office.people.mia)
    async with assert_refused(NothingToUndo, office.owner):
        await office.undo(message, office.people.max)
    async with assert_denied(office.owner, office.people.leo, "message.approve"):
        await office.undo(message, office.people.leo)


async def test_taking_back_twice_at_once_counts_once(office: Office) -> None:
    message = await office.approve(await office.write(office.people.ana), office.people.mia)
    assert_one_winner(await race(office.undo(message, office.people.mia), office.undo(message, office.people.mia)))
    assert (await actions()).count("message.approval_withdrawn") == 1


async def test_what_was_handed_to_x_cannot_be_taken_back(office: Office) -> None:
    message = await office.approve(await office.write(office.people.ana), office.people.mia)
    await office.owner.execute("UPDATE message SET state = 'sending' WHERE id = $1", message.id)
    async with assert_refused(IllegalTransition, office.owner):
        await office.undo(message, office.people.mia)


async def test_role_given_at_another_brand_approves_nothing_here(office: Office) -> None:
    message = await office.write(office.people.ana)
    assert office.people.noa.member is not None
    await make_grant(office.people.noa.member, "brand_manager", "brand:press")
    async with assert_denied(office.owner, office.people.noa, "message.approve"):
        await office.approve(message, office.people.noa)
    assert len(await list_revisions(message.id)) == 1
