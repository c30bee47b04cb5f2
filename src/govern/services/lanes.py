"""Which lane a publication takes: who waits for an answer comes first."""

from govern.database import rows
from govern.domain.messages import Kind, Message
from govern.domain.x_limits import ANSWERS, REST, TIMED
from govern.tables import Inbound

# Somebody wrote, and nothing of ours went to them after it.
_DM_WAITS = """
SELECT i.id FROM inbound i WHERE i.account = {} AND i.contact = {} AND i.x_kind = 'dm' AND NOT EXISTS (
  SELECT 1 FROM publication p JOIN message m ON m.id = p.message
   WHERE m.account = i.account AND m.contact = i.contact AND p.x_kind = 'dm' AND p.x_id IS NOT NULL
     AND m.confirms IS NULL AND p.closed_at > i.received_at) LIMIT 1
"""
_POST_WAITS = "SELECT id FROM inbound WHERE account = {} AND x_kind = 'post' AND x_id = {} LIMIT 1"


async def choose_lane(message: Message, *, timed: bool) -> int:
    """Return the lane of a message: an answer somebody waits for, a fixed time, or the rest.

    A private message to who did not write, or has their answer, is no answer; what confirms an opt-out is one.
    """
    if message.confirms is not None or await _is_awaited(message):
        return ANSWERS
    return TIMED if timed else REST


async def _is_awaited(message: Message) -> bool:
    if message.kind is Kind.DM:
        return bool(rows(await Inbound.raw(_DM_WAITS, message.account_id, message.contact_id)))
    if message.kind is Kind.REPLY and message.in_reply_to is not None:
        return bool(rows(await Inbound.raw(_POST_WAITS, message.account_id, int(message.in_reply_to))))
    return False
