"""The beginning of a log: key, first guard note and first entry; and how it goes on after a loss. Run as the owner."""

from datetime import datetime
from hashlib import sha256

import msgspec

from govern.domain.audit import LogAdopted, LogContinued, LogCreated, ObjectRef
from govern.domain.members import Actor
from govern.errors import N_, Conflict
from govern.services.audit.guard import Guard
from govern.services.audit.log_key import make_signer, read_signer, read_verifier, write_verifier
from govern.services.audit.log_state import LogState, look_at_state
from govern.services.audit.publishing import GuardUnfit, LogForked, LogRolledBack, read_guard
from govern.services.audit.read_back import roots_from_tiles
from govern.services.audit.record import record
from govern.services.use_case import use_case
from govern.settings import Settings
from govern.tables import AuditLogState
from govern.tlog.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from govern.tlog.note import NoteError, SignerKey, VerifierKey
from govern.tlog.tree import EMPTY_ROOT

LOG = ObjectRef("log", "audit")
COMPANY = "company"
_BEGIN = "UPDATE audit.log_state SET origin = {}, system_id = {}, timeline = {} WHERE id = 1"
_RENAME = "UPDATE audit.log_state SET origin = {} WHERE id = 1"


class OriginFixed(Conflict):
    """The log has its name for life."""

    code = "log.origin_fixed"
    template = N_("GOVERN_AUDIT_ORIGIN is {given}, and the log of this database is {origin}: it is fixed at init.")


class NoteUnfit(Conflict):
    """The checkpoint handed over is not one to go by."""

    code = "log.note_unfit"
    template = N_("This checkpoint does not do: {reason}.")


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """The log there is now; its public key is for the officer to keep."""

    created: bool
    origin: str
    verifier: str


async def create_log(*, settings: Settings, actor: Actor, now: datetime) -> Begun:
    """Create the log of this database, or find it as it was and see that key and guard are there.

    Raises:
        OriginFixed, LogKeyUnfit, NoGuard, GuardUnfit, LogRolledBack: key, guard and database do not belong together.
    """
    origin, guard = settings.audit_origin, Guard(settings.guard_file)
    async with use_case(actor=actor, now=now):
        state = await look_at_state()
        if state.origin is not None:
            return _found(state, guard, settings)
        key = make_signer(settings.key_file, origin)
        _begin_guard(guard, key)
        await AuditLogState.raw(_BEGIN, origin, state.server, state.branch)
        await record(LogCreated(origin=origin, key=_digest(key)), actor=actor, now=now, object=LOG, scope=COMPANY)
    write_verifier(settings.verifier_file, key.verifier)
    return _begun(key, created=True)


async def adopt_checkpoint(note: str, *, settings: Settings, actor: Actor, now: datetime) -> Begun:
    """Take a checkpoint that was kept elsewhere in place of a lost guard file; what it says must be in the database.

    Raises:
        OriginFixed, LogKeyUnfit: this is not the log's key, or not its name.
        NoteUnfit: the note is malformed or another log's, or the guard file is not lost.
        LogForked, LogRolledBack: the database does not go on from it.
    """
    guard = Guard(settings.guard_file)
    async with use_case(actor=actor, now=now):
        state = await look_at_state()
        _same_origin(state, settings)
        key = read_signer(settings.key_file, settings.audit_origin)
        kept = _open(note, key.verifier)
        if guard.read() not in {None, note}:
            raise NoteUnfit(reason=f"the guard file {guard.path} is there; nothing is to be adopted")
        if kept.size > state.size:
            raise LogRolledBack(size=state.size, signed=kept.size)
        if (await roots_from_tiles({kept.size}))[kept.size] != kept.root:
            raise LogForked(size=kept.size)
        if guard.read() is None:
            guard.swap(None, note)
        entry = LogAdopted(size=kept.size, root=kept.root.hex())
        await record(entry, actor=actor, now=now, object=LOG, scope=COMPANY)
    write_verifier(settings.verifier_file, key.verifier)
    return _begun(key, created=False)


async def continue_log(note: str, *, reason: str, settings: Settings, actor: Actor, now: datetime) -> Begun:
    """Go on with a database that is older than what was signed, under the new origin of the settings.

    The old key is put aside, the gap is the first thing that the new origin records.

    Raises:
        OriginFixed: the origin is still the old one: two histories never bear one name.
        NoteUnfit: the note is not one of the old log, or the database goes on from it, so nothing is lost.
    """
    guard = Guard(settings.guard_file)
    async with use_case(actor=actor, now=now):
        state = await look_at_state()
        before, origin = state.origin, settings.audit_origin
        if before is None or before == origin:
            raise OriginFixed(given=origin, origin=before)
        old = _open(note, read_verifier(settings.verifier_file), origin=before)
        if old.size <= state.size and (await roots_from_tiles({old.size}))[old.size] == old.root:
            raise NoteUnfit(reason="the database goes on from it, so nothing is lost")
        key = make_signer(settings.key_file, origin)
        first, kept = _first_note(key), guard.read()
        if kept != first:
            guard.swap(kept, first)
        await AuditLogState.raw(_RENAME, origin)
        await record(
            LogContinued(
                before=before,
                origin=origin,
                key=_digest(key),
                signed=old.size,
                root=old.root.hex(),
                size=state.size,
                reason=reason,
            ),
            actor=actor,
            now=now,
            object=LOG,
            scope=COMPANY,
        )
    write_verifier(settings.verifier_file, key.verifier)
    return _begun(key, created=True)


def _found(state: LogState, guard: Guard, settings: Settings) -> Begun:
    """Look at a log that is there; a host that lost the public key gets it again."""
    _same_origin(state, settings)
    key = read_signer(settings.key_file, settings.audit_origin)
    read_guard(guard.read(), key, guard, state)
    write_verifier(settings.verifier_file, key.verifier)
    return _begun(key, created=False)


def _begin_guard(guard: Guard, key: SignerKey) -> None:
    """Write the note of the empty log: from now on a missing guard file is a loss, and not a beginning."""
    kept = guard.read()
    if kept is None:
        guard.swap(None, _first_note(key))
        return
    try:
        signed = open_checkpoint(kept, [key.verifier], origin=key.name)
    except NoteError as error:
        raise GuardUnfit(path=guard.path, reason=str(error)) from error
    if signed.size:
        raise LogRolledBack(size=0, signed=signed.size)


def _first_note(key: SignerKey) -> str:
    return str(sign_checkpoint(Checkpoint(origin=key.name, size=0, root=EMPTY_ROOT), key))


def _same_origin(state: LogState, settings: Settings) -> None:
    if state.origin != settings.audit_origin:
        raise OriginFixed(given=settings.audit_origin, origin=state.origin)


def _open(note: str, key: VerifierKey, *, origin: str | None = None) -> Checkpoint:
    try:
        return open_checkpoint(note, [key], origin=origin or key.name)
    except NoteError as error:
        raise NoteUnfit(reason=str(error)) from error


def _digest(key: SignerKey) -> str:
    return sha256(str(key.verifier).encode()).hexdigest()


def _begun(key: SignerKey, *, created: bool) -> Begun:
    return Begun(created=created, origin=key.name, verifier=str(key.verifier))
