"""What screening decides in its place: no private message to who did not write, whoever asks."""

from datetime import timedelta

import msgspec
import pytest

from govern.domain.consent import PermissionState
from govern.domain.drafts import TargetMissing, TextMissing
from govern.domain.members import Actor
from govern.domain.messages import IllegalTransition, Kind, Message, State
from govern.errors import GovernError
from govern.services.accounts import UnknownAccount
from govern.services.consent import record_opt_out
from govern.services.permissions import permission_of
from govern.services.screening import preview
from govern.services.tokens import find_token, issue_token
from govern.tables import Contact, Publication
from govern.tables import Screening as ScreeningTable
from tests.asserts import actions, assert_audited, assert_denied, assert_nothing_changed, assert_refused
from tests.factories import NOW, receive_dm, receive_mention
from tests.services.conftest import LATER, Office

OFFER = "Buy now: 50 % off all shoes with code SAVE50, last chance, shop today!"
ANSWER = "Your parcel left today and arrives tomorrow."


async def dm(office: Office, by: Actor, text: str = ANSWER, **overrides: object) -> Message:
    return await office.write(by, kind=Kind.DM, recipient="marion", text=text, **overrides)


async def token_of(office: Office, who: Actor) -> Actor:
    token = await issue_token(email=f"{who.name}@example.com", name="API", actor=who, access=office.access, now=NOW)
    actor = await find_token(token.text, now=NOW)
    assert actor is not None
    return actor


def rules(message: Message) -> set[object]:
    return {finding["rule"] for finding in message.findings}


@pytest.mark.parametrize("who", ["leo", "ana", "mia", "bo"])
@pytest.mark.parametrize("text", [ANSWER, OFFER])
async def test_dm_nobody_asked_for_is_blocked_for_every_role_and_recorded(office: Office, who: str, text: str) -> None:
    actor: Actor = getattr(office.people, who)
    for each in (actor, await token_of(office, actor)):
        message = await dm(office, each, text)
        assert (message.state, message.decision, message.permission) == (State.BLOCKED, "block", "unsolicited")
        assert "DM-UNSOLICITED" in rules(message)
        entry = await assert_audited("message.blocked", outcome="denied", actor=each.id)
        assert "DM-UNSOLICITED" in entry["data"]["rules"]
        await assert_audited("revision.screened", decision="block", permission="unsolicited", stage="submit")
    assert await Publication.count() == 0


@pytest.mark.parametrize("who", ["ada", "cleo", "vera"])
async def test_who_may_not_write_gets_no_dm_past_the_policy_either(office: Office, who: str) -> None:
    actor: Actor = getattr(office.people, who)
    for each in (actor, await token_of(office, actor)):
        async with assert_denied(office.owner, each, "message.write_dm"):
            await dm(office, each)
    assert await Contact.count() == 0


async def test_blocked_dm_says_why_in_both_languages_and_what_to_do(office: Office) -> None:
    finding = (await dm(office, office.people.leo)).findings[0]
    words, advice = finding["message"], finding["advice"]
    assert isinstance(words, dict)
    assert isinstance(advice, dict)
    assert "@Help" in words["en"]
    assert "@Help" in words["fr"]
    assert advice["code"] == "invite_to_write"


async def test_blocked_dm_is_approved_by_nobody(office: Office) -> None:
    message = await dm(office, office.people.leo)
    for actor in (office.people.mia, office.people.cleo):
        async with assert_refused(IllegalTransition, office.owner):
            await office.approve(message, actor)


async def test_customer_writes_first_and_the_answer_goes_out(office: Office) -> None:
    await receive_dm(office.people.help)
    message = await dm(office, office.people.leo)
    assert (message.state, message.permission) == (State.APPROVED, "service_window")
    assert await Publication.count() == 1


async def test_mention_in_public_gives_no_right_to_write_in_private(office: Office) -> None:
    await receive_mention(office.people.help)
    assert (await dm(office, office.people.leo)).state is State.BLOCKED


async def test_window_of_another_account_is_not_ours(office: Office) -> None:
    await receive_dm(office.people.news)
    assert (await dm(office, office.people.leo)).state is State.BLOCKED


async def test_window_closes_after_a_day(office: Office) -> None:
    await receive_dm(office.people.help)
    later = NOW + timedelta(hours=24)
    assert (await dm(office, office.people.leo, now=later - timedelta(seconds=1))).state is State.APPROVED
    assert (await dm(office, office.people.leo, "Too late.", now=later)).state is State.BLOCKED


async def test_offer_is_blocked_within_the_window_too(office: Office) -> None:
    await receive_dm(office.people.help)
    for actor in (office.people.leo, office.people.mia):
        message = await dm(office, actor, OFFER)
        assert (message.state, message.permission) == (State.BLOCKED, "service_window")
        assert "PRO-CLASS" in rules(message)
    await assert_audited("revision.screened", decision="block", permission="service_window", **{"class": "promotional"})


async def test_who_said_stop_is_not_written_to(office: Office) -> None:
    await receive_dm(office.people.help)
    await record_opt_out(
        account="Help",
        contact="marion",
        actor=office.people.leo,
        access=office.access,
        policies=office.policies,
        now=LATER,
    )
    message = await dm(office, office.people.leo, now=LATER)
    assert (message.state, message.permission) == (State.BLOCKED, "opted_out")


async def test_same_person_may_be_answered_once_they_wrote(office: Office) -> None:
    message = await dm(office, office.people.leo)
    await receive_dm(office.people.help)
    revised = await office.revise(message, ANSWER + " Sorry!", office.people.leo)
    assert (await office.submit(revised, office.people.leo)).state is State.APPROVED


async def test_offer_in_public_is_no_matter_of_consent(office: Office) -> None:
    assert (await office.write(office.people.ana, text=OFFER)).decision == "allow"


async def test_answer_of_screening_is_kept_with_the_policy_it_came_from(office: Office) -> None:
    message = await office.write(office.people.ana)
    row = await ScreeningTable.select().where(ScreeningTable.revision == message.revision.id).first()
    assert row is not None
    assert (row["moment"], row["decision"], row["klass"]) == ("submit", "allow", "clean")
    assert row["policy_digest"] == office.policies.screening.digest
    await assert_audited("revision.screened", policy=office.policies.screening.digest)


async def test_preview_says_what_submitting_would_and_keeps_nothing(office: Office) -> None:
    before = await actions()
    async with assert_nothing_changed(office.owner):
        shown = await preview(
            account="Help",
            kind=Kind.DM,
            text=OFFER,
            recipient="marion",
            actor=office.people.leo,
            access=office.access,
            policies=office.policies,
            now=NOW,
        )
    assert await actions() == before
    submitted = await dm(office, office.people.leo, OFFER)
    assert msgspec.json.encode(shown.findings, order="sorted") == msgspec.json.encode(
        submitted.findings, order="sorted"
    )
    assert shown.decision == "block"


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"text": ""}, TextMissing),
        ({"recipient": None}, TargetMissing),
        ({"account": "Nobody"}, UnknownAccount),
    ],
)
async def test_preview_of_a_bad_draft_is_refused(
    office: Office, change: dict[str, object], kind: type[GovernError]
) -> None:
    values: dict[str, object] = {"account": "Help", "kind": Kind.DM, "text": ANSWER, "recipient": "marion"}
    with pytest.raises(kind):
        await preview(
            **(values | change),  # type: ignore[arg-type]  # wrong on purpose
            actor=office.people.leo,
            access=office.access,
            policies=office.policies,
            now=NOW,
        )


async def test_right_to_write_is_told_to_who_may_write(office: Office) -> None:
    async def asked(by: Actor, contact: str = "marion") -> PermissionState:
        found = await permission_of("Help", contact, actor=by, access=office.access, policies=office.policies, now=NOW)
        return found.state

    assert await asked(office.people.leo) is PermissionState.UNSOLICITED
    await receive_dm(office.people.help)
    assert await asked(office.people.leo) is PermissionState.SERVICE_WINDOW
    assert await asked(office.people.leo, "@MARION") is PermissionState.SERVICE_WINDOW
    async with assert_denied(office.owner, office.people.noa, "message.write_dm"):
        await asked(office.people.noa)
