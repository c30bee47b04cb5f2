"""Polling: what people wrote is kept once, and nothing is skipped when X fails."""

import asyncio
from datetime import timedelta

import asyncpg

from govern.database import rows
from govern.jobs.ingest import ingest
from govern.services.conversations import list_inbound
from govern.services.polling import newest_read
from govern.tables import Inbound
from govern.xapi.client import Exchange, Mention, OutgoingDm
from govern.xapi.errors import AuthLost, RateLimited
from tests.asserts import actions, assert_audited, assert_nothing_changed
from tests.factories import NOW
from tests.fakes import FakeX
from tests.jobs.conftest import Live, clock
from tests.sending import Desk


def mention(x_id: str) -> Mention:
    return Mention(
        x_id=x_id,
        author_id="9001",
        author_handle="marion",
        author_name="Marion",
        text="@Help hello",
        in_reply_to=None,
        conversation_id=x_id,
        created_at=NOW,
    )


async def poll(desk: Desk, x: FakeX) -> int:
    return await ingest(desk.company.help, x, policies=desk.policies, clock=lambda: NOW)


async def test_mentions_and_dms_are_read_into_inbound_once(live: Live) -> None:
    live.customer("mention", "@Help is it open?")
    live.customer("dm", "Where is my parcel?")
    client = live.client(live.desk.company.help)
    assert await ingest(live.desk.company.help, client, policies=live.desk.policies, clock=clock) == 2
    assert await ingest(live.desk.company.help, client, policies=live.desk.policies, clock=clock) == 0
    found = await list_inbound(account="Help", actor=live.desk.company.mia, access=live.desk.access)
    assert sorted((each.x_kind, each.contact_handle, each.text) for each in found) == [
        ("dm", "marion", ""),
        ("post", "marion", "@Help is it open?"),
    ]
    stored = rows(await Inbound.select(Inbound.text).where(Inbound.x_kind == "dm"))
    assert stored == [{"text": "Where is my parcel?"}]
    assert (await actions()).count("inbound.received") == 2
    await assert_audited("consent.recorded", kind="inbound_dm")


async def test_our_own_dms_are_not_taken_for_received_ones(live: Live) -> None:
    live.customer("dm", "Where is my parcel?")
    client = live.client(live.desk.company.help)
    await ingest(live.desk.company.help, client, policies=live.desk.policies, clock=clock)
    (event,) = await client.dm_events(None)
    await client.send_dm(
        OutgoingDm(text="Today.", recipient_id=event.sender_id), write_before=clock() + timedelta(seconds=10)
    )
    assert await ingest(live.desk.company.help, client, policies=live.desk.policies, clock=clock) == 0


async def test_next_poll_asks_from_where_the_last_one_ended(desk: Desk) -> None:
    x = FakeX()
    x.inbox = [mention("501"), mention("502")]
    assert await poll(desk, x) == 2
    x.inbox.append(mention("503"))
    assert await poll(desk, x) == 1
    assert x.read_since == [None, None, "502", None]


async def test_cursor_stays_when_a_page_is_missing(desk: Desk) -> None:
    x = FakeX()
    x.inbox = [mention("501")]
    await poll(desk, x)
    x.inbox.append(mention("502"))
    x.reading_fails["mentions"] = RateLimited(NOW, "mentions/window", exchange=Exchange(connected=True))
    assert await poll(desk, x) == 0
    assert await newest_read(desk.company.help.id, "mentions") == "501"
    del x.reading_fails["mentions"]
    assert await poll(desk, x) == 1


async def test_dms_are_read_although_mentions_fail(desk: Desk) -> None:
    x = FakeX()
    x.reading_fails["mentions"] = RateLimited(NOW, "mentions/window", exchange=Exchange(connected=True))
    await poll(desk, x)
    assert len(x.read_since) == 2


async def test_lost_credentials_stop_the_account_once(desk: Desk, owner: asyncpg.Connection) -> None:
    x = FakeX()
    x.reading_fails["mentions"] = AuthLost(exchange=Exchange(connected=True))
    await poll(desk, x)
    await assert_audited("account.disconnected", actor="system:ingest", reason="auth_lost")
    assert await owner.fetchval("SELECT state FROM account WHERE handle = 'Help'") == "needs_reauth"
    async with assert_nothing_changed(owner):
        await poll(desk, x)


async def test_two_workers_that_read_the_same_at_once_keep_it_once(desk: Desk) -> None:
    xs = [FakeX() for _ in range(4)]
    for x in xs:
        x.inbox = [mention(str(number)) for number in range(501, 521)]
    await asyncio.gather(*(poll(desk, x) for x in xs))
    assert (await actions()).count("inbound.received") == 20
    assert (await actions()).count("contact.created") == 1
