"""Publishing: what was placed is read back, compared with all that was ever signed, and only then signed."""

import asyncio

from govern import log
from govern.database import transaction
from govern.errors import N_, Conflict
from govern.services.audit.guard import Guard
from govern.services.audit.log_key import LogKeyUnfit
from govern.services.audit.log_state import (
    LogDamaged,
    LogState,
    NoLog,
    Reached,
    SignedRow,
    go_on,
    last_checkpoint,
    lock_state,
)
from govern.services.audit.read_back import check_new, roots_from_tiles
from govern.tables import AuditCheckpoint, AuditLogState
from govern.tlog.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from govern.tlog.note import NoteError, SignerKey

logger = log.get(__name__)
_BEAT = "UPDATE audit.log_state SET beat_at = clock_timestamp() WHERE id = 1"
_IDLE = "SET LOCAL synchronous_commit = off"  # a beat that a crash loses is missed by nobody
_PUT = "INSERT INTO audit.checkpoint (size, root, note) VALUES ({}, {}, {})"


class NoGuard(Conflict):
    """Without the last signed note nobody can tell whether this database is the newest."""

    code = "log.no_guard"
    template = N_(
        "The log has {size} entries, and the guard file {path} is not there. Nothing is signed. "
        "`govern audit init --adopt NOTE` takes a checkpoint that was kept elsewhere."
    )


class GuardUnfit(Conflict):
    """The guard file holds no note of this log."""

    code = "log.guard_unfit"
    template = N_("The guard file {path} does not do: {reason}. Nothing is signed.")


class LogForked(Conflict):
    """The database tells another history than the one that was signed."""

    code = "log.forked"
    template = N_(
        "The first {size} entries in the database are not those that were signed: somebody changed the log. "
        "Nothing is signed."
    )


class LogRolledBack(Conflict):
    """The database has fewer entries than were signed: a restored backup, or a standby that was late."""

    code = "log.rolled_back"
    template = N_(
        "The database has {size} entries of {signed} that were signed: it is an older one. Nothing is signed. "
        "`govern audit init --after NOTE --reason …` goes on under a new origin."
    )


async def publish(key: SignerKey, guard: Guard, *, reached: Reached = go_on) -> str | None:
    """Sign the tree as it stands, and return the note; None if that was signed already. Either way it is a beat.

    Raises:
        NoLog, LogKeyUnfit, NoGuard, GuardUnfit, LogForked, LogRolledBack, LogDamaged: nothing was signed.
        GuardChanged: another sequencer was faster.
    """
    async with transaction():
        state = await lock_state()
        reached("locked")
        kept = await asyncio.to_thread(guard.read)
        signed = read_guard(kept, key, guard, state)
        last = await last_checkpoint()
        if state.size == 0 or (last is not None and last.size == state.size and last.note == kept):
            await AuditLogState.raw(_IDLE)
            await AuditLogState.raw(_BEAT)
            return None
        root = await _check(state, signed, last)
        reached("checked")
        note = str(sign_checkpoint(Checkpoint(origin=key.name, size=state.size, root=root), key))
        if kept != note:
            await asyncio.to_thread(guard.swap, kept, note)  # before anybody can see the checkpoint
        reached("swapped")
        await AuditCheckpoint.raw(_PUT, state.size, root, note)
        await AuditLogState.raw(_BEAT)
        reached("inserted")
        return note


def read_guard(kept: str | None, key: SignerKey, guard: Guard, state: LogState) -> Checkpoint:
    """Return the last signed checkpoint, if the database may go on from it.

    Raises:
        NoLog, LogKeyUnfit, NoGuard, GuardUnfit, LogRolledBack: it may not.
    """
    if state.origin is None:
        raise NoLog
    if key.name != state.origin:
        raise LogKeyUnfit(path=key.name, reason=f"the log of this database is {state.origin}")
    if kept is None:
        raise NoGuard(size=state.size, path=guard.path)
    try:
        signed = open_checkpoint(kept, [key.verifier], origin=state.origin)
    except NoteError as error:
        raise GuardUnfit(path=guard.path, reason=str(error)) from error
    if signed.size > state.size:
        raise LogRolledBack(size=state.size, signed=signed.size)
    return signed


async def _check(state: LogState, signed: Checkpoint, last: SignedRow | None) -> bytes:
    """Return the root to sign, once all that is in the database agrees with it, and with what was signed before."""
    begin = last.size if last else 0
    if begin >= state.size:
        raise LogDamaged(reason=f"a checkpoint of {begin} entries that was never signed")
    await check_new(begin, state.size)
    roots = await roots_from_tiles({state.size, signed.size, begin})
    if roots[state.size] != state.edge().root():
        raise LogDamaged(reason="the tiles lead to another root than the edge of the tree")
    if roots[signed.size] != signed.root:
        raise LogForked(size=signed.size)
    if last is not None and roots[begin] != last.root:
        raise LogForked(size=begin)
    return roots[state.size]
