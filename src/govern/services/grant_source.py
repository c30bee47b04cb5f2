"""Where the access policy reads versions, grants, the scope tree and its own files from."""

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextvars import ContextVar
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from govern.access import Change, Held
from govern.database import AWAY, engine, in_transaction, rows
from govern.domain.actions import ChangeKind, Seen
from govern.errors import Unavailable
from govern.services.gate import close_gate, enter_gate
from govern.tables import AccessChange, AccessState, PolicyActivation, PolicyBundle, RoleGrant, Scope

T = TypeVar("T")
PAGE = 1_000
_STATE = """
SELECT version, coalesce(policy_digest, '') AS digest, clock_timestamp() AS at,
       xmin::text = coalesce(pg_current_xact_id_if_assigned()::xid::text, '') AS own,
       current_setting('transaction_isolation') AS isolation
  FROM access_state WHERE id = 1
"""
_HOLD = _STATE + " FOR SHARE"
_LOCK = _STATE + " FOR NO KEY UPDATE"
_CHANGES = """
SELECT version, subject, kind FROM access_change WHERE version > {} ORDER BY version
"""
# A moment of the past asks the history: granted by then, not yet revoked, the member not suspended since.
_HELD = """
SELECT g.id, g.id::text AS grant, g.member::text AS member, g.role, g.scope, g.starts_at, g.expires_at
  FROM role_grant g JOIN member m ON m.id = g.member
 WHERE ({}::uuid[] IS NULL OR g.member = ANY ({}::uuid[])) AND g.id > {}::uuid
   AND CASE WHEN {}::timestamptz IS NULL
            THEN g.revoked_at IS NULL AND m.state = 'active' AND (g.expires_at IS NULL OR g.expires_at > now())
            ELSE g.granted_at <= {}::timestamptz AND (g.revoked_at IS NULL OR g.revoked_at > {}::timestamptz)
                 AND (m.suspended_at IS NULL OR m.suspended_at > {}::timestamptz) END
 ORDER BY g.id LIMIT {}
"""
_FIRST = UUID(int=0)
_PARENTS = "SELECT key AS scope, parent FROM scope WHERE parent IS NOT NULL"
_PARENTS_AT = """
SELECT scope, parent FROM scope_parent WHERE valid_from <= {} AND (valid_to IS NULL OR valid_to > {})
"""
_DIGEST_AT = "SELECT digest FROM policy_activation WHERE activated_at <= {} ORDER BY activated_at DESC, id DESC LIMIT 1"
_FILES = "SELECT files FROM policy_bundle WHERE digest = {}"
_OF_MEMBER = """
SELECT role, scope FROM role_grant
 WHERE member = {} AND revoked_at IS NULL AND starts_at <= now() AND (expires_at IS NULL OR expires_at > now())
"""

_held: ContextVar[tuple[object, Seen] | None] = ContextVar("govern_access_held", default=None)
_locked: ContextVar[object] = ContextVar("govern_access_locked", default=None)


class PostgresGrants:
    """The `GrantSource` of PostgreSQL. Each method asks in the caller's transaction, if there is one."""

    async def state(self) -> Seen:
        """Return the version now; under `hold`, the one held."""
        return _held_here() or _seen(await _only(AccessState.raw(_STATE)))

    async def hold(self) -> Seen:
        """Let nobody change access before this transaction ends, and return the version. Cheap when repeated.

        Raises:
            RuntimeError: there is no transaction, it is not READ COMMITTED, or it changed access itself.
        """
        _check_transaction()
        held = _held_here()
        if held is None:
            await _available(enter_gate())
            held = _seen(
                await _only(AccessState.raw(_HOLD))
            )  # a later statement than the gate: it sees what the gate waited for
            _held.set((_transaction(), held))
        return held

    async def lock(self) -> None:
        """Wait for all who decide, keep later ones out until this transaction ends. Before any other lock.

        Raises:
            RuntimeError: there is no transaction, or it is not READ COMMITTED.
        """
        _check_transaction()
        await _available(close_gate())
        _seen(await _only(AccessState.raw(_LOCK)))
        _locked.set(_transaction())

    def deciding(self) -> bool:
        """Tell whether there is a transaction: what it does must be decided under `hold`."""
        return in_transaction()

    def locked(self) -> bool:
        """Tell whether this transaction called `lock`."""
        return in_transaction() and _locked.get() is _transaction()

    async def changes(self, since: int) -> Sequence[Change] | None:
        """Return what later versions changed; None: too long ago to tell."""
        found = await _rows(AccessChange.raw(_CHANGES, since))
        if not found or found[0]["version"] > since + 1:
            return None
        return [Change(row["subject"], ChangeKind(row["kind"])) for row in found]

    async def held(
        self, members: frozenset[str] | None, *, at: datetime | None = None
    ) -> AsyncIterator[Sequence[Held]]:
        """Give pages of the grants of these members (None: all), as they are or as they were `at` a moment."""
        wanted = None if members is None else [UUID(member) for member in members]
        last: UUID | None = _FIRST
        while last is not None:
            page = await _rows(RoleGrant.raw(_HELD, wanted, wanted, last, at, at, at, at, PAGE))
            yield [_grant(row) for row in page]
            last = page[-1]["id"] if len(page) == PAGE else None

    async def parents(self, *, at: datetime | None = None) -> Mapping[str, str]:
        """Return the scope tree: each scope but the company, and the one above."""
        found = await _rows(Scope.raw(_PARENTS) if at is None else Scope.raw(_PARENTS_AT, at, at))
        return {row["scope"]: row["parent"] for row in found}

    async def digest(self, *, at: datetime) -> str | None:
        """Return the policy that was in force at a moment."""
        found = await _rows(PolicyActivation.raw(_DIGEST_AT, at))
        return str(found[0]["digest"]) if found else None

    async def files(self, digest: str) -> Mapping[str, bytes] | None:
        """Return the files of a policy that was activated once."""
        found = await _rows(PolicyBundle.raw(_FILES, digest))
        if not found:
            return None
        return {
            name: text.encode() for name, text in msgspec.json.decode(found[0]["files"], type=dict[str, str]).items()
        }


async def roles_at(member: UUID, scopes: tuple[str, ...]) -> frozenset[str]:
    """Return the roles a member holds at any of the scopes (an account and those above it)."""
    return frozenset(role for role, scope in await grants_of(member) if scope in scopes)


async def grants_of(member: UUID) -> list[tuple[str, str]]:
    """Return what a member holds now, as pairs of role and scope, whether they may act or not."""
    return [(str(row["role"]), str(row["scope"])) for row in rows(await RoleGrant.raw(_OF_MEMBER, member))]


async def _available(asked: Awaitable[T]) -> T:
    """Say `Unavailable` for a database that is away: a right that cannot be read is no right."""
    try:
        return await asked
    except AWAY as error:
        raise Unavailable from error


async def _rows(asked: Awaitable[object]) -> list[dict[str, Any]]:
    return rows(await _available(asked))


async def _only(asked: Awaitable[object]) -> dict[str, Any]:
    found = await _rows(asked)
    if not found:
        raise Unavailable
    return found[0]


def _seen(row: dict[str, Any]) -> Seen:
    if row["own"]:
        raise RuntimeError("a transaction that changed access decides nothing more: it may still roll back")
    if in_transaction() and row["isolation"] != "read committed":
        raise RuntimeError("access is decided in READ COMMITTED alone: others see an old state")
    return msgspec.convert({name: row[name] for name in ("version", "digest", "at")}, Seen)


def _grant(row: dict[str, Any]) -> Held:
    return msgspec.convert({**row, "id": row["grant"]}, Held)


def _transaction() -> object:
    return engine().current_transaction.get()


def _held_here() -> Seen | None:
    held = _held.get()
    return held[1] if held is not None and in_transaction() and held[0] is _transaction() else None


def _check_transaction() -> None:
    if not in_transaction():
        raise RuntimeError("access is held or locked for a transaction, and there is none")
