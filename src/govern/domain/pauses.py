"""The stop switch."""

from datetime import datetime
from uuid import UUID

import msgspec

from govern.errors import N_, Conflict


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """Publishing stopped at a scope, for some kinds."""

    id: UUID
    scope: str
    kinds: tuple[str, ...]
    reason: str
    set_by: UUID
    set_by_name: str
    set_at: datetime
    lifted_at: datetime | None = None
    lifted_by_name: str | None = None


class AlreadyPaused(Conflict):
    code = "pause.already_set"
    template = N_("Publishing is already paused at {scope}.")
