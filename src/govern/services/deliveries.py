"""What X sends to our webhook: kept as it came, once, and woken for; read by the worker afterwards.

X's examples use a post's own id as `event_uuid`, and send it once per event and account: all three are the key. A body
is kept for 30 days, or until the person whose words are in it is erased; the key of an erased one stays as long.
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from govern.database import rows, transaction
from govern.domain.ids import uuid7
from govern.tables import WebhookDelivery
from govern.xapi.events import Unreadable, read_head

KEPT = timedelta(days=30)
LEFT = timedelta(seconds=10)
"""So long a delivery is left to the job that its arrival woke."""
MOST = 500

# One statement: its cost is what X waits for.
_ACCEPT = """
WITH added AS (
  INSERT INTO webhook_delivery (id, event_uuid, event_type, about, author, body, received_at)
  VALUES ({}, {}, {}, {}, {}, {}, {}) ON CONFLICT (event_uuid, event_type, about) DO NOTHING RETURNING id, received_at
)
INSERT INTO outbox (id, job, args, due_at, created_at)
SELECT id, 'deliver', jsonb_build_object('delivery', id::text), received_at, received_at FROM added RETURNING id
"""
_OPEN = """
SELECT id, event_type, about, body, received_at FROM webhook_delivery WHERE id = {} AND done_at IS NULL
"""
_DONE = "UPDATE webhook_delivery SET done_at = {}, outcome = {} WHERE id = {} AND done_at IS NULL"
_LEFT = "SELECT id FROM webhook_delivery WHERE done_at IS NULL AND received_at < {} ORDER BY received_at LIMIT {}"
_OLD = "DELETE FROM webhook_delivery WHERE received_at < {}"
_FORGET = "UPDATE webhook_delivery SET body = NULL WHERE author = {} AND body IS NOT NULL RETURNING id"
# X takes a post's own id as `event_uuid`.
_FORGET_POST = "UPDATE webhook_delivery SET body = NULL WHERE event_uuid = {} AND body IS NOT NULL"


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery nobody has read yet; `body` is None if the person in it was erased first."""

    id: UUID
    event_type: str
    about: str
    body: bytes | None
    received_at: datetime


async def accept_delivery(body: bytes, *, now: datetime) -> bool:
    """Keep a signed delivery and wake its reader, in one transaction; False: it came before, or nobody can read it."""
    try:
        head = read_head(body)
    except Unreadable:
        return False
    key = (head.event_uuid, head.event_type, head.about, int(head.author) if head.author else None)
    async with transaction():
        return bool(rows(await WebhookDelivery.raw(_ACCEPT, uuid7(now), *key, body, now)))


async def open_delivery(delivery: UUID) -> Delivery | None:
    """Return a delivery that was not read yet."""
    found = rows(await WebhookDelivery.raw(_OPEN, delivery))
    return msgspec.convert(found[0], Delivery) if found else None


async def finish_delivery(delivery: UUID, outcome: str, *, now: datetime) -> None:
    """Say that a delivery was read, and what came of it; what it brought is kept, and recorded, elsewhere."""
    await WebhookDelivery.raw(_DONE, now, outcome, delivery)


async def deliveries_left(*, now: datetime) -> list[UUID]:
    """Return deliveries whose reader was never woken, or failed, oldest first."""
    return [row["id"] for row in rows(await WebhookDelivery.raw(_LEFT, now - LEFT, MOST))]


async def forget_old_deliveries(*, now: datetime) -> None:
    """Delete deliveries after 30 days; what they brought stays under its own rules."""
    await WebhookDelivery.raw(_OLD, now - KEPT)


async def forget_bodies(author: str) -> int:
    """Empty what an erased person wrote, in the caller's transaction; return how many deliveries."""
    return len(rows(await WebhookDelivery.raw(_FORGET, int(author))))


async def forget_bodies_of(post: str) -> None:
    """Empty the deliveries of a post that X says is gone, in the caller's transaction."""
    await WebhookDelivery.raw(_FORGET_POST, post)
