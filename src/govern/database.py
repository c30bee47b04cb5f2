"""PostgreSQL: the engine, its pool, and `transaction()`, the only way to change anything."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any

import asyncpg
from piccolo.engine.finder import engine_finder
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

from govern.errors import Unavailable

SERVER_SETTINGS = {
    "lock_timeout": "5s",
    "statement_timeout": "20s",
    "idle_in_transaction_session_timeout": "30s",
    "timezone": "UTC",
}
# What asyncpg raises when PostgreSQL is away: the caller hears Unavailable, nothing was changed.
AWAY = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server hung up while the connection was being picked up again
    asyncpg.exceptions.PostgresConnectionError,
    asyncpg.exceptions.CannotConnectNowError,
    asyncpg.exceptions.AdminShutdownError,
    asyncpg.exceptions.CrashShutdownError,
    asyncpg.exceptions.TooManyConnectionsError,
    asyncpg.exceptions.LockNotAvailableError,  # busy for longer than our own limits: nothing was changed either
    asyncpg.exceptions.QueryCanceledError,
)
# What it raises for who signs in to read only: nothing was changed.
READS_ONLY = (asyncpg.exceptions.ReadOnlySQLTransactionError, asyncpg.exceptions.InsufficientPrivilegeError)
# What asyncpg raises for a text PostgreSQL cannot hold (U+0000): the statement was refused, the transaction rolled back.
UNSTORABLE = (asyncpg.exceptions.CharacterNotInRepertoireError, asyncpg.exceptions.UntranslatableCharacterError)

_inside: ContextVar[bool] = ContextVar("govern_in_transaction", default=False)
_later: ContextVar[list[Callable[[], None]] | None] = ContextVar("govern_after_commit", default=None)
_login: ContextVar[PostgresEngine | None] = ContextVar("govern_login", default=None)


def make_engine(url: str, **config: Any) -> PostgresEngine:
    """Build the engine for one address; it connects only when a pool or a query asks for it."""
    return PostgresEngine(config={"dsn": url, "server_settings": SERVER_SETTINGS, **config})


def engine() -> PostgresEngine:
    """Return the engine that `piccolo_conf` built, found late so that importing a table connects to nothing."""
    found = engine_finder()
    if not isinstance(found, PostgresEngine):
        raise Unavailable
    return found


@asynccontextmanager
async def pool(*, size: int = 10) -> AsyncIterator[None]:
    """Keep a connection pool open; one event loop per pool (piccolo #807). It connects when somebody asks."""
    await engine().start_connection_pool(min_size=0, max_size=size, reset=_as_it_is)
    try:
        yield
    finally:
        await engine().close_connection_pool()


async def _as_it_is(_connection: object) -> None:
    """Give a connection back without a round trip: nothing here sets more than a transaction's own, and locks no session.

    What was left open is rolled back before, and listeners are dropped: asyncpg does that by itself.
    """


@asynccontextmanager
async def signed_in(url: str, *, size: int = 2) -> AsyncIterator[None]:
    """Let the transactions of this block, and of tasks it starts, run under another login; queries outside of one do not."""
    async with side_pool(url, size=size) as other:
        with other.used():
            yield


class SidePool:
    """A pool beside the main one; the transactions of a block that uses it run there."""

    def __init__(self, other: PostgresEngine | None = None) -> None:
        """Without an engine of its own it is the main pool."""
        self._engine = other

    @contextmanager
    def used(self) -> Iterator[None]:
        """Let the transactions of this block run here; queries outside of one do not."""
        before = _login.set(self._engine)
        try:
            yield
        finally:
            _login.reset(before)


@asynccontextmanager
async def side_pool(url: str, *, size: int = 2, lock_timeout: str | None = None) -> AsyncIterator[SidePool]:
    """Keep a second pool open: for another login, or for transactions that keep others waiting."""
    waits = {"lock_timeout": lock_timeout} if lock_timeout else {}
    other = make_engine(url, server_settings={**SERVER_SETTINGS, **waits})
    await other.start_connection_pool(min_size=0, max_size=size, reset=_as_it_is)
    try:
        yield SidePool(other)
    finally:
        await other.close_connection_pool()


def in_transaction() -> bool:
    """Tell whether this task is inside `transaction()`; network calls refuse to run there."""
    return _inside.get()  # not asked of the engine: looking for it would build it, and connect


def after_commit(tell: Callable[[], None]) -> None:
    """Have this called once the running transaction is committed; never, if it is rolled back.

    Raises:
        RuntimeError: there is no transaction.
    """
    later = _later.get()
    if later is None:
        raise RuntimeError("nothing is about to be committed")
    later.append(tell)


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """One use case: commit at the end, roll back on any error, always give the connection back."""
    own = engine()
    tx = (_login.get() or own).transaction(allow_nested=False)
    finish: Callable[[], Awaitable[None]] | None = None  # None: not begun
    later: list[Callable[[], None]] = []
    try:
        _inside.set(True)
        _later.set(later)
        await tx.__aenter__()
        finish = tx.rollback
        own.current_transaction.set(tx)  # where queries look, whoever's connection it is
        yield
        finish = tx.commit
    finally:
        _inside.set(False)
        own.current_transaction.set(None)
        tx.engine.current_transaction.set(None)
        await asyncio.shield(_end(tx, finish))  # holds against anyio and against task.cancel()
    for tell in later:
        tell()


async def _end(tx: PostgresTransaction, finish: Callable[[], Awaitable[None]] | None) -> None:
    connections, connection = tx.engine.pool, getattr(tx, "connection", None)
    try:
        if finish:
            await finish()
    finally:
        if connection:
            await (connections.release(connection) if connections else connection.close())


def rows(result: object) -> list[dict[str, Any]]:
    """Give a Piccolo result its type: a list of plain rows."""
    return list(result)  # type: ignore[call-overload,no-any-return]  # Piccolo types every result as Any
