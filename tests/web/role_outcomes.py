"""Messages whose outcome nobody knows, and one X answered late for, as requests of a walk need them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from govern.database import rows
from govern.domain.ids import uuid7
from govern.tables import Attempt, AttemptRead, Publication
from govern.tables import Message as MessageTable
from tests.hand import by_hand


async def lose(number: int, *, read: bool = True, **late: Any) -> UUID:
    """Give a message a publication and an attempt without an answer; X was read since, and showed nothing."""
    now = datetime.now(UTC)
    found = rows(await MessageTable.select().where(MessageTable.number == number))[0]
    revision = rows(await MessageTable.raw("SELECT id, digest FROM revision WHERE message = {}", found["id"]))[0]
    publication, attempt = uuid7(now), uuid7(now)
    await by_hand(MessageTable.update({MessageTable.state: "outcome_unknown"}).where(MessageTable.id == found["id"]))
    await by_hand(
        Publication.insert(
            Publication(
                id=publication,
                message=found["id"],
                revision=revision["id"],
                account=found["account"],
                content_digest=revision["digest"],
                due_at=now,
                not_after=now + timedelta(hours=1),
                next_attempt=uuid7(now),
                wake_at=now,
                x_kind="post",
                created_at=now,
            )
        )
    )
    await Attempt.insert(
        Attempt(
            id=attempt,
            publication=publication,
            account=found["account"],
            content_digest=revision["digest"],
            started_at=now,
            write_before=now,
            deadline_at=now,
            worker="test",
            outcome="unknown",
            finished_at=now,
            **late,
        )
    )
    if read:
        await AttemptRead.insert(AttemptRead(attempt=attempt, n=1, read_at=now, result="none"))
    return attempt


def late() -> dict[str, Any]:
    """What an attempt has that was settled as not out, and for which X answered all the same."""
    now = datetime.now(UTC)
    return {"resolved": "not_sent", "resolved_at": now, "resolved_reason": "test", "late_at": now, "late_x_id": 1}
