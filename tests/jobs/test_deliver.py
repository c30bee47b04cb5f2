"""What webhooks bring is kept once, in any order, beside polls; what was replayed or is not ours changes nothing."""

import asyncio
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from govern.database import rows
from govern.jobs.deliver import deliver, deliver_left
from govern.jobs.ingest import ingest
from govern.services.contacts import find_contact
from govern.services.deliveries import KEPT, accept_delivery, forget_old_deliveries
from govern.services.erasing import Ground, erase_subject
from govern.services.polling import due_sources, newest_read
from govern.services.receiving import store_mentions
from govern.services.subjects import SubjectKind
from govern.tables import Contact, Inbound, WebhookDelivery
from govern.xapi.client import Mention
from govern.xapi.snowflake import snowflake_time
from tests.asserts import actions, assert_audited, assert_nothing_changed
from tests.deliveries import dm_event, envelope, post_event, x_id_at
from tests.factories import NOW
from tests.fakes import FakeX
from tests.sending import Desk

HOUR = timedelta(hours=1)


async def arrive(desk: Desk, *bodies: bytes, now: datetime = NOW) -> list[str | None]:
    """Let X deliver, and the worker read; returns what came of each."""
    for body in bodies:
        await accept_delivery(body, now=now)
    waiting = rows(await WebhookDelivery.select(WebhookDelivery.id).where(WebhookDelivery.done_at.is_null()))
    return [await deliver(row["id"], policies=desk.policies, clock=lambda: now) for row in waiting]


async def kept() -> list[tuple[str, int]]:
    found = rows(await Inbound.select(Inbound.x_kind, Inbound.x_id).order_by(Inbound.x_id))
    return [(row["x_kind"], row["x_id"]) for row in found]


def polled(x_id: str, text: str = "@Help hello", author: str = "9001") -> Mention:
    return Mention(
        x_id=x_id,
        author_id=author,
        author_handle="marion",
        author_name="Marion",
        text=text,
        in_reply_to=None,
        conversation_id=x_id,
        created_at=snowflake_time(x_id),
    )


async def test_mention_reply_and_dm_are_kept_as_a_poll_would_keep_them(desk: Desk) -> None:
    help_ = desk.company.help
    ids = [x_id_at(NOW - timedelta(minutes=number)) for number in (3, 2, 1)]
    assert (
        await arrive(
            desk,
            post_event(help_, ids[0], text="@Help is it &lt;open&gt;?"),
            post_event(help_, ids[1], kind="post.reply.create", answers="77"),
            dm_event(help_, ids[2]),
        )
        == ["kept"] * 3
    )
    assert await kept() == [("post", int(ids[0])), ("post", int(ids[1])), ("dm", int(ids[2]))]
    first, second, third = rows(await Inbound.select().order_by(Inbound.x_id))
    assert (first["text"], first["written_at"]) == ("@Help is it <open>?", snowflake_time(ids[0]))
    assert (second["in_reply_to"], third["text"]) == (77, "Where is my parcel?")
    assert await Contact.count() == 1
    await assert_audited("consent.recorded", kind="inbound_dm")


async def test_reader_runs_once_whoever_calls_it(desk: Desk) -> None:
    await accept_delivery(dm_event(desk.company.help, x_id_at(NOW)), now=NOW)
    (row,) = rows(await WebhookDelivery.select(WebhookDelivery.id))
    found = await asyncio.gather(*(deliver(row["id"], policies=desk.policies, clock=lambda: NOW) for _ in range(3)))
    assert set(found) <= {"kept", "known", None}
    assert await Inbound.count() == 1
    assert await deliver(row["id"], policies=desk.policies, clock=lambda: NOW) is None


async def test_webhook_moves_no_cursor_so_that_polls_find_what_it_missed(desk: Desk) -> None:
    older, newer = x_id_at(NOW - HOUR), x_id_at(NOW)
    assert await arrive(desk, post_event(desk.company.help, newer)) == ["kept"]
    assert await newest_read(desk.company.help.id, "mentions") is None
    x = FakeX()
    x.inbox = [polled(older), polled(newer)]
    assert await ingest(desk.company.help, x, policies=desk.policies, clock=lambda: NOW) == 1
    assert len(await kept()) == 2


async def test_post_that_mentions_two_accounts_is_two(desk: Desk) -> None:
    x_id = x_id_at(NOW)
    both = [post_event(account, x_id) for account in (desk.company.help, desk.company.news)]
    assert await arrive(desk, *both) == ["kept", "kept"]
    assert await Inbound.count() == 2


async def test_old_object_is_not_believed_but_makes_us_poll(desk: Desk) -> None:
    help_ = desk.company.help
    await ingest(help_, FakeX(), policies=desk.policies, clock=lambda: NOW)
    assert await due_sources(help_.id, every=timedelta(minutes=1), now=NOW) == []
    assert await arrive(desk, dm_event(help_, x_id_at(NOW - 49 * HOUR))) == ["old"]
    assert await Inbound.count() == 0
    assert await due_sources(help_.id, every=timedelta(minutes=1), now=NOW) == ["mentions", "dms"]
    await ingest(help_, FakeX(), policies=desk.policies, clock=lambda: NOW, every=timedelta(minutes=1))
    assert await due_sources(help_.id, every=timedelta(minutes=1), now=NOW) == []


async def test_what_is_not_ours_is_read_and_left(desk: Desk, owner: asyncpg.Connection) -> None:
    ours, x_id = desk.company.help, x_id_at(NOW)
    stranger = envelope("1", "dm.received", "123", {"direct_message_events": []}, None)
    own_post = post_event(ours, x_id, author=ours.x_user_id)
    other_kind = envelope("2", "profile.update.bio", ours.x_user_id, {}, None)
    no_post = envelope("3", "post.mention.create", ours.x_user_id, {"id": "x"}, None)
    outcomes = await arrive(desk, stranger, own_post, other_kind, no_post)
    assert sorted(filter(None, outcomes)) == ["not_ours", "not_ours", "not_ours", "unreadable"]
    assert await Inbound.count() == 0


async def test_permission_taken_back_at_x_stops_the_account(desk: Desk, owner: asyncpg.Connection) -> None:
    revoked = envelope("9", "oauth.revoke", None, {"user_id": desk.company.help.x_user_id, "app_id": "1"}, None)
    assert await arrive(desk, revoked) == ["revoked"]
    await assert_audited("account.disconnected", actor="system:ingest", reason="revoked_at_x")
    assert await owner.fetchval("SELECT state FROM account WHERE handle = 'Help'") == "needs_reauth"
    stranger = envelope("10", "oauth.revoke", None, {"user_id": "123", "app_id": "1"}, None)
    assert await arrive(desk, stranger) == ["not_ours"]


async def test_stop_in_a_delivery_takes_back_a_private_message_at_once(desk: Desk) -> None:
    await arrive(desk, dm_event(desk.company.help, x_id_at(NOW)))
    message = await desk.write_dm()
    assert await desk.state(message) in {"approved", "scheduled"}
    await arrive(desk, dm_event(desk.company.help, x_id_at(NOW + timedelta(seconds=9)), text="STOP"), now=NOW + HOUR)
    assert await desk.state(message) == "withdrawn"
    await assert_audited("message.withdrawn", reason="opted_out")


async def test_delivery_nobody_was_woken_for_is_found(desk: Desk) -> None:
    await accept_delivery(dm_event(desk.company.help, x_id_at(NOW)), now=NOW)
    assert await deliver_left(policies=desk.policies, clock=lambda: NOW) == 0
    later = NOW + timedelta(seconds=11)
    assert await deliver_left(policies=desk.policies, clock=lambda: later) == 1
    assert await deliver_left(policies=desk.policies, clock=lambda: later) == 0
    assert await Inbound.count() == 1


async def test_erasure_reaches_deliveries_and_a_replay_brings_nothing_back(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    body = dm_event(desk.company.help, x_id_at(NOW), text="My name is Marion.")
    await arrive(desk, body, dm_event(desk.company.help, x_id_at(NOW), sender="9002", handle="jean"))
    contact = await find_contact("marion")
    assert contact is not None
    await erase_subject(
        SubjectKind.CONTACT,
        contact.id,
        ground=Ground.PERSON_ASKED,
        reason="She wrote us a letter",
        actor=desk.company.cleo,
        access=desk.access,
        now=NOW + HOUR,
    )
    bodies = await owner.fetch("SELECT body FROM webhook_delivery")
    assert sorted(row["body"] is None for row in bodies) == [False, True]
    assert sorted(row["text"] for row in await owner.fetch("SELECT text FROM inbound")) == ["", "Where is my parcel?"]
    closed = await owner.fetch("SELECT closed_for FROM conversation WHERE state = 'closed'")
    assert [row["closed_for"] for row in closed] == ["erased"]
    async with assert_nothing_changed(owner):
        assert not await accept_delivery(body, now=NOW + 2 * HOUR)
    again = dm_event(desk.company.help, str(await owner.fetchval("SELECT x_id FROM inbound WHERE text = ''")), uuid="x")
    assert await arrive(desk, again, now=NOW + 2 * HOUR) == ["known"]
    assert await Contact.count() == 2


async def test_deliveries_are_kept_for_thirty_days(desk: Desk) -> None:
    await arrive(desk, dm_event(desk.company.help, x_id_at(NOW)))
    await forget_old_deliveries(now=NOW + KEPT)
    assert await WebhookDelivery.count() == 1
    await forget_old_deliveries(now=NOW + KEPT + timedelta(seconds=1))
    assert await WebhookDelivery.count() == 0
    assert await Inbound.count() == 1


async def _read_all(desk: Desk, waiting: Sequence[UUID]) -> None:
    for delivery in waiting:
        await deliver(delivery, policies=desk.policies, clock=lambda: NOW)


async def test_doubled_shuffled_and_polled_each_is_kept_once_and_none_is_lost(desk: Desk) -> None:
    """The mark of the design at 300 deliveries; `govern bench inbound` does it with 10,000."""
    chance, help_ = random.Random(6), desk.company.help
    ids = [x_id_at(NOW - timedelta(seconds=number)) for number in range(250)]
    bodies = [post_event(help_, x_id, author=str(9000 + at % 40), handle=f"c{at % 40}") for at, x_id in enumerate(ids)]
    bodies += chance.sample(bodies, 50)
    chance.shuffle(bodies)
    for body in bodies:
        await accept_delivery(body, now=NOW)
    waiting = [row["id"] for row in rows(await WebhookDelivery.select(WebhookDelivery.id))]
    found = sorted((polled(x_id, author=str(9000 + at % 40)) for at, x_id in enumerate(ids)), key=lambda m: int(m.x_id))
    half = chance.sample(found, 125)
    await asyncio.gather(
        *(_read_all(desk, waiting[worker::3]) for worker in range(3)),
        store_mentions(help_, half, policies=desk.policies, actor=desk.company.ada, now=NOW),
    )
    await deliver_left(policies=desk.policies, clock=lambda: NOW + HOUR)
    assert await kept() == sorted(("post", int(x_id)) for x_id in ids)
    assert (await actions()).count("inbound.received") == 250
    assert await Contact.count() == 40
