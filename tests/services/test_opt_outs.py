"""Stop: it holds in the transaction that reads it, and takes back what waits."""

from pathlib import Path

import asyncpg
import pytest

from govern.access import Access
from govern.domain.consent import ConsentKind, PermissionState
from govern.domain.messages import Kind, State, WithdrawnFor
from govern.domain.publications import Outcome
from govern.services.answers import DM_NOT_ALLOWED, Result
from govern.services.consent import clear_doubt, withdraw_consent
from govern.services.contacts import find_contact
from govern.services.message_views import load_message
from govern.services.policies import Policies
from govern.services.sending import Claim
from govern.settings import Settings
from tests.asserts import assert_audited
from tests.factories import NOW, receive_dm
from tests.rules import with_text
from tests.sending import Desk, make_desk, publication_of
from tests.services.stopping import (
    DOUBT,
    HOUR,
    MINUTE,
    OFFER,
    SECOND,
    events,
    opt_in,
    opt_out,
    state,
    stop,
    under,
    write_only,
)


@pytest.fixture
async def desk(database: None, owner: asyncpg.Connection, access: Access, policies: Policies, config: Settings) -> Desk:
    return await make_desk(owner, access, policies, config)


async def test_stop_in_a_private_message_holds_at_once(desk: Desk) -> None:
    await receive_dm(desk.company.help)
    await stop(desk)
    assert ConsentKind.OPT_OUT in await events()
    assert await state(desk, now=NOW + MINUTE) is PermissionState.OPTED_OUT
    await assert_audited("consent.recorded", kind="opt_out", purpose="all", source="x.stop")


async def test_stop_takes_back_every_private_message_that_waits_anywhere_in_the_company(desk: Desk) -> None:
    await receive_dm(desk.company.help)
    await receive_dm(desk.company.news)
    going = await desk.write_dm()
    later = await desk.write(
        "See you then.",
        author=desk.company.leo,
        kind=Kind.DM,
        recipient="marion",
        scheduled_at=NOW + 2 * HOUR,
    )
    queued = await desk.write(
        "From the press.", author=desk.company.noa, account="News", kind=Kind.DM, recipient="marion"
    )
    other = await desk.write("A post.")
    await stop(desk)
    for message in (going, later, queued):
        now = await load_message(message.id)
        assert (now.state, now.withdrawn_for) == (State.WITHDRAWN, WithdrawnFor.OPTED_OUT)
    assert await desk.state(other) == "approved"
    entry = await assert_audited("message.withdrawn", reason="opted_out")
    assert {ref["kind"] for ref in entry["refs"]} >= {"contact", "consent_event"}


async def test_stop_takes_back_a_draft_too(desk: Desk) -> None:
    await receive_dm(desk.company.help)
    draft = await write_only(desk, "Not yet.", submit=False)
    await stop(desk)
    assert await desk.state(draft) == "withdrawn"


async def test_stop_of_one_person_is_no_stop_of_another(desk: Desk) -> None:
    await receive_dm(desk.company.help, "lucie")
    message = await desk.write_dm(recipient="lucie")
    await stop(desk)
    assert await desk.state(message) == "approved"


async def test_stop_reaches_the_brand_only_where_the_rules_say_so(desk: Desk, tmp_path: Path) -> None:
    by_brand = with_text(tmp_path, "consent.toml", 'opt_out_scope = "company"', 'opt_out_scope = "brand"')
    desk = under(desk, by_brand)
    await receive_dm(desk.company.news)
    queued = await desk.write(
        "From the press.", author=desk.company.noa, account="News", kind=Kind.DM, recipient="marion"
    )
    await receive_dm(desk.company.help)
    await opt_out(desk)
    assert (await load_message(queued.id)).withdrawn_for is None


async def test_doubt_ends_a_consent_until_a_person_clears_it(desk: Desk, owner: asyncpg.Connection) -> None:
    await opt_in(desk)
    contact = await find_contact("marion")
    assert contact is not None
    assert await state(desk, now=NOW + SECOND) is PermissionState.OPTED_IN
    await receive_dm(desk.company.help, text=DOUBT, at=NOW + MINUTE)
    assert ConsentKind.OPT_OUT_DOUBTFUL in await events()
    assert await state(desk, now=NOW + 2 * MINUTE) is PermissionState.SERVICE_WINDOW
    await clear_doubt(
        account="Help",
        contact=contact.id,
        reason="She meant the parcel.",
        actor=desk.company.leo,
        access=desk.access,
        now=NOW + 3 * MINUTE,
    )
    assert await state(desk, now=NOW + 4 * MINUTE) is PermissionState.OPTED_IN
    await assert_audited("consent.recorded", kind="doubt_cleared")


async def test_taking_back_consent_to_promotion_takes_back_the_offers_that_wait(desk: Desk) -> None:
    await opt_in(desk)
    await receive_dm(desk.company.help, at=NOW)
    plain = await desk.write_dm()
    offer = await desk.write_dm(OFFER)
    assert offer.state in {State.APPROVED, State.SCHEDULED}
    await withdraw_consent(
        account="Help",
        contact="marion",
        actor=desk.company.leo,
        access=desk.access,
        policies=desk.policies,
        now=NOW + MINUTE,
    )
    assert (await load_message(offer.id)).withdrawn_for is WithdrawnFor.PERMISSION_LOST
    assert (await load_message(plain.id)).state is State.APPROVED


async def test_refusal_of_x_because_the_person_takes_no_messages_is_a_stop_of_the_account(desk: Desk) -> None:
    await receive_dm(desk.company.help)
    await desk.write_dm()
    waiting = await desk.write(
        "Your refund left, too.", author=desk.company.leo, kind=Kind.DM, recipient="marion", now=NOW + SECOND
    )
    claim = await desk.take()
    await desk.settle(claim, Result(outcome=Outcome.REFUSED, code=DM_NOT_ALLOWED, reason="closed"))
    assert await events() == [ConsentKind.CONTACT_BLOCKED, ConsentKind.INBOUND_DM]
    assert (await load_message(waiting.id)).withdrawn_for is WithdrawnFor.OPTED_OUT
    assert await state(desk, now=NOW + MINUTE) is PermissionState.OPTED_OUT


async def test_withdrawn_message_says_why(desk: Desk) -> None:
    await receive_dm(desk.company.help)
    message = await desk.write_dm()
    await stop(desk)
    assert "said stop" in str((await publication_of(message))["failure"])
    assert isinstance(await desk.claim(now=NOW + 2 * MINUTE), Claim)
