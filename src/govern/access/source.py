"""What access asks of the database, which it never sees itself: versions, grants, the scope tree, policy files."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from govern.domain.actions import ChangeKind, Seen


class Held(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A grant as it is kept: not revoked, of an active member, perhaps not in force yet."""

    id: str
    member: str
    role: str
    scope: str
    starts_at: datetime
    expires_at: datetime | None


class Change(msgspec.Struct, frozen=True):
    """What a version changed; `subject` is a member, a scope, a digest or `*`."""

    subject: str
    kind: ChangeKind


class GrantSource(Protocol):
    """Reads in the caller's transaction, if there is one. Every method raises `Unavailable` without a database.

    Written in `services/grant_source.py`.
    """

    async def state(self) -> Seen:
        """Return the version now; under `hold`, the one held."""

    async def hold(self) -> Seen:
        """Let nobody change access before this transaction ends, and return the version. Cheap when repeated.

        Raises:
            RuntimeError: there is no transaction, it is not READ COMMITTED, or it changed access itself.
        """

    async def lock(self) -> None:
        """Wait for all who decide, keep later ones out until this transaction ends. Before any other lock.

        Raises:
            RuntimeError: there is no transaction, or it is not READ COMMITTED.
        """

    def deciding(self) -> bool:
        """Tell whether there is a transaction: what it does must be decided under `hold`."""

    def locked(self) -> bool:
        """Tell whether this transaction called `lock`."""

    async def changes(self, since: int) -> Sequence[Change] | None:
        """Return what later versions changed; None: too long ago to tell."""

    def held(self, members: frozenset[str] | None, *, at: datetime | None = None) -> AsyncIterator[Sequence[Held]]:
        """Give pages of the grants of these members (None: all), as they are or as they were `at` a moment."""

    async def parents(self, *, at: datetime | None = None) -> Mapping[str, str]:
        """Return the scope tree: each scope but the company, and the one above."""

    async def digest(self, *, at: datetime) -> str | None:
        """Return the policy that was in force at a moment."""

    async def files(self, digest: str) -> Mapping[str, bytes] | None:
        """Return the files of a policy that was activated once."""
