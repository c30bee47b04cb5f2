"""What the engine is told beside the text, and that it makes a difference where it should."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from govern.access import Access
from govern.domain.messages import Kind, State
from govern.domain.publications import Outcome
from govern.screening.findings import Facts
from govern.services.accounts import find_account
from govern.services.answers import Result
from govern.services.contacts import find_contact
from govern.services.policies import Policies
from govern.services.screening import engine_versions
from govern.services.screening_facts import Text, gather_facts
from govern.settings import Settings
from govern.tables import Revision, Screening
from tests.factories import make_message, receive_dm, receive_mention
from tests.sending import LATER, Desk, make_desk

MINUTE = timedelta(minutes=1)
REPORT = "Our workshop in the old town reopens this Saturday with new lathes and benches."


@pytest.fixture
async def desk(database: None, owner: asyncpg.Connection, access: Access, policies: Policies, config: Settings) -> Desk:
    return await make_desk(owner, access, policies, config)


async def facts(desk: Desk, given: Text) -> Facts:
    account = await find_account("Help")
    return await gather_facts(given, account, policy=desk.policies.screening, now=LATER)


async def send(desk: Desk, text: str, x_id: str, **more: Any) -> None:
    await desk.write(text, **more)
    claim = await desk.take()
    await desk.settle(claim, Result(outcome=Outcome.SENT, x_id=x_id))


async def test_account_brand_and_limit_are_told(desk: Desk) -> None:
    found = await facts(desk, Text(text=REPORT, kind=Kind.POST, paid_partnership=True, alt_texts=("A parcel", "", " ")))
    assert (found.account, found.brand, found.length_limit, found.at) == ("Help", "care", 280, LATER)
    assert (found.paid_partnership, found.images_without_alt, found.automated) == (True, 2, 0)
    assert (found.summoned, found.privacy_link_sent, found.recipient) == (None, None, None)


async def test_who_named_us_has_summoned_us(desk: Desk) -> None:
    post = await receive_mention(desk.company.help)
    contact = await find_contact("marion")
    assert contact is not None
    found = await facts(desk, Text(text=REPORT, kind=Kind.REPLY, in_reply_to=post))
    assert (found.summoned, found.recipient) == (True, str(contact.id))
    found = await facts(desk, Text(text=REPORT, kind=Kind.REPLY, in_reply_to="99"))
    assert (found.summoned, found.recipient) == (False, "99")


async def test_our_own_post_may_be_answered(desk: Desk) -> None:
    await send(desk, REPORT, "4242")
    assert (await facts(desk, Text(text=REPORT, kind=Kind.REPLY, in_reply_to="4242"))).summoned is True


async def test_what_went_out_is_told_with_its_fingerprint(desk: Desk) -> None:
    await send(desk, REPORT, "4242")
    found = await facts(desk, Text(text=REPORT, kind=Kind.POST))
    (recent,) = found.recent
    assert (recent.account, recent.brand, recent.kind, recent.fingerprint) == (
        "Help",
        "care",
        Kind.POST,
        found.fingerprint,
    )
    row = await Revision.select(Revision.fingerprint).first()
    assert row is not None
    assert row["fingerprint"] == found.fingerprint


async def test_what_was_refused_or_only_waits_never_went_out(desk: Desk) -> None:
    await desk.write(REPORT)
    claim = await desk.take()
    await desk.settle(claim, Result(outcome=Outcome.REFUSED, code="forbidden", reason="no"))
    await desk.write(REPORT + " Come in.")
    assert (await facts(desk, Text(text=REPORT, kind=Kind.POST))).recent == ()


async def test_same_post_on_another_account_is_found(desk: Desk) -> None:
    await send(desk, REPORT, "4242")
    again = await make_message(
        desk.company.noa,
        access=desk.access,
        policies=desk.policies,
        account="News",
        text=REPORT,
        now=LATER,
        kind=Kind.POST,
    )
    assert again.state is State.BLOCKED
    assert "DUP-ACCOUNTS" in {finding["rule"] for finding in again.findings}


async def test_first_private_message_has_no_privacy_link_yet_and_the_next_needs_none(desk: Desk) -> None:
    await receive_dm(desk.company.help)
    contact = await find_contact("marion")
    assert contact is not None
    given = Text(text="On its way.", kind=Kind.DM, contact=contact.id)
    assert (await facts(desk, given)).privacy_link_sent is False
    await send(desk, "Your parcel left.", "51", author=desk.company.leo, kind=Kind.DM, recipient="marion")
    assert (await facts(desk, given)).privacy_link_sent is None


async def test_somebody_we_never_heard_of_has_no_privacy_link(desk: Desk) -> None:
    assert (await facts(desk, Text(text="Hello.", kind=Kind.DM))).privacy_link_sent is False


async def test_what_is_said_of_a_text_goes_with_its_revision(desk: Desk) -> None:
    message = await make_message(
        desk.company.ana, access=desk.access, policies=desk.policies, text=REPORT, paid_partnership=True
    )
    assert message.revision.paid_partnership
    assert message.decision == "needs_approval"
    assert any(finding["family"] == "disclosure" for finding in message.findings)


async def test_answer_of_the_engine_is_kept_with_what_it_depends_on(desk: Desk) -> None:
    await desk.write(REPORT)
    row = await Screening.select(Screening.engine, Screening.points).first()
    assert row is not None
    assert engine_versions().keys() >= {"govern", "unicode", "phonenumbers", "python-stdnum"}
    assert str(row["engine"]) != "{}"
