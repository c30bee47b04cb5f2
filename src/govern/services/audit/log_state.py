"""The one row that says how far the log was placed, and the checkpoints signed so far."""

from collections.abc import Callable

import msgspec

from govern.database import rows
from govern.errors import N_, Conflict
from govern.tables import AuditCheckpoint, AuditLogState
from govern.tlog.checkpoint import Checkpoint, open_checkpoint
from govern.tlog.note import NoteError, VerifierKey
from govern.tlog.tree import HASH_BYTES, Frontier, ProofError

Reached = Callable[[str], None]
"""Told of each step of placing and publishing once it is done: what tests of crashes stop at."""

# The timeline of the running server: the control file's own would lag behind a promotion.
_STATE = """
SELECT origin, size, frontier, snap, floor, beat_at, system_id, timeline,
       (SELECT system_identifier FROM pg_control_system()) AS server,
       ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int AS branch
  FROM audit.log_state WHERE id = 1
"""
_LOCKED = _STATE + " FOR UPDATE"
_LAST = "SELECT size, root, note FROM audit.checkpoint ORDER BY size DESC LIMIT 1"


class NoLog(Conflict):
    """Only `govern audit init` creates a log."""

    code = "log.none"
    template = N_("There is no log yet; `govern audit init` creates it.")


class LogDamaged(Conflict):
    """What the database holds contradicts itself: nothing is signed."""

    code = "log.damaged"
    template = N_("The log in the database is damaged: {reason}.")


class LogState(msgspec.Struct, frozen=True, kw_only=True):
    """How far the log was placed, and in which database."""

    origin: str | None
    size: int
    frontier: bytes
    snap: str
    floor: int
    system_id: int | None
    timeline: int | None
    server: int
    branch: int

    @property
    def moved(self) -> bool:
        """Tell whether this is another database than the one it was placed in: its transaction ids say nothing."""
        return (self.system_id, self.timeline) != (self.server, self.branch)

    def edge(self) -> Frontier:
        """Return the right edge of the tree.

        Raises:
            LogDamaged: it does not fit the size.
        """
        cut = range(0, len(self.frontier), HASH_BYTES)
        try:
            return Frontier(self.size, [self.frontier[at : at + HASH_BYTES] for at in cut])
        except ProofError as error:
            raise LogDamaged(reason=str(error)) from error


class SignedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint as it is stored."""

    size: int
    root: bytes
    note: str


def go_on(_step: str) -> None:
    """Stop nowhere."""


async def read_state() -> LogState:
    """Return the state of the log, in the caller's transaction.

    Raises:
        NoLog: nobody has created one.
    """
    return _known(rows(await AuditLogState.raw(_STATE)))


async def lock_state() -> LogState:
    """Return the state of the log, and keep every other sequencer out until the caller's transaction ends.

    Raises:
        NoLog: nobody has created one.
    """
    return _known(rows(await AuditLogState.raw(_LOCKED)))


async def look_at_state() -> LogState:
    """Return the row as it is, locked, also before there is a log: for those who create one."""
    return msgspec.convert(rows(await AuditLogState.raw(_LOCKED))[0], LogState)


async def last_checkpoint() -> SignedRow | None:
    """Return the biggest checkpoint in the database, as it stands there: who needs to believe it checks its note."""
    found = rows(await AuditCheckpoint.raw(_LAST))
    return msgspec.convert(found[0], SignedRow) if found else None


async def read_signed(key: VerifierKey, origin: str) -> tuple[str, Checkpoint]:
    """Return the last note and what it says, once the key vouches for it.

    Raises:
        NoLog: nothing was signed yet.
        LogDamaged: it is not a note of this log.
    """
    last = await last_checkpoint()
    if last is None:
        raise NoLog
    try:
        checkpoint = open_checkpoint(last.note, [key], origin=origin)
    except NoteError as error:
        raise LogDamaged(reason=f"the last checkpoint is not one of ours: {error}") from error
    if (checkpoint.size, checkpoint.root) != (last.size, last.root):
        raise LogDamaged(reason="the last checkpoint's note says something else than its row")
    return last.note, checkpoint


def _known(found: list[dict[str, object]]) -> LogState:
    if not found or found[0]["origin"] is None:
        raise NoLog
    return msgspec.convert(found[0], LogState)
