"""The ledger of a person: why we may write, why not, and what to do instead."""

from datetime import timedelta
from uuid import uuid4

import pytest

from govern.domain.accounts import Account
from govern.domain.consent import ConsentKind, PermissionState
from govern.domain.members import Actor
from govern.domain.messages import Kind
from govern.domain.publications import Outcome
from govern.services.answers import Result, settle_attempt
from govern.services.consent import (
    BadEvidence,
    NoDoubt,
    NoInvitation,
    clear_doubt,
    record_invite,
    record_opt_in,
    record_opt_out,
)
from govern.services.contacts import UnknownContact
from govern.services.permissions import Ledger, explain_permission
from govern.services.sending import Claim, claim_next
from govern.settings import Settings
from govern.xapi.vault import Vault
from tests.asserts import assert_audited, assert_denied, assert_refused
from tests.factories import NOW, receive_dm, receive_mention
from tests.sending import connect
from tests.services.conftest import Office

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PROOF = {
    "channel": "web form",
    "wording_id": "offers",
    "wording_version": "3",
    "captured_at": "2026-11-20T10:00:00Z",
    "proof_ref": "form/8812",
}


async def ledger(office: Office, *, by: Actor | None = None, account: str = "Help", after: timedelta = HOUR) -> Ledger:
    return await explain_permission(
        "marion",
        account,
        actor=by or office.people.leo,
        access=office.access,
        policies=office.policies,
        now=NOW + after,
    )


async def test_ledger_says_why_we_may_answer_and_until_when(office: Office) -> None:
    await receive_dm(office.people.help)
    found = await ledger(office)
    assert (found.state, found.until) == (PermissionState.SERVICE_WINDOW, NOW + DAY)
    (event,) = found.events
    assert (event.kind, event.account, event.explains) == (ConsentKind.INBOUND_DM, "Help", True)
    assert "@Help" in event.words.en
    assert "@Help" in event.words.fr
    assert found.way_out is not None
    assert found.way_out.code == "answer_only"


async def test_ledger_says_why_not_and_the_legal_way_out(office: Office) -> None:
    await receive_mention(office.people.help)
    found = await ledger(office)
    assert (found.state, found.until, found.events) == (PermissionState.UNSOLICITED, None, ())
    assert found.way_out is not None
    assert found.way_out.code == "public_reply"
    assert "@Help" in found.words.en
    assert "@Help" in found.way_out.words.fr


async def test_ledger_keeps_all_that_happened_newest_first_with_its_evidence(office: Office) -> None:
    await record_opt_in(
        account="Help",
        contact="marion",
        evidence=PROOF,
        actor=office.people.leo,
        access=office.access,
        now=NOW,
    )
    await receive_dm(office.people.help, at=NOW + MINUTE)
    await receive_dm(office.people.help, text="STOP", at=NOW + 2 * MINUTE)
    found = await ledger(office)
    kinds = [event.kind for event in found.events]
    assert kinds[0] in {ConsentKind.OPT_OUT, ConsentKind.INBOUND_DM}
    assert kinds[-1] is ConsentKind.OPT_IN
    assert found.events[-1].evidence == PROOF
    assert found.events[-1].recorded_by == office.people.leo.id
    assert found.state is PermissionState.OPTED_OUT
    assert [event.kind for event in found.events if event.explains] == [ConsentKind.OPT_OUT]


async def test_what_a_person_wrote_to_another_brand_is_not_shown_but_a_stop_is(office: Office) -> None:
    await receive_dm(office.people.news)
    await receive_dm(office.people.news, text="STOP", at=NOW + MINUTE)
    found = await ledger(office)
    assert [event.kind for event in found.events] == [ConsentKind.OPT_OUT]


async def test_only_who_reads_contacts_reads_the_ledger(office: Office) -> None:
    await receive_dm(office.people.help)
    for actor in (office.people.ana, office.people.vera, office.people.ada, office.people.noa):
        async with assert_denied(office.owner, actor, "contact.read"):
            await ledger(office, by=actor)
    assert (await ledger(office, by=office.people.cleo)).contact.handle == "marion"


async def test_there_is_no_ledger_of_nobody(office: Office) -> None:
    for who in ("nobody", uuid4()):
        with pytest.raises(UnknownContact):
            await explain_permission(
                who,
                "Help",
                actor=office.people.leo,
                access=office.access,
                policies=office.policies,
                now=NOW,
            )


async def answer(office: Office, config: Settings, account: Account, *, after: timedelta) -> None:
    """Write an answer in private and see it sent."""
    vault = Vault.from_settings(config)
    await connect(account, office.owner, vault)
    await office.write(office.people.leo, kind=Kind.DM, recipient="marion", text="On its way.", now=NOW + after)
    claim = await claim_next(
        account.id,
        worker="test",
        access=office.access,
        policies=office.policies,
        vault=vault,
        settings=config,
        now=NOW + after + MINUTE,
    )
    assert isinstance(claim, Claim)
    await settle_attempt(claim.attempt, Result(outcome=Outcome.SENT, x_id="4711"), now=NOW + after + MINUTE)


async def test_window_stays_open_for_a_week_once_a_member_has_answered(office: Office, config: Settings) -> None:
    await receive_dm(office.people.help)
    await answer(office, config, office.people.help, after=20 * HOUR)
    found = await ledger(office, after=6 * DAY)
    assert (found.state, found.until) == (PermissionState.SERVICE_WINDOW, NOW + 7 * DAY)
    assert (await ledger(office, after=7 * DAY)).state is PermissionState.UNSOLICITED


async def test_window_slides_with_each_message_of_theirs(office: Office) -> None:
    await receive_dm(office.people.help)
    await receive_dm(office.people.help, at=NOW + 23 * HOUR)
    assert (await ledger(office, after=46 * HOUR)).until == NOW + 47 * HOUR
    assert (await ledger(office, after=47 * HOUR)).state is PermissionState.UNSOLICITED


async def test_confirmation_of_a_stop_keeps_no_conversation_alive(office: Office, config: Settings) -> None:
    vault = Vault.from_settings(config)
    await connect(office.people.help, office.owner, vault)
    await receive_dm(office.people.help, text="STOP")
    claim = await claim_next(
        office.people.help.id,
        worker="test",
        access=office.access,
        policies=office.policies,
        vault=vault,
        settings=config,
        now=NOW + MINUTE,
    )
    assert isinstance(claim, Claim)
    await settle_attempt(claim.attempt, Result(outcome=Outcome.SENT, x_id="4712"), now=NOW + MINUTE)
    await receive_dm(office.people.help, at=NOW + 2 * MINUTE)
    assert (await ledger(office, after=25 * HOUR)).state is PermissionState.OPTED_OUT


async def test_who_asked_us_in_public_to_write_may_be_written_to_for_a_day(office: Office) -> None:
    post = await receive_mention(office.people.help, text="please write to me in private")
    who = {"account": "Help", "contact": "marion", "actor": office.people.leo, "access": office.access}
    await record_invite(**who, x_id=post, now=NOW + HOUR)  # type: ignore[arg-type]
    found = await ledger(office)
    assert (found.state, found.until) == (PermissionState.SERVICE_WINDOW, NOW + DAY)
    assert found.events[0].evidence["x_id"] == post
    async with assert_refused(NoInvitation, office.owner):
        await record_invite(**who, x_id="12345", now=NOW + HOUR)  # type: ignore[arg-type]


async def test_consent_counts_from_when_it_was_given_so_a_stop_since_then_wins(office: Office) -> None:
    await record_opt_out(
        account="Help",
        contact="marion",
        actor=office.people.leo,
        access=office.access,
        policies=office.policies,
        now=NOW,
    )
    await record_opt_in(
        account="Help",
        contact="marion",
        evidence=PROOF,
        actor=office.people.leo,
        access=office.access,
        now=NOW + MINUTE,
    )
    assert (await ledger(office)).state is PermissionState.OPTED_OUT


@pytest.mark.parametrize("captured_at", ["yesterday", "2026-11-20T10:00:00", "2027-01-01T00:00:00Z"])
async def test_consent_without_a_time_that_can_be_is_no_evidence(office: Office, captured_at: str) -> None:
    async with assert_refused(BadEvidence, office.owner):
        await record_opt_in(
            account="Help",
            contact="marion",
            evidence=PROOF | {"captured_at": captured_at},
            actor=office.people.leo,
            access=office.access,
            now=NOW,
        )


async def test_doubt_is_cleared_by_who_records_consent_and_only_if_there_is_one(office: Office) -> None:
    await receive_dm(office.people.help)
    asking = {"account": "Help", "contact": "marion", "reason": "A question.", "access": office.access}
    async with assert_refused(NoDoubt, office.owner):
        await clear_doubt(**asking, actor=office.people.leo, now=NOW + HOUR)  # type: ignore[arg-type]
    await receive_dm(office.people.help, text="je préfère qu'on arrête là", at=NOW + MINUTE)
    assert (await ledger(office)).doubt_open
    async with assert_denied(office.owner, office.people.ana, "consent.record"):
        await clear_doubt(**asking, actor=office.people.ana, now=NOW + HOUR)  # type: ignore[arg-type]
    await clear_doubt(**asking, actor=office.people.leo, now=NOW + HOUR)  # type: ignore[arg-type]
    assert not (await ledger(office)).doubt_open
    entry = await assert_audited("consent.recorded", kind="doubt_cleared")
    assert "evidence" in entry["commit"]
    assert "A question" not in str(entry)
