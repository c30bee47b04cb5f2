"""When an account is read next, and what is said when X could not show everything."""

from datetime import timedelta
from typing import Any

import pytest

from govern.domain.members import system_actor
from govern.jobs.ingest import ingest
from govern.services.polling import due_sources, list_gaps, newest_read
from govern.services.subscriptions import Push, keep_subscriptions, push_state
from govern.settings import Settings
from govern.xapi.client import DmEvent, Mention
from tests.asserts import actions, assert_audited
from tests.factories import NOW
from tests.fakes import FakeX
from tests.services.conftest import Office

MINUTE = timedelta(minutes=1)
DM: dict[str, Any] = {
    "x_id": "5001",
    "sender_id": "9001",
    "sender_handle": "marion",
    "sender_name": "Marion",
    "recipient_id": "1",
    "recipient_handle": "Help",
    "text": "Hello",
    "conversation_id": "1-2",
    "created_at": NOW,
}
ACTOR = system_actor("test")


async def poll(office: Office, x: FakeX, *, after: timedelta = timedelta()) -> int:
    help_ = office.people.help
    return await ingest(help_, x, policies=office.policies, clock=lambda: NOW + after, every=MINUTE)


def mentions(count: int) -> list[Mention]:
    return [
        Mention(
            x_id=str(number),
            author_id="9001",
            author_handle="marion",
            author_name="Marion",
            text="@Help hello",
            in_reply_to=None,
            conversation_id=None,
            created_at=NOW,
        )
        for number in range(1, count + 1)
    ]


@pytest.mark.parametrize(
    ("after", "told", "due"),
    [
        (timedelta(seconds=59), (), []),
        (timedelta(seconds=60), (), ["mentions"]),
        (timedelta(seconds=120), (), ["mentions", "dms"]),
        (14 * MINUTE, ("post.mention.create", "dm.received"), []),
        (14 * MINUTE, ("post.mention.create",), ["dms"]),
        (15 * MINUTE, ("post.mention.create", "dm.received"), ["mentions", "dms"]),
    ],
)
async def test_mentions_each_minute_dms_every_second_and_both_rarely_where_webhooks_tell(
    office: Office, after: timedelta, told: tuple[str, ...], due: list[str]
) -> None:
    help_ = office.people.help
    assert await due_sources(help_.id, every=MINUTE, now=NOW) == ["mentions", "dms"]
    await poll(office, FakeX())
    if told:
        await keep_subscriptions(help_.id, told, fault=None, now=NOW)
    assert await due_sources(help_.id, every=MINUTE, now=NOW + after) == due


async def test_webhooks_that_fail_or_were_not_looked_at_for_hours_are_not_relied_on(
    office: Office, config: Settings
) -> None:
    help_, both = office.people.help, ("post.mention.create", "dm.received")
    await poll(office, FakeX())
    await keep_subscriptions(help_.id, both, fault="X says no", now=NOW)
    assert await due_sources(help_.id, every=MINUTE, now=NOW + 2 * MINUTE) == ["mentions", "dms"]
    await keep_subscriptions(help_.id, both, fault=None, now=NOW - timedelta(hours=3))
    assert await due_sources(help_.id, every=MINUTE, now=NOW + 2 * MINUTE) == ["mentions", "dms"]


async def test_account_says_how_we_learn_what_is_written_to_it(office: Office, config: Settings) -> None:
    help_ = office.people.help
    there = Settings(x_webhook_url="https://hooks.example", policies=config.policies)
    assert await push_state(help_.id, oauth2=True, settings=config, now=NOW) == (Push.NO_ADDRESS, "")
    assert await push_state(help_.id, oauth2=False, settings=there, now=NOW) == (Push.NO_OAUTH2, "")
    assert await push_state(help_.id, oauth2=True, settings=there, now=NOW) == (Push.PENDING, "")
    await keep_subscriptions(help_.id, (), fault="X says no", now=NOW)
    assert await push_state(help_.id, oauth2=True, settings=there, now=NOW) == (Push.FAULT, "X says no")
    await keep_subscriptions(help_.id, ("dm.received",), fault=None, now=NOW)
    assert await push_state(help_.id, oauth2=True, settings=there, now=NOW) == (Push.LIVE, "")


async def test_all_that_x_shows_being_new_means_some_may_be_missing(office: Office) -> None:
    x = FakeX()
    x.inbox = mentions(1)
    await poll(office, x)
    x.inbox = mentions(801)
    assert await poll(office, x, after=MINUTE) == 800
    entry = await assert_audited("inbound.gap", outcome="failed", source="mentions")
    assert entry["scope"] == "account:Help"
    (gap,) = await list_gaps(frozenset({"account:Help"}), now=NOW + MINUTE)
    assert (gap.account, gap.source, gap.gap_since) == ("Help", "mentions", NOW)
    assert await list_gaps(frozenset({"account:News"}), now=NOW) == []
    assert await list_gaps(frozenset({"account:Help"}), now=NOW + timedelta(days=8)) == []
    assert await newest_read(office.people.help.id, "mentions") == "801"


async def test_dms_unread_for_a_month_may_be_missing_and_a_first_poll_misses_nothing(office: Office) -> None:
    x = FakeX()
    x.inbox = mentions(800)
    await poll(office, x)
    assert "inbound.gap" not in await actions()
    await poll(office, x, after=timedelta(days=31))
    assert "inbound.gap" not in await actions()
    x.dms = [DmEvent(**DM)]
    await poll(office, x, after=timedelta(days=32))
    await poll(office, x, after=timedelta(days=63))
    await assert_audited("inbound.gap", outcome="failed", source="dms")
