"""Verification of a copy of the log, wherever it lies: no database is asked."""

from collections.abc import Sequence

from govern.services.audit.checks import Kept, TreeCheck
from govern.services.audit.claims import Findings, Verdict
from govern.services.audit.log_state import NoLog
from govern.services.audit.text_checks import Formats
from govern.services.audit.tree_sources import Copy, ReadPart
from govern.tlog.checkpoint import Checkpoint, open_checkpoint
from govern.tlog.note import NoteError, VerifierKey
from govern.tlog.tree import EMPTY_ROOT


async def verify_copy(read: ReadPart, *, key: VerifierKey, saved: Sequence[tuple[str, str]] = ()) -> Verdict:
    """Verify a copy of a log, wherever it lies, against its checkpoint and those kept outside; no database is asked.

    Raises:
        NoLog: there is no checkpoint.
    """
    note = await read("checkpoint")
    if note is None:
        raise NoLog
    findings, kept = Findings(), []
    try:
        newest = open_checkpoint(note, [key])
    except NoteError as error:
        findings.wrong("signature", f"The copy's checkpoint: {error}.")
        return _copy_verdict(findings, Checkpoint(key.name, 0, EMPTY_ROOT), saved)
    for where, text in saved:
        try:
            kept.append(Kept("saved", where, open_checkpoint(text, [key], origin=newest.origin)))
        except NoteError as error:
            findings.skip("saved", f"{where}: {error}.")
    judge = Formats(findings, {newest.origin})
    await TreeCheck(Copy(read), newest, findings, judge=judge, signed=lambda _: False).run(kept=kept)
    return _copy_verdict(findings, newest, saved)


def _copy_verdict(findings: Findings, newest: Checkpoint, saved: Sequence[tuple[str, str]]) -> Verdict:
    proven = {
        "signature": f"The key you gave signed the checkpoint of {newest.size} entries of {newest.origin}.",
        "leaves": f"All {newest.size} entries are there.",
        "texts": "Each text hashes to its leaf.",
        "format": "Each entry is canonical and of this log.",
        "tiles": "The tiles hold the same hashes.",
        "root": "The leaves lead to the root that was signed.",
    }
    if saved:
        proven["saved"] = f"The copy goes on from {len(saved)} kept checkpoints."
    return Verdict(
        claims=tuple(findings.claims(proven)),
        origin=newest.origin,
        begin=0,
        size=newest.size,
        root=newest.root.hex(),
    )
