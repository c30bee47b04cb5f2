"""The right to write: what opens it, what closes it, and that facts are kept once."""

from datetime import datetime, timedelta

import asyncpg
import pytest

from govern.domain.accounts import Account, UnknownHandle
from govern.domain.consent import ConsentKind, DmPermission, PermissionState, Purpose
from govern.domain.members import Actor
from govern.errors import GovernError
from govern.services.accounts import UnknownAccount
from govern.services.consent import EvidenceMissing, record_opt_in, record_opt_out
from govern.services.consent_events import list_events
from govern.services.contacts import find_contact
from govern.services.permissions import permission_for
from govern.services.receiving import store_dms
from govern.tables import ConsentEvent
from govern.xapi.client import DmEvent
from tests.asserts import actions, assert_audited, assert_denied, assert_nothing_changed, assert_refused, race
from tests.factories import NOW, receive_dm, receive_mention
from tests.services.conftest import Office

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PROOF = {
    "channel": "web form",
    "wording_id": "offers",
    "wording_version": "3",
    "captured_at": "2026-11-20T10:00:00Z",
    "proof_ref": "form/8812",
}


async def permission(office: Office, account: Account, *, now: datetime, handle: str = "marion") -> DmPermission:
    contact = await find_contact(handle)
    assert contact is not None
    return await permission_for(contact.id, account, rules=office.policies.consent, now=now)


async def opt_in(office: Office, by: Actor, **changes: object) -> None:
    values: dict[str, object] = {"account": "Help", "contact": "marion", "evidence": PROOF, "now": NOW}
    await record_opt_in(**(values | changes), actor=by, access=office.access)  # type: ignore[arg-type]


async def opt_out(office: Office, by: Actor, *, now: datetime = NOW) -> None:
    await record_opt_out(
        account="Help", contact="marion", actor=by, access=office.access, policies=office.policies, now=now
    )


def dm_of(office: Office, x_id: str, *, at: datetime = NOW) -> DmEvent:
    return DmEvent(
        x_id=x_id,
        sender_id="9001",
        sender_handle="marion",
        sender_name="Marion",
        recipient_id=office.people.help.x_user_id,
        recipient_handle="Help",
        text="Where is my parcel?",
        conversation_id="1-2",
        created_at=at,
    )


async def test_dm_opens_a_window_of_a_day_for_the_account_it_was_sent_to(office: Office) -> None:
    await receive_dm(office.people.help, at=NOW)
    here = await permission(office, office.people.help, now=NOW + HOUR)
    assert (here.state, here.until) == (PermissionState.SERVICE_WINDOW, NOW + DAY)
    assert (await permission(office, office.people.help, now=NOW + DAY)).state is PermissionState.UNSOLICITED
    assert (await permission(office, office.people.news, now=NOW + HOUR)).state is PermissionState.UNSOLICITED
    await assert_audited("consent.recorded", kind="inbound_dm", purpose="service")


async def test_window_runs_from_when_the_person_wrote_not_from_when_we_read_it(office: Office) -> None:
    actor = office.people.ada
    await store_dms(
        office.people.help, [dm_of(office, "1", at=NOW - 20 * HOUR)], policies=office.policies, actor=actor, now=NOW
    )
    assert (await permission(office, office.people.help, now=NOW)).until == NOW + 4 * HOUR


async def test_mention_opens_no_window(office: Office) -> None:
    await receive_mention(office.people.help)
    assert (await permission(office, office.people.help, now=NOW)).state is PermissionState.UNSOLICITED


async def test_replayed_dm_is_one_fact(office: Office) -> None:
    actor = office.people.ada
    assert (
        await store_dms(
            office.people.help, [dm_of(office, "1"), dm_of(office, "1")], policies=office.policies, actor=actor, now=NOW
        )
        == 1
    )
    before = await actions()
    assert (
        await store_dms(office.people.help, [dm_of(office, "1")], policies=office.policies, actor=actor, now=NOW + HOUR)
        == 0
    )
    assert await actions() == before
    assert await ConsentEvent.count() == 1


async def test_dm_read_by_two_workers_at_once_is_one_fact(office: Office) -> None:
    await receive_mention(office.people.help)
    actor = office.people.ada
    results = await race(
        *(
            store_dms(office.people.help, [dm_of(office, "1")], policies=office.policies, actor=actor, now=NOW)
            for _ in range(3)
        )
    )
    assert await ConsentEvent.count() == 1, results


async def test_consent_to_promotion_needs_every_part_of_its_proof(office: Office) -> None:
    for part in PROOF:
        async with assert_refused(EvidenceMissing, office.owner) as refused:
            await opt_in(office, office.people.leo, evidence=PROOF | {part: ""})
        assert refused.value.data["missing"] == part


async def test_consent_counts_for_the_brand_it_was_given_to(office: Office) -> None:
    await opt_in(office, office.people.leo)
    assert (await permission(office, office.people.help, now=NOW + DAY)).state is PermissionState.OPTED_IN
    assert (await permission(office, office.people.news, now=NOW + DAY)).state is PermissionState.UNSOLICITED
    entry = await assert_audited("consent.recorded", actor=office.people.leo.id, kind="opt_in", purpose="promotional")
    assert entry["ctx"]["rule"] == "agent.consent.record"
    contact = await find_contact("marion")
    assert contact is not None
    event = (await list_events(contact.id))[0]
    assert (event.kind, event.purpose, event.evidence) == (ConsentKind.OPT_IN, Purpose.PROMOTIONAL, PROOF)


async def test_only_who_cares_for_customers_records_consent(office: Office) -> None:
    for actor in (office.people.ana, office.people.noa, office.people.ada, office.people.cleo):
        async with assert_denied(office.owner, actor, "consent.record"):
            await opt_in(office, actor)


@pytest.mark.parametrize(
    ("change", "kind"),
    [({"account": "Nobody"}, UnknownAccount), ({"contact": "not a handle"}, UnknownHandle)],
)
async def test_consent_of_nobody_is_refused(office: Office, change: dict[str, object], kind: type[GovernError]) -> None:
    async with assert_refused(kind, office.owner):
        await opt_in(office, office.people.leo, **change)


async def test_stop_holds_at_once_in_the_whole_company_whoever_notes_it(office: Office) -> None:
    await receive_dm(office.people.news)
    await opt_in(office, office.people.leo)
    await opt_out(office, office.people.vera, now=NOW + HOUR)
    for account in (office.people.help, office.people.news):
        assert (await permission(office, account, now=NOW + HOUR)).state is PermissionState.OPTED_OUT
    await assert_audited("consent.recorded", actor=office.people.vera.id, kind="opt_out", purpose="all")


async def test_who_said_stop_and_writes_again_gets_the_plain_answer_only(office: Office) -> None:
    await opt_out(office, office.people.leo)
    await receive_dm(office.people.help, at=NOW + HOUR)
    found = await permission(office, office.people.help, now=NOW + 2 * HOUR)
    assert found.state is PermissionState.OPTED_OUT_THEN_WROTE


async def test_fact_is_never_changed(office: Office) -> None:
    await opt_out(office, office.people.leo)
    for statement in ("UPDATE consent_event SET kind = 'opt_in'", "DELETE FROM consent_event"):
        async with assert_nothing_changed(office.owner):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await office.owner.execute(statement)
