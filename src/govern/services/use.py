"""What an attempt used of X: calls, money, credits. Written with its outcome, in the same transaction."""

from datetime import datetime
from uuid import UUID

import msgspec

from govern.database import rows
from govern.domain.messages import Message
from govern.domain.publications import Outcome
from govern.domain.x_limits import RateSeen
from govern.services.rate_windows import give_back, tell_windows
from govern.services.spending import Cost, record_cost
from govern.services.x_app import contradicted, credits_are_back, credits_spent
from govern.tables import Attempt

NO_CREDITS = "no_credits"
_ONE = "SELECT publication, account, started_at, cost FROM attempt WHERE id = {}"


async def record_use(
    attempt: UUID, message: Message, *, outcome: Outcome, code: str, rates: tuple[RateSeen, ...], now: datetime
) -> None:
    """Write what an attempt used, as far as is known. What may be out is counted as if it were.

    The last thing of its transaction that takes locks: rows of the whole X app are among them.
    """
    row = rows(await Attempt.raw(_ONE, attempt))[0]
    if row["cost"] is not None and outcome in {Outcome.SENT, Outcome.UNKNOWN}:
        cost = msgspec.json.decode(row["cost"], type=Cost)
        await record_cost(row["account"], row["publication"], cost, now=now)
    if outcome is Outcome.NOT_SENT:
        await give_back(row["account"], message.kind, taken_at=row["started_at"], now=now)
    await tell_windows(row["account"], message.kind, rates, now=now)
    if outcome is Outcome.SENT:
        await credits_are_back(now=now)
    elif code == NO_CREDITS:
        await credits_spent(now=now)
    elif outcome is Outcome.REFUSED:
        await contradicted(message, code, now=now)
