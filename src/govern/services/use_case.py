"""One use case is one transaction; what the policy refuses is recorded after the rollback, then raised again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from govern.database import transaction
from govern.domain.members import Actor
from govern.errors import Denied
from govern.services import audit


@asynccontextmanager
async def use_case(*, actor: Actor, now: datetime) -> AsyncIterator[None]:
    """Run the block in a transaction of its own; a denial inside is an entry of the log, whatever the caller does."""
    try:
        async with transaction():
            yield
    except Denied as denied:
        await audit.record_denied(denied, actor=actor, now=now)
        raise
