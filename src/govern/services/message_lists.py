"""Lists of messages: filters joined by AND, newest first, paged by number."""

from datetime import datetime

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.members import Actor
from govern.domain.messages import Kind, Message, State
from govern.errors import N_, Invalid
from govern.services.message_views import READABLE, VIEW, pattern, readable, to_message
from govern.services.private_reading import record_listed
from govern.tables import Message as MessageTable

MAX_LIMIT = 200

_LIST = (
    VIEW
    + " WHERE "
    + READABLE
    + """
   AND ({}::text IS NULL OR m.state = {}) AND ({}::text IS NULL OR lower(a.handle) = lower({}))
   AND ({}::text IS NULL OR m.kind = {}) AND ({}::text IS NULL OR au.email = {})
   AND ({}::text IS NULL OR r.text ILIKE {} OR a.handle ILIKE {} OR au.name ILIKE {} OR c.handle ILIKE {})
   AND ({}::bigint IS NULL OR m.number < {})
 ORDER BY m.number DESC LIMIT {}
"""
)


class BadCursor(Invalid):
    code = "request.bad_cursor"
    template = N_("This cursor is not one of ours; start again without it.")


class MessageFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which messages to list; an absent part matches all. `author` is an e-mail address, `q` a part of a text or name."""

    state: State | None = None
    account: str | None = None
    kind: Kind | None = None
    author: str | None = None
    q: str | None = None


class MessagePage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of messages, newest first; `next_cursor` is None on the last one."""

    items: list[Message]
    next_cursor: str | None


async def list_messages(
    wanted: MessageFilter,
    *,
    limit: int = 50,
    cursor: str | None = None,
    actor: Actor,
    access: Access,
    now: datetime,
) -> MessagePage:
    """Return the messages the actor may read, newest first, paged by their number; DMs of others on it are recorded.

    Raises:
        BadCursor: the cursor is not one that a page gave.
    """
    limit = max(1, min(limit, MAX_LIMIT))
    before = _cursor(cursor)
    like = pattern(wanted.q) if wanted.q else None
    author = wanted.author.lower() if wanted.author else None
    state = wanted.state.value if wanted.state else None
    kind = wanted.kind.value if wanted.kind else None
    account = wanted.account.removeprefix("@") if wanted.account else None
    doubled = [value for value in (state, account, kind, author) for _ in range(2)]
    found = rows(
        await MessageTable.raw(
            _LIST, *await readable(actor, access), *doubled, like, like, like, like, like, before, before, limit + 1
        )
    )
    items = [to_message(row) for row in found[:limit]]
    await record_listed(items, actor=actor, now=now)
    return MessagePage(items=items, next_cursor=str(items[-1].number) if len(found) > limit else None)


def _cursor(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise BadCursor(field="cursor")
    return int(cursor)
