"""Verdicts: four eyes, what an approval binds to, edits by approvers, undoing, and two who decide at once."""

from datetime import datetime, timedelta

import asyncpg
import msgspec
import pytest

from govern.domain.approvals import (
    AlreadyDecided,
    EditBlocked,
    NothingToUndo,
    Rule,
    TooLate,
    Verdict,
    When,
)
from govern.domain.drafts import ReasonRequired, TextMissing, TextTooLong
from govern.domain.members import Actor
from govern.domain.messages import IllegalTransition, Kind, Message, StaleRevision, State
from govern.services.approvals import withdraw_approval
from govern.services.message_views import list_approvals, list_revisions, load_message
from govern.services.policies import Policies
from govern.services.refusals import reject_message, request_changes
from govern.services.verdicts import can_decide
from govern.tables import Approval, Outbox, Publication
from tests.asserts import actions, assert_audited, assert_denied, assert_one_winner, assert_refused, race
from tests.factories import NOW, make_grant, receive_dm
from tests.services.conftest import LATER, Office

SOUNDS_LIKE_AN_OFFER = "Your parcel left. Our sale has great prices today."


def with_rules(policies: Policies, *rules: Rule) -> Policies:
    """Put rules in front of the shipped ones."""
    approval = policies.approval
    return msgspec.structs.replace(policies, approval=msgspec.structs.replace(approval, rule=(*rules, *approval.rule)))


def rule(name: str, **changes: object) -> Rule:
    return Rule(id=name, why={"en": "E", "fr": "F"}, **changes)  # type: ignore[arg-type]  # as the rule's own fields


async def reject(office: Office, message: Message, by: Actor, *, reason: str = "No.", revision: int = 1) -> Message:
    return await reject_message(message.id, revision=revision, reason=reason, actor=by, access=office.access, now=LATER)


async def ask_changes(
    office: Office, message: Message, by: Actor, *, reason: str = "Shorter.", revision: int = 1
) -> Message:
    return await request_changes(
        message.id, revision=revision, reason=reason, actor=by, access=office.access, now=LATER
    )


async def undo(office: Office, message: Message, by: Actor, *, now: datetime = LATER) -> Message:
    return await withdraw_approval(message.id, actor=by, access=office.access, now=now)


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


async def test_author_cannot_approve_own_message_even_with_two_roles(office: Office) -> None:
    message = await office.write(office.people.bo)
    async with assert_denied(office.owner, office.people.bo, "message.approve", rule="four_eyes.author"):
        await office.approve(message, office.people.bo)
    async with assert_denied(office.owner, office.people.bo, "message.approve", rule="four_eyes.author"):
        await office.approve(message, office.people.bo, text="Or with an edit?")
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
        await Approval.insert(Approval(**stolen))
    disguised = stolen | {"message_author": office.people.max.member, "revision_editor": office.people.max.member}
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await Approval.insert(Approval(**disguised))


async def test_only_who_may_approve_here_approves(office: Office) -> None:
    message = await office.write(office.people.ana)
    people = office.people
    for actor in (people.leo, people.noa, people.vera, people.ada):
        async with assert_denied(office.owner, actor, "message.approve"):
            await office.approve(message, actor)
        async with assert_denied(office.owner, actor, "message.reject"):
            await reject(office, message, actor)
        async with assert_denied(office.owner, actor, "message.request_changes"):
            await ask_changes(office, message, actor)
    assert (await office.approve(message, people.cleo)).state is State.APPROVED


async def test_verdict_on_another_revision_than_the_current_one_is_refused(office: Office) -> None:
    message = await office.revise(await office.write(office.people.ana), "Another text.", office.people.ana)
    message = await office.submit(message, office.people.ana)
    for call in (
        office.approve(message, office.people.mia, revision=1),
        office.approve(message, office.people.mia, revision=3),
        reject(office, message, office.people.mia, revision=1),
        ask_changes(office, message, office.people.mia, revision=1),
    ):
        async with assert_refused(StaleRevision, office.owner):
            await call


async def test_approval_binds_to_the_digest_of_one_revision(office: Office) -> None:
    message = await office.write(office.people.ana)
    await office.approve(message, office.people.mia)
    given = await Approval.select().first()
    assert given is not None
    assert (given["digest"], given["revision"]) == (message.revision.digest, message.revision.id)
    back = await undo(office, await load_message(message.id), office.people.mia)
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
    assert_one_winner(
        await race(office.approve(message, office.people.mia), reject(office, message, office.people.max))
    )


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
    async with assert_refused(TooLate, office.owner):
        await office.approve(message, office.people.mia, now=NOW + timedelta(hours=1))
    other = await office.write(office.people.ana, text="Without a time.")
    async with assert_refused(TooLate, office.owner):
        await office.approve(other, office.people.mia, now=NOW + timedelta(hours=25))
    assert await Publication.count() == 0


async def test_edit_and_approve_is_one_step_with_the_approver_as_editor(office: Office) -> None:
    message = await office.write(office.people.ana)
    approved = await office.approve(message, office.people.mia, text="We open at eleven.")
    assert (approved.state, approved.revision.number, approved.approvals) == (State.APPROVED, 2, 1)
    assert (approved.revision.text, approved.revision.editor) == ("We open at eleven.", office.people.mia.member)
    assert approved.revision.edit_and_approve
    assert approved.decision == "allow"
    await assert_audited("message.revised", actor=office.people.mia.id, revision=2)
    await assert_audited("revision.screened", revision=2)
    await assert_audited("message.approved", revision=2, edited=True, digest=approved.revision.digest.hex())
    given = await Approval.select().first()
    assert given is not None
    assert given["digest"] == approved.revision.digest


async def test_approving_with_the_same_text_is_no_edit(office: Office) -> None:
    message = await office.write(office.people.ana)
    approved = await office.approve(message, office.people.mia, text=message.revision.text)
    assert approved.revision.number == 1
    await assert_audited("message.approved", edited=False)


async def test_edit_that_screening_forbids_leaves_nothing_changed(office: Office) -> None:
    message = await office.write(office.people.ana)
    async with assert_refused(EditBlocked, office.owner) as refused:
        await office.approve(message, office.people.mia, text="x" * 281)
    assert refused.value.data["rules"] == "X-LENGTH"
    assert "message.revised" not in await actions()
    async with assert_refused(TextMissing, office.owner):
        await office.approve(message, office.people.mia, text="  ")


async def test_edit_that_turns_an_answer_into_an_offer_is_refused(office: Office) -> None:
    await receive_dm(office.people.help)
    message = await office.write(office.people.ana, kind=Kind.DM, recipient="marion", text="It left today.")
    async with assert_refused(EditBlocked, office.owner):
        await office.approve(
            message, office.people.mia, text="It left today. Buy now: 50 % off all shoes with code SAVE50, last chance!"
        )


async def test_edit_waits_for_a_second_person_where_the_rule_says_so(office: Office) -> None:
    office = msgspec.structs.replace(
        office, policies=with_rules(office.policies, rule("strict", edit_and_approve=False))
    )
    message = await office.write(office.people.ana)
    edited = await office.approve(message, office.people.mia, text="We open at eleven.")
    assert (edited.state, edited.revision.number, edited.approvals) == (State.PENDING_APPROVAL, 2, 0)
    assert not edited.revision.edit_and_approve
    assert "message.approved" not in await actions()
    async with assert_denied(office.owner, office.people.mia, "message.approve", rule="four_eyes.editor"):
        await office.approve(edited, office.people.mia)
    again = await office.approve(edited, office.people.mia, text="We open at noon.")
    assert (again.state, again.revision.number) == (State.PENDING_APPROVAL, 3)
    assert (await office.approve(again, office.people.max)).state is State.APPROVED


async def test_edited_text_falls_under_the_rule_it_would_have_had(office: Office) -> None:
    links = rule("links", when=When(contains_link=True), approvals=2, edit_and_approve=False)
    office = msgspec.structs.replace(office, policies=with_rules(office.policies, links))
    message = await office.write(office.people.ana)
    assert message.approval_rule == "broadcast"
    edited = await office.approve(message, office.people.mia, text="See https://example.com")
    assert (edited.state, edited.approval_rule, edited.approvals_required) == (State.PENDING_APPROVAL, "links", 2)
    await office.approve(edited, office.people.max)
    assert (await office.approve(edited, office.people.cleo)).state is State.APPROVED


async def test_rule_counts_only_verdicts_of_its_own_roles(office: Office) -> None:
    office = msgspec.structs.replace(
        office, policies=with_rules(office.policies, rule("legal", from_roles=("compliance",)))
    )
    message = await office.write(office.people.ana)
    async with assert_denied(office.owner, office.people.mia, "message.approve", rule="approval.legal"):
        await office.approve(message, office.people.mia)
    shown = await can_decide(message, actor=office.people.mia, access=office.access, policies=office.policies)
    assert (shown.approve.allowed, shown.approve.rule, shown.reject.allowed) == (False, "approval.legal", True)
    assert (await office.approve(message, office.people.cleo)).state is State.APPROVED


async def test_rule_may_ask_for_two_persons(office: Office) -> None:
    office = msgspec.structs.replace(office, policies=with_rules(office.policies, rule("two", approvals=2)))
    message = await office.write(office.people.ana)
    first = await office.approve(message, office.people.mia)
    assert (first.state, first.approvals, first.approvals_required) == (State.PENDING_APPROVAL, 1, 2)
    async with assert_refused(AlreadyDecided, office.owner):
        await office.approve(message, office.people.mia)
    assert await Publication.count() == 0
    second = await office.approve(message, office.people.max)
    assert (second.state, second.approvals) == (State.APPROVED, 2)
    await assert_audited("message.approved", approvals=2, required=2)


async def test_two_persons_at_once_are_both_counted(office: Office) -> None:
    office = msgspec.structs.replace(office, policies=with_rules(office.policies, rule("two", approvals=2)))
    message = await office.write(office.people.ana)
    results = await race(office.approve(message, office.people.mia), office.approve(message, office.people.max))
    assert sorted(result.state for result in results if isinstance(result, Message)) == ["approved", "pending_approval"]


async def test_doubtful_text_needs_a_reason_from_its_approver(office: Office) -> None:
    await receive_dm(office.people.help)
    message = await office.write(office.people.leo, kind=Kind.DM, recipient="marion", text=SOUNDS_LIKE_AN_OFFER)
    assert (message.state, message.decision) == (State.PENDING_APPROVAL, "needs_approval")
    async with assert_refused(ReasonRequired, office.owner):
        await office.approve(message, office.people.mia)
    async with assert_refused(ReasonRequired, office.owner):
        await office.approve(message, office.people.mia, reason="  ")
    approved = await office.approve(message, office.people.mia, reason="She asked for it.")
    assert approved.state is State.APPROVED
    entry = await assert_audited("message.approved")
    assert "comment" in entry["commit"]


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
    refuse = reject if verdict is Verdict.REJECTED else ask_changes
    message = await office.write(office.people.ana)
    async with assert_refused(ReasonRequired, office.owner):
        await refuse(office, message, office.people.mia, reason=" ")
    async with assert_refused(TextTooLong, office.owner):
        await refuse(office, message, office.people.mia, reason="x" * 501)
    refused = await refuse(office, message, office.people.mia, reason="Not today.")
    assert refused.state is state
    entry = await assert_audited(action, actor=office.people.mia.id, revision=1)
    assert entry["change"]["state"]["after"] == state.value
    given = await list_approvals(message.id)
    assert [(each.verdict, each.reason, each.approver_name) for each in given] == [(verdict, "Not today.", "Mia")]
    async with assert_refused(IllegalTransition, office.owner):
        await office.approve(refused, office.people.max)


async def test_rejected_message_is_never_written_again(office: Office) -> None:
    message = await reject(office, await office.write(office.people.ana), office.people.mia)
    async with assert_refused(IllegalTransition, office.owner):
        await office.revise(message, "Please?", office.people.ana)


async def test_changes_are_made_in_a_new_revision(office: Office) -> None:
    message = await ask_changes(office, await office.write(office.people.ana), office.people.mia)
    async with assert_refused(IllegalTransition, office.owner):
        await office.submit(message, office.people.ana)
    revised = await office.submit(await office.revise(message, "Short.", office.people.ana), office.people.ana)
    assert (await office.approve(revised, office.people.mia)).state is State.APPROVED


async def test_giver_takes_an_approval_back_before_it_is_sent(office: Office) -> None:
    message = await office.approve(await office.write(office.people.ana), office.people.mia)
    back = await undo(office, message, office.people.mia)
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
        await undo(office, message, office.people.max)
    async with assert_denied(office.owner, office.people.leo, "message.approve"):
        await undo(office, message, office.people.leo)


async def test_taking_back_twice_at_once_counts_once(office: Office) -> None:
    message = await office.approve(await office.write(office.people.ana), office.people.mia)
    assert_one_winner(await race(undo(office, message, office.people.mia), undo(office, message, office.people.mia)))
    assert (await actions()).count("message.approval_withdrawn") == 1


async def test_what_was_handed_to_x_cannot_be_taken_back(office: Office) -> None:
    message = await office.approve(await office.write(office.people.ana), office.people.mia)
    await office.owner.execute("UPDATE message SET state = 'sending' WHERE id = $1", message.id)
    async with assert_refused(IllegalTransition, office.owner):
        await undo(office, message, office.people.mia)


async def test_buttons_tell_what_would_be_allowed(office: Office) -> None:
    message = await office.write(office.people.bo)
    shown = {
        name: await can_decide(message, actor=actor, access=office.access, policies=office.policies)
        for name, actor in (("bo", office.people.bo), ("mia", office.people.mia), ("leo", office.people.leo))
    }
    assert {name: each.approve.allowed for name, each in shown.items()} == {"bo": False, "mia": True, "leo": False}
    assert shown["bo"].approve.rule == "four_eyes.author"
    assert not shown["mia"].needs_reason
    assert not shown["mia"].second_person_after_edit


async def test_role_given_at_another_brand_approves_nothing_here(office: Office) -> None:
    message = await office.write(office.people.ana)
    assert office.people.noa.member is not None
    await make_grant(office.people.noa.member, "brand_manager", "brand:press")
    async with assert_denied(office.owner, office.people.noa, "message.approve"):
        await office.approve(message, office.people.noa)
    assert len(await list_revisions(message.id)) == 1
