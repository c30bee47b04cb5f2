"""Verification: the log in our database against its signatures, its copies, and what the company's tables say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from govern.database import transaction
from govern.domain.actions import COMPANY
from govern.domain.audit import LogMismatch, LogVerified, ObjectRef, Recorded
from govern.domain.members import Actor
from govern.services.audit.checks import Judge, Kept, TreeCheck
from govern.services.audit.claims import Findings, Found, Verdict
from govern.services.audit.guard import Guard
from govern.services.audit.log_key import VerifierUnfit, read_verifier
from govern.services.audit.log_state import NoLog, SignedRow, last_checkpoint
from govern.services.audit.opening_checks import OpeningChecks
from govern.services.audit.record import record
from govern.services.audit.replay import Replay, check_replay
from govern.services.audit.row_checks import (
    Earlier,
    check_rows,
    indexed_to,
    known_origins,
    last_verification,
    state_of_log,
)
from govern.services.audit.text_checks import FormatsAndSearch
from govern.services.audit.tree_sources import Tables
from govern.services.use_case import use_case
from govern.settings import Settings
from govern.tables import AuditLogState
from govern.tlog.checkpoint import Checkpoint, open_checkpoint
from govern.tlog.note import NoteError, VerifierKey
from govern.tlog.tree import EMPTY_ROOT

_ONE_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
LOG = ObjectRef("log", "audit")
AGAINST = frozenset({"key", "guard", "saved"})
"""Checks against what lies outside the database."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What to verify, and against what."""

    full: bool = False
    """From the first entry on; else from where the last verification ended."""
    key: VerifierKey | None = None
    """The log's public key as it was kept outside."""
    saved: Sequence[tuple[str, str]] = ()
    """Checkpoints kept outside: where each was, and its note."""
    openings: bool = False
    """Open the sealed fields too, with the keys of this process."""


class _Verification:
    """One run: what is known of the log before its entries are read."""

    def __init__(self, question: Question, settings: Settings) -> None:
        self.question = question
        self.settings = settings
        self.findings = Findings()
        self.keys: list[VerifierKey] = []
        self.origins: set[str] = set()
        self.kept: list[Kept] = []
        self.key_words = "The key is the one you gave."

    def signed(self, note: str) -> Checkpoint | None:
        """Return the checkpoint of a note that one of our keys signed for this log."""
        try:
            found = open_checkpoint(note, self.keys)
        except NoteError:
            return None
        return found if found.origin in self.origins else None

    def row_signed(self, note: str) -> bool | None:
        """Tell whether a kept note was signed; None where no key tells: none is at hand, or it bears an earlier name.

        The public key of an earlier name is not here any more: of its checkpoints, only the roots are compared.
        """
        if self.signed(note) is not None:
            return True
        named = note.partition("\n")[0]
        earlier = named in self.origins and named not in {key.name for key in self.keys}
        return None if earlier or self.findings.failed("signature") else False

    def choose_key(self) -> None:
        """Take the key we were given, or the one this installation has: a log cannot vouch for its own."""
        if self.question.key is not None:
            self.keys = [self.question.key]
            return
        try:
            self.keys = [read_verifier(self.settings.verifier_file)]
            self.key_words = f"The key is the one in {self.settings.verifier_file}."
        except VerifierUnfit as error:
            for check in ("key", "signature"):
                self.findings.skip(check, f"No key is at hand: give --key. ({error.detail})")

    def keep(self, check: str, where: str, note: str) -> Checkpoint | None:
        """Add a checkpoint that the log must go on from; one nobody we know signed says nothing."""
        found = self.signed(note)
        if found is None:
            self.findings.skip(check, f"{where} is not a checkpoint of this log that the key signed.")
        else:
            self.kept.append(Kept(check, where, found))
        return found


async def verify_log(question: Question, *, settings: Settings) -> Verdict:
    """Verify the log in our database, in one snapshot of it; nothing is changed.

    Raises:
        NoLog: nobody has created one, and no guard file says otherwise.
    """
    guard = _read_guard(settings)  # before the snapshot: what was signed by now is in it
    async with transaction():
        await AuditLogState.raw(_ONE_SNAPSHOT)
        run = _Verification(question, settings)
        origin, placed = await state_of_log()
        if origin is None and not placed and not isinstance(guard, str):
            raise NoLog
        run.origins = {*await known_origins(), settings.audit_origin, *([origin] if origin else [])}
        run.choose_key()
        newest = _newest(run, await last_checkpoint(), guard, placed)
        earlier = await last_verification()
        begin = _begin(run, earlier)
        begin = await _check_entries(run, newest, begin, replay := Replay())
        await check_rows(run.findings, newest.size, full=begin == 0)
        objects = await check_replay(run.findings, replay)
    return _verdict(run, newest, begin, objects)


def _read_guard(settings: Settings) -> str | OSError | None:
    try:
        return Guard(settings.guard_file).read()
    except (OSError, UnicodeError) as error:
        return error if isinstance(error, OSError) else OSError(str(error))


def _newest(run: _Verification, row: SignedRow | None, guard: str | OSError | None, placed: int) -> Checkpoint:
    """Return the biggest checkpoint to check the entries against, believed or not; add the others to what is kept."""
    newest = Checkpoint(run.settings.audit_origin, 0, EMPTY_ROOT)
    if row is not None:
        newest = Checkpoint(newest.origin, row.size, row.root)
        noted = run.signed(row.note)
        if run.keys and (noted is None or (noted.size, noted.root) != (row.size, row.root)):
            words = f"The newest checkpoint, of {row.size} entries, is not one that the key signed."
            run.findings.wrong("signature", words, row.size - 1)
    if isinstance(guard, str):
        kept = run.keep("guard", "The guard file", guard)
        if kept is not None and newest.size < kept.size <= placed:
            newest = kept  # signed a moment ago: its row is not committed yet
    elif isinstance(guard, OSError):
        run.findings.skip("guard", f"This process cannot read the guard file: {guard.strerror or guard}.")
    else:
        run.findings.skip("guard", "There is no guard file here.")
    for where, note in run.question.saved:
        run.keep("saved", where, note)
    if newest.size == 0 and placed:
        run.findings.wrong("signature", f"There are {placed} entries and no signed checkpoint.", 0)
    return newest


def _begin(run: _Verification, earlier: Earlier | None) -> int:
    """Return where to begin: where the last verification ended, unless it found something or everything is asked for."""
    if earlier is None or not earlier.held:
        return 0
    size, root = int(earlier.entry.data["size"]), bytes.fromhex(str(earlier.entry.data["root"]))
    when = f"The verification of {earlier.at:%Y-%m-%d %H:%M} UTC"
    run.kept.append(Kept("history", when, Checkpoint(run.settings.audit_origin, size, root)))
    return 0 if run.question.full else size


async def _check_entries(run: _Verification, newest: Checkpoint, begin: int, replay: Replay) -> int:
    tables, indexed = Tables(newest.size), await indexed_to()
    judges: list[Judge] = [
        FormatsAndSearch(run.findings, run.origins, indexed=indexed, found=tables.found, replay=replay)
    ]
    if run.question.openings:
        judges.append(OpeningChecks(run.findings))
    check = TreeCheck(tables, newest, run.findings, judge=_Judges(judges), signed=run.row_signed)
    return await check.run(begin=begin, kept=run.kept)


class _Judges:
    def __init__(self, judges: Sequence[Judge]) -> None:
        self._judges = judges

    def texts(self, begin: int, texts: Sequence[bytes]) -> None:
        for judge in self._judges:
            judge.texts(begin, texts)

    async def tile_done(self, begin: int, end: int) -> None:
        for judge in self._judges:
            await judge.tile_done(begin, end)


def _verdict(run: _Verification, newest: Checkpoint, begin: int, objects: int) -> Verdict:
    span = f"{begin} to {newest.size}"
    proven = {
        "key": run.key_words,
        "signature": f"The log {newest.origin} signed the checkpoint of {newest.size} entries.",
        "leaves": f"Entries {span}: each has one leaf, each leaf has one entry.",
        "texts": f"Entries {span}: each text hashes to its leaf.",
        "format": f"Entries {span}: each is canonical, of this log, with an id of its own.",
        "tiles": "The tiles hold the same hashes.",
        "root": "The leaves lead to the root that was signed.",
        "history": "The tree goes on from each earlier checkpoint, and from the last verification.",
        "guard": "The log goes on from the guard file.",
        "saved": f"The log goes on from {len(run.question.saved)} kept checkpoints.",
        "search": f"Entries {span}: what they are found by is what they say.",
        "replay": f"{objects} messages, grants and pauses are as the log tells.",
        "waiting": "No entry waits for its place for more than 60 s.",
        "openings": "Each personal field that opens is what its entry is committed to; the others were erased, as entries tell.",
    }
    if not run.question.saved:
        del proven["saved"]
    if not run.question.openings:
        del proven["openings"]
    return Verdict(
        claims=tuple(run.findings.claims(proven)),
        origin=newest.origin,
        begin=begin,
        size=newest.size,
        root=newest.root.hex() if newest.size else "",
    )


async def record_verdict(verdict: Verdict, *, actor: Actor, now: datetime) -> None:
    """Write what a verification found as an entry of the log it verified; of a log without a checkpoint, nothing."""
    if not verdict.root and not verdict.false:
        return
    failed = tuple(claim.check for claim in verdict.false)
    against = [claim.check for claim in verdict.claims if claim.check in AGAINST and claim.found is Found.PROVEN]
    entry: Recorded = LogVerified(
        begin=verdict.begin,
        size=verdict.size,
        root=verdict.root,
        against=tuple(against),
        unchecked=tuple(claim.check for claim in verdict.unchecked),
    )
    if failed:
        entry = LogMismatch(
            check=failed[0], checks=failed, begin=verdict.begin, size=verdict.size, first=verdict.first_bad
        )
    async with use_case(actor=actor, now=now):
        await record(entry, actor=actor, now=now, object=LOG, scope=COMPANY)
