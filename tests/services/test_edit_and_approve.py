"""What an approver may write, and what `approval.toml` asks of the ones who approve."""

import asyncpg

from govern.domain.approvals import AlreadyDecided, EditBlocked, When
from govern.domain.drafts import ReasonRequired, TextMissing
from govern.domain.messages import Kind, Message, State
from govern.services.verdicts import can_decide
from govern.tables import Approval, Publication
from tests.asserts import actions, assert_audited, assert_denied, assert_refused, race
from tests.factories import receive_dm
from tests.services.conftest import Office, make_rule

SOUNDS_LIKE_AN_OFFER = "Une vente privée commence."


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


async def test_compliance_approves_but_never_edits(office: Office, owner: asyncpg.Connection) -> None:
    message = await office.write(office.people.ana)
    async with assert_denied(owner, office.people.cleo, "message.write_post"):
        await office.approve(message, office.people.cleo, text="We open at eleven.")
    assert (await office.approve(message, office.people.cleo)).state is State.APPROVED


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
    office = office.under(make_rule("strict", edit_and_approve=False))
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
    links = make_rule("links", when=When(contains_link=True), approvals=2, edit_and_approve=False)
    office = office.under(links)
    message = await office.write(office.people.ana)
    assert message.approval_rule == "broadcast"
    edited = await office.approve(message, office.people.mia, text="See https://example.com")
    assert (edited.state, edited.approval_rule, edited.approvals_required) == (State.PENDING_APPROVAL, "links", 2)
    await office.approve(edited, office.people.max)
    assert (await office.approve(edited, office.people.cleo)).state is State.APPROVED


async def test_rule_counts_only_verdicts_of_its_own_roles(office: Office) -> None:
    office = office.under(make_rule("legal", from_roles=("compliance",)))
    message = await office.write(office.people.ana)
    async with assert_denied(office.owner, office.people.mia, "message.approve", rule="approval.legal"):
        await office.approve(message, office.people.mia)
    shown = await can_decide(message, actor=office.people.mia, access=office.access, policies=office.policies)
    assert (shown.approve.allowed, shown.approve.rule, shown.reject.allowed) == (False, "approval.legal", True)
    assert (await office.approve(message, office.people.cleo)).state is State.APPROVED


async def test_rule_may_ask_for_two_persons(office: Office) -> None:
    office = office.under(make_rule("two", approvals=2))
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
    office = office.under(make_rule("two", approvals=2))
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
