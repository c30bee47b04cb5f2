"""What every use case promises: an entry per change, and nothing at all after a refusal."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from contextvars import Context
from typing import Any

import asyncpg
import msgspec
import pytest

from govern.database import rows
from govern.domain.members import Actor
from govern.errors import Conflict, Denied, GovernError, NotFound
from govern.tables import AuditEntry

_TABLES = """
SELECT tablename FROM pg_tables
 WHERE schemaname = 'public' AND tablename NOT IN ('migration', 'access_denial') ORDER BY 1
"""
_SUM = "SELECT md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) FROM {table} t"


async def entries() -> list[dict[str, Any]]:
    """Return every entry of the log, oldest first."""
    found = rows(await AuditEntry.select(AuditEntry.entry).order_by(AuditEntry.arrival))
    return [msgspec.json.decode(row["entry"]) for row in found]


async def actions() -> list[str]:
    """Return the names of all entries, oldest first."""
    return [entry["action"] for entry in await entries()]


async def assert_audited(
    action: str, /, *, outcome: str = "done", actor: str | None = None, **data: object
) -> dict[str, Any]:
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
    """Return a fingerprint of every table outside the log and its counter of refusals."""
    names = [row["tablename"] for row in await owner.fetch(_TABLES)]
    return {name: await owner.fetchval(_SUM.format(table=name)) for name in names}


@asynccontextmanager
async def assert_nothing_changed(owner: asyncpg.Connection) -> AsyncIterator[None]:
    """Check that the block leaves every table as it was; the log may gain entries."""
    before = await state(owner)
    yield
    assert await state(owner) == before


@asynccontextmanager
async def assert_refused(
    kind: type[GovernError], owner: asyncpg.Connection
) -> AsyncIterator[pytest.ExceptionInfo[GovernError]]:
    """Check that the block is refused in this way, and that nothing changed."""
    async with assert_nothing_changed(owner):
        with pytest.raises(kind) as refused:
            yield refused


@asynccontextmanager
async def assert_denied(
    owner: asyncpg.Connection, actor: Actor, action: str, *, rule: str | None = None
) -> AsyncIterator[None]:
    """Check that the access policy refuses the block by this rule, that an entry tells of it, and nothing changed.

    Who may not even know of what it is about hears that there is no such thing.
    """
    async with assert_refused(GovernError, owner) as refused:
        yield
    denied = refused.value.__cause__ if isinstance(refused.value, NotFound) else refused.value
    assert isinstance(denied, Denied)
    assert (denied.data["action"], denied.data["rule"]) == (action, rule)
    told = next(entry for entry in await entries() if entry["id"] == str(denied.data["entry"]))
    assert (told["action"], told["outcome"], told["actor"]["id"]) == ("access.denied", "denied", actor.id)
    assert (told["data"]["action"], told["data"].get("rule")) == (action, rule)


async def race(*calls: Coroutine[Any, Any, object]) -> list[object]:
    """Run the calls at once, each with a context and so a connection of its own; return what each gave or raised."""
    tasks = [asyncio.create_task(call, context=Context()) for call in calls]
    return await asyncio.gather(*tasks, return_exceptions=True)


def assert_one_winner(results: list[object]) -> None:
    """Check that of those who raced one won and each other one was told of a conflict."""
    lost = [result for result in results if isinstance(result, BaseException)]
    assert len(lost) == len(results) - 1, results
    assert all(isinstance(result, Conflict) for result in lost), lost
