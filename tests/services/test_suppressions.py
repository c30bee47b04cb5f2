"""Who said stop and was erased is left alone when they come back, though nothing names them any more."""

from datetime import timedelta

import pytest

from govern.domain.consent import ConsentKind, PermissionState
from govern.services.consent import record_opt_out
from govern.services.consent_events import list_events
from govern.services.contacts import find_contact
from govern.services.erasing import Ground, erase_subject
from govern.services.permissions import permission_for
from govern.services.subjects import SubjectKind
from govern.tables import Contact, Suppression
from tests.factories import NOW, receive_dm, receive_mention
from tests.services.conftest import Office

HOUR = timedelta(hours=1)


async def erase(office: Office, *, now_after: timedelta = HOUR) -> None:
    await erase_subject(
        SubjectKind.CONTACT,
        "marion",
        ground=Ground.PERSON_ASKED,
        reason="She asked for it.",
        actor=office.people.cleo,
        access=office.access,
        now=NOW + now_after,
    )


async def opt_out(office: Office) -> None:
    await record_opt_out(
        account="Help",
        contact="marion",
        actor=office.people.leo,
        access=office.access,
        policies=office.policies,
        now=NOW,
    )


async def state(office: Office, *, after: timedelta) -> PermissionState:
    contact = await find_contact("marion")
    assert contact is not None
    found = await permission_for(contact.id, office.people.help, rules=office.policies.consent, now=NOW + after)
    return found.state


async def test_stop_outlives_the_erasure_of_who_said_it(office: Office) -> None:
    await receive_dm(office.people.help, at=NOW - HOUR)
    await opt_out(office)
    await erase(office)
    assert await find_contact("marion") is None
    await receive_mention(office.people.help, at=NOW + 2 * HOUR)
    assert await state(office, after=2 * HOUR) is PermissionState.OPTED_OUT
    contact = await find_contact("marion")
    assert contact is not None
    (event,) = await list_events(contact.id)
    assert (event.kind, event.source, event.occurred_at) == (ConsentKind.OPT_OUT, "suppression", NOW)


async def test_who_comes_back_by_writing_gets_the_plain_answer_only(office: Office) -> None:
    await receive_dm(office.people.help, at=NOW - HOUR)
    await opt_out(office)
    await erase(office)
    await receive_dm(office.people.help, at=NOW + 2 * HOUR)
    assert await state(office, after=3 * HOUR) is PermissionState.OPTED_OUT_THEN_WROTE


async def test_who_said_no_stop_comes_back_as_anybody(office: Office) -> None:
    await receive_dm(office.people.help, at=NOW - HOUR)
    await erase(office)
    assert await Suppression.count() == 0
    await receive_dm(office.people.help, at=NOW + 2 * HOUR)
    assert await state(office, after=3 * HOUR) is PermissionState.SERVICE_WINDOW


async def test_hash_names_nobody(office: Office) -> None:
    await receive_dm(office.people.help, at=NOW - HOUR)
    before = await Contact.select(Contact.x_user_id).first()
    assert before is not None
    await opt_out(office)
    await erase(office)
    row = await Suppression.select().first()
    assert row is not None
    assert str(before["x_user_id"]).encode() not in row["hash"]
    assert (len(row["hash"]), row["scope"], row["since"]) == (32, "brand:care", NOW)


@pytest.mark.parametrize("times", [1, 2])
async def test_coming_back_and_leaving_again_keeps_the_stop(office: Office, times: int) -> None:
    await receive_dm(office.people.help, at=NOW - HOUR)
    await opt_out(office)
    for number in range(times):
        await erase(office, now_after=HOUR * (2 * number + 1))
        await receive_mention(office.people.help, at=NOW + HOUR * (2 * number + 2))
        assert await state(office, after=HOUR * (2 * number + 2)) is PermissionState.OPTED_OUT
