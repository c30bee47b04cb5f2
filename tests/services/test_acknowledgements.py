"""Warnings: seen one by one, or the message is not handed in."""

from pathlib import Path

import msgspec
import pytest

from govern.domain.messages import Kind, Message, State
from govern.services.acknowledgements import Acknowledged, Unacknowledged
from govern.services.copying import copy_message
from govern.services.revisions import FixedWords
from govern.services.submission import submit_message
from govern.tables import Acknowledgement
from govern.tables import Message as MessageTable
from tests.asserts import assert_audited, assert_denied, assert_refused
from tests.factories import NOW, receive_dm, warnings_in
from tests.rules import with_rules
from tests.services.conftest import LATER, Office

TEXT = "The workshop opens on saturday."
WORKSHOP, SATURDAY = Acknowledged("LEX-TEST-1", (4, 12)), Acknowledged("LEX-TEST-2", (22, 30))


@pytest.fixture
def warned(office: Office, tmp_path: Path) -> Office:
    """The office under rules that warn of two words."""
    return msgspec.structs.replace(office, policies=with_rules(tmp_path, ("workshop", "warn"), ("saturday", "warn")))


async def hand_in(office: Office, message: Message, *seen: Acknowledged) -> Message:
    return await submit_message(
        message.id,
        revision=1,
        acknowledged=seen,
        actor=office.people.ana,
        access=office.access,
        policies=office.policies,
        now=LATER,
    )


async def test_message_with_a_warning_nobody_has_seen_is_not_handed_in(warned: Office) -> None:
    message = await warned.write(warned.people.ana, text=TEXT, submit=False)
    for seen in ((), (WORKSHOP,), (WORKSHOP, Acknowledged("LEX-TEST-2", (0, 3)))):
        async with assert_refused(Unacknowledged, warned.owner) as refused:
            await hand_in(warned, message, *seen)
        assert SATURDAY in warnings_in(refused.value)  # type: ignore[arg-type]


async def test_who_has_seen_each_warning_hands_it_in_and_that_is_kept(warned: Office) -> None:
    message = await warned.write(warned.people.ana, text=TEXT, submit=False)
    done = await hand_in(warned, message, WORKSHOP, SATURDAY)
    assert (done.state, done.decision) == (State.PENDING_APPROVAL, "warn")
    kept = await Acknowledgement.select().order_by(Acknowledgement.rule)
    assert [(row["rule"], row["span_start"], row["span_end"]) for row in kept] == [
        ("LEX-TEST-1", 4, 12),
        ("LEX-TEST-2", 22, 30),
    ]
    assert {row["member"] for row in kept} == {warned.people.ana.member}
    assert {row["revision"] for row in kept} == {message.revision.id}
    entry = await assert_audited("message.warnings_acknowledged", actor=warned.people.ana.id, revision=1)
    assert entry["data"]["warnings"] == ["LEX-TEST-1:4-12", "LEX-TEST-2:22-30"]


async def test_draft_and_hand_in_are_both_or_neither(warned: Office) -> None:
    before = await MessageTable.count()
    with pytest.raises(Unacknowledged):
        await warned.write(warned.people.ana, text=TEXT, acknowledged=())
    assert await MessageTable.count() == before


async def test_approver_who_edits_sees_the_warnings_of_the_edit(warned: Office) -> None:
    message = await warned.write(warned.people.ana, text="We open at ten.")
    async with assert_refused(Unacknowledged, warned.owner):
        await warned.approve(message, warned.people.mia, text=TEXT, acknowledged=())


async def test_blocked_text_asks_for_no_acknowledgement(office: Office, tmp_path: Path) -> None:
    rules = with_rules(tmp_path, ("workshop", "warn"), ("saturday", "block"))
    office = msgspec.structs.replace(office, policies=rules)
    message = await office.write(office.people.ana, text=TEXT, submit=False)
    assert (await hand_in(office, message)).state is State.BLOCKED


async def test_what_needs_a_person_needs_one_whatever_the_approval_rules_say(office: Office, tmp_path: Path) -> None:
    office = msgspec.structs.replace(office, policies=with_rules(tmp_path, ("parcel", "needs_approval")))
    await receive_dm(office.people.help)
    message = await office.write(office.people.leo, kind=Kind.DM, recipient="marion", text="Your parcel is on its way.")
    assert message.state is State.PENDING_APPROVAL
    assert message.approvals_required >= 1


async def test_author_takes_a_copy_of_what_could_not_go(office: Office) -> None:
    await receive_dm(office.people.help)
    old = await office.write(office.people.leo, kind=Kind.DM, recipient="marion", text="Your parcel is on its way.")
    await receive_dm(office.people.help, text="STOP", at=LATER)
    new = await copy_message(old.id, actor=office.people.leo, access=office.access, now=LATER)
    assert (new.state, new.revision.text, new.recipient) == (State.DRAFT, old.revision.text, "marion")
    entry = await assert_audited("message.copied", original=str(old.id))
    assert {"kind": "message", "id": str(old.id)} in entry["refs"]
    async with assert_denied(office.owner, office.people.noa, "message.write_dm"):
        await copy_message(old.id, actor=office.people.noa, access=office.access, now=LATER)


async def test_confirmation_of_a_stop_is_not_copied(office: Office) -> None:
    await receive_dm(office.people.help, text="STOP")
    row = await MessageTable.select(MessageTable.id).where(MessageTable.confirms.is_not_null()).first()
    assert row is not None
    async with assert_refused(FixedWords, office.owner):
        await copy_message(row["id"], actor=office.people.leo, access=office.access, now=NOW)
