"""What every use case promises: an entry per change, and nothing at all after a refusal."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec

from govern.database import rows
from govern.tables import AuditEntry

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migration' ORDER BY 1"
_SUM = "SELECT md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) FROM {table} t"


async def entries() -> list[dict[str, Any]]:
    """Return every entry of the log, oldest first."""
    found = rows(await AuditEntry.select(AuditEntry.entry).order_by(AuditEntry.arrival))
    return [msgspec.json.decode(row["entry"]) for row in found]


async def actions() -> list[str]:
    """Return the names of all entries, oldest first."""
    return [entry["action"] for entry in await entries()]


async def assert_audited(action: str, *, outcome: str = "done", actor: str | None = None, **data: object) -> dict[str, Any]:
    """Check that the log has an entry of this action, with these data, and return the last such."""
    found = [entry for entry in await entries() if entry["action"] == action]
    assert found, f"no {action} in {await actions()}"
    entry = found[-1]
    assert entry["outcome"] == outcome
    assert actor is None or entry["actor"]["id"] == actor
    for name, value in data.items():
        assert entry["data"].get(name) == value, f"{name}: {entry['data'].get(name)!r} is not {value!r}"
    return entry


async def state(owner: asyncpg.Connection) -> dict[str, str]:
    """Return a fingerprint of every table outside the log."""
    names = [row["tablename"] for row in await owner.fetch(_TABLES)]
    return {name: await owner.fetchval(_SUM.format(table=name)) for name in names}


@asynccontextmanager
async def assert_nothing_changed(owner: asyncpg.Connection) -> AsyncIterator[None]:
    """Check that the block leaves every table as it was; the log may gain entries."""
    before = await state(owner)
    yield
    assert await state(owner) == before
