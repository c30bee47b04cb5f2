"""Writing: draft, revise, submit, schedule, withdraw."""

from datetime import datetime, timedelta
from uuid import uuid4

import msgspec
import pytest

from govern.domain.accounts import UnknownHandle
from govern.domain.drafts import (
    BadTarget,
    Draft,
    PastSchedule,
    ScheduleTooFar,
    TargetMissing,
    TextMissing,
    TextTooLong,
    TextUnstorable,
    UnknownZone,
)
from govern.domain.messages import IllegalTransition, Kind, Message, StaleRevision, State
from govern.errors import Invalid
from govern.services.accounts import UnknownAccount
from govern.services.message_views import list_approvals, list_revisions, load_message
from govern.services.messages import draft_message
from govern.services.use_case import DoneMeanwhile
from govern.tables import Message as MessageTable
from govern.tables import Outbox, Publication
from tests.asserts import (
    actions,
    assert_audited,
    assert_denied,
    assert_nothing_changed,
    assert_one_winner,
    assert_refused,
    race,
)
from tests.factories import NOW, receive_dm
from tests.services.conftest import LATER, Office

HOUR = timedelta(hours=1)
GOOD = Draft(account="Help", kind=Kind.POST, text="We open at ten.")


async def draft(office: Office, draft: Draft = GOOD, *, now: datetime = NOW, **overrides: object) -> Message:
    values: dict[str, object] = {"submit": False, "actor": office.people.ana} | overrides
    return await draft_message(draft, access=office.access, policies=office.policies, now=now, **values)  # type: ignore[arg-type]


async def test_draft_waits_with_its_author_and_is_recorded(office: Office) -> None:
    message = await draft(office)
    assert (message.state, message.account, message.revision.number) == (State.DRAFT, "Help", 1)
    assert (message.author, message.revision.editor) == (office.people.ana.member, office.people.ana.member)
    assert (message.decision, message.findings, message.approvals) == (None, (), 0)
    await assert_audited(
        "message.drafted",
        actor=office.people.ana.id,
        account=str(office.people.help.id),
        kind="post",
        digest=message.revision.digest.hex(),
    )
    assert await Outbox.count() == 0


async def test_text_of_a_message_never_stands_in_the_log(office: Office) -> None:
    await office.write(office.people.ana, text="A word nobody else uses: abracadabra.")
    told = await office.owner.fetchval("SELECT string_agg(entry, '') FROM audit.entry")
    assert "abracadabra" not in told


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"account": "Nobody"}, UnknownAccount),
        ({"account": "no such handle"}, UnknownHandle),
        ({"text": " "}, TextMissing),
        ({"text": "x" * 25_001}, TextTooLong),
        ({"text": "a\0b"}, TextUnstorable),
        ({"kind": Kind.REPLY}, TargetMissing),
        ({"kind": Kind.REPLY, "in_reply_to": "9999999999999999999"}, BadTarget),
        ({"kind": Kind.DM}, TargetMissing),
        ({"kind": Kind.DM, "recipient": "not a handle"}, UnknownHandle),
        ({"scheduled_at": NOW}, PastSchedule),
        ({"scheduled_at": NOW + timedelta(days=401)}, ScheduleTooFar),
        ({"scheduled_at": NOW + HOUR, "zone": "Europe/Atlantis"}, UnknownZone),
        ({"zone": "../../etc/passwd"}, UnknownZone),
    ],
)
@pytest.mark.parametrize("submit", [False, True])
async def test_bad_draft_is_refused_and_nothing_is_kept(
    office: Office, change: dict[str, object], kind: type[Invalid], submit: bool
) -> None:
    async with assert_refused(kind, office.owner):
        await draft(office, msgspec.structs.replace(GOOD, **change), submit=submit)


async def test_nobody_writes_for_an_account_without_a_role_there(office: Office) -> None:
    people = office.people
    for actor in (people.noa, people.vera, people.cleo, people.ada):
        async with assert_denied(office.owner, actor, "message.write_post"):
            await draft(office, actor=actor, submit=True)


async def test_draft_and_submission_stand_or_fall_together(office: Office) -> None:
    policies = msgspec.structs.replace(
        office.policies, approval=msgspec.structs.replace(office.policies.approval, rule=())
    )
    async with assert_nothing_changed(office.owner):
        with pytest.raises(RuntimeError):
            await draft_message(
                GOOD, submit=True, actor=office.people.ana, access=office.access, policies=policies, now=NOW
            )
    assert "message.drafted" not in await actions()


async def test_form_sent_twice_makes_one_message(office: Office) -> None:
    key = uuid4()
    first = await draft(office, form_key=key, submit=True)
    async with assert_nothing_changed(office.owner):
        assert await draft(office, form_key=key, submit=True, now=LATER) == first
    assert (await actions()).count("message.drafted") == 1


async def test_form_sent_twice_at_once_makes_one_message(office: Office) -> None:
    key = uuid4()
    results = await race(*(draft(office, form_key=key, submit=True) for _ in range(3)))
    assert len({result.id for result in results if isinstance(result, Message)}) == 1, results
    assert all(isinstance(result, Message) for result in results), results
    assert await MessageTable.count() == 1


async def test_form_of_another_person_is_not_answered_with_their_message(office: Office) -> None:
    key = uuid4()
    await draft(office, form_key=key)
    async with assert_refused(DoneMeanwhile, office.owner):
        await draft(office, form_key=key, actor=office.people.leo)


async def test_numbers_of_messages_rise(office: Office) -> None:
    first, second = await draft(office), await draft(office)
    assert second.number > first.number


async def test_revision_is_new_and_takes_no_approvals_along(office: Office) -> None:
    message = await office.write(office.people.ana)
    revised = await office.revise(message, "The workshop opens at eleven.", office.people.leo)
    assert (revised.state, revised.revision.number, revised.approvals) == (State.DRAFT, 2, 0)
    assert (revised.author, revised.revision.editor) == (office.people.ana.member, office.people.leo.member)
    assert revised.revision.digest != message.revision.digest
    assert [each.text for each in await list_revisions(message.id)] == [message.revision.text, revised.revision.text]
    entry = await assert_audited("message.revised", actor=office.people.leo.id, revision=2)
    assert entry["object"]["rev"] == 2
    assert entry["change"]["state"] == {"before": "pending_approval", "after": "draft"}


async def test_revising_a_draft_to_the_same_text_changes_nothing(office: Office) -> None:
    message = await draft(office)
    async with assert_nothing_changed(office.owner):
        assert await office.revise(message, message.revision.text, office.people.ana) == message


async def test_revision_of_a_revision_somebody_else_changed_is_refused(office: Office) -> None:
    message = await draft(office)
    await office.revise(message, "One.", office.people.ana)
    async with assert_refused(StaleRevision, office.owner) as refused:
        await office.revise(message, "Two.", office.people.leo)
    assert refused.value.data == {"read": 1, "current": 2}


async def test_of_two_revisions_at_once_one_is_kept(office: Office) -> None:
    message = await draft(office)
    assert_one_winner(
        await race(office.revise(message, "One.", office.people.ana), office.revise(message, "Two.", office.people.leo))
    )
    assert len(await list_revisions(message.id)) == 2


async def test_what_is_on_its_way_cannot_be_revised(office: Office) -> None:
    message = await office.write(office.people.ana)
    await office.approve(message, office.people.mia)
    async with assert_refused(IllegalTransition, office.owner):
        await office.revise(message, "Another text.", office.people.ana)


async def test_stranger_neither_revises_submits_nor_withdraws(office: Office) -> None:
    message = await draft(office)
    async with assert_denied(office.owner, office.people.noa, "message.write_post"):
        await office.revise(message, "Mine now.", office.people.noa)
    async with assert_denied(office.owner, office.people.noa, "message.write_post"):
        await office.submit(message, office.people.noa)
    async with assert_denied(office.owner, office.people.noa, "message.withdraw"):
        await office.withdraw(message, office.people.noa)
    async with assert_denied(office.owner, office.people.noa, "message.schedule"):
        await office.schedule(message, NOW + HOUR, office.people.noa)


async def test_scheduled_draft_keeps_its_time_in_its_zone(office: Office) -> None:
    at = NOW + timedelta(days=2)
    message = await draft(office, msgspec.structs.replace(GOOD, scheduled_at=at, zone="Asia/Tokyo"))
    assert (message.scheduled_at, message.zone) == (at, "Asia/Tokyo")
    plain = await draft(office, msgspec.structs.replace(GOOD, scheduled_at=at))
    assert plain.zone == "Europe/Paris"


async def test_author_schedules_an_own_draft(office: Office) -> None:
    at = NOW + timedelta(days=1)
    message = await office.schedule(await draft(office), at, office.people.ana, zone="Asia/Tokyo")
    assert (message.state, message.scheduled_at, message.zone) == (State.DRAFT, at, "Asia/Tokyo")
    entry = await assert_audited("message.scheduled", actor=office.people.ana.id)
    assert entry["change"]["scheduled_at"]["after"] == at.isoformat()
    submitted = await office.submit(message, office.people.ana)
    assert submitted.deadline_at == at


async def test_author_does_not_schedule_what_waits_or_what_others_wrote(office: Office) -> None:
    waiting = await office.write(office.people.ana)
    async with assert_denied(office.owner, office.people.ana, "message.schedule"):
        await office.schedule(waiting, NOW + HOUR, office.people.ana)
    foreign = await draft(office)
    async with assert_denied(office.owner, office.people.leo, "message.schedule"):
        await office.schedule(foreign, NOW + HOUR, office.people.leo)


async def test_manager_schedules_what_waits_and_moves_its_deadline(office: Office) -> None:
    at = NOW + timedelta(hours=3)
    message = await office.schedule(await office.write(office.people.ana), at, office.people.mia)
    assert (message.state, message.scheduled_at, message.deadline_at) == (State.PENDING_APPROVAL, at, at)


async def test_approved_message_is_moved_to_its_new_time(office: Office) -> None:
    message = await office.approve(await office.write(office.people.ana), office.people.mia)
    at = NOW + timedelta(hours=3)
    moved = await office.schedule(message, at, office.people.mia)
    assert (moved.state, moved.due_at, moved.hold) == (State.SCHEDULED, at, None)
    row = await Publication.select().where(Publication.message == message.id).first()
    assert row is not None
    assert (row["wake_at"], row["not_after"]) == (at, at + timedelta(minutes=15))
    again = await office.schedule(moved, at + HOUR, office.people.mia)
    assert (again.state, again.due_at) == (State.SCHEDULED, at + HOUR)


@pytest.mark.parametrize(
    ("at", "zone", "kind"),
    [
        (LATER, None, PastSchedule),
        (NOW - HOUR, None, PastSchedule),
        (NOW + timedelta(days=500), None, ScheduleTooFar),
        (NOW + HOUR, "Mars/Olympus", UnknownZone),
    ],
)
async def test_bad_time_is_refused(office: Office, at: datetime, zone: str | None, kind: type[Invalid]) -> None:
    message = await draft(office)
    async with assert_refused(kind, office.owner):
        await office.schedule(message, at, office.people.ana, zone=zone)


async def test_author_withdraws_an_own_message_and_it_never_goes_out(office: Office) -> None:
    message = await office.approve(await office.write(office.people.ana), office.people.mia)
    gone = await office.withdraw(message, office.people.ana, reason="  The workshop is cancelled. ")
    assert (gone.state, gone.hold) == (State.WITHDRAWN, None)
    assert await Publication.exists().where(Publication.closed_at.is_null()) is False
    entry = await assert_audited("message.withdrawn", actor=office.people.ana.id, revision=1)
    assert "comment" in entry["commit"]
    assert entry["change"]["state"] == {"before": "approved", "after": "withdrawn"}


async def test_withdrawing_twice_at_once_counts_once(office: Office) -> None:
    message = await draft(office)
    assert_one_winner(
        await race(office.withdraw(message, office.people.ana), office.withdraw(message, office.people.mia))
    )
    assert (await actions()).count("message.withdrawn") == 1


async def test_author_does_not_withdraw_what_others_wrote(office: Office) -> None:
    message = await office.write(office.people.ana)
    async with assert_denied(office.owner, office.people.leo, "message.withdraw"):
        await office.withdraw(message, office.people.leo)


async def test_reason_to_withdraw_has_a_limit(office: Office) -> None:
    message = await draft(office)
    async with assert_refused(TextTooLong, office.owner) as refused:
        await office.withdraw(message, office.people.ana, reason="x" * 501)
    assert refused.value.data["field"] == "reason"


async def test_dm_remembers_its_person_however_the_handle_is_written(office: Office) -> None:
    await receive_dm(office.people.help, "Marion_L")
    message = await draft(office, Draft(account="Help", kind=Kind.DM, text="It left today.", recipient="@marion_l"))
    assert message.recipient == "Marion_L"
    assert message.kind is Kind.DM


async def test_nothing_but_the_log_grows_when_a_message_is_read(office: Office) -> None:
    message = await draft(office)
    async with assert_nothing_changed(office.owner):
        await load_message(message.id)
        await load_message(f"M-{message.number}")
        await list_approvals(message.id)
