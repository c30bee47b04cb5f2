"""The barrier: waiting until an entry is covered by a signed checkpoint. No log, no send."""

import asyncio

from govern.database import AWAY, in_transaction, rows
from govern.errors import N_, Unavailable
from govern.services.audit.log_key import read_verifier
from govern.services.audit.receipts import Receipt
from govern.settings import current
from govern.tables import AuditLeaf
from govern.tlog.checkpoint import Checkpoint, open_checkpoint
from govern.tlog.note import NoteError

PAUSE = 0.05
_COVERED = """
SELECT l.leaf_index, l.leaf_hash, c.note FROM audit.leaf l
  JOIN LATERAL (SELECT note FROM audit.checkpoint WHERE size > l.leaf_index ORDER BY size DESC LIMIT 1) c ON true
 WHERE l.arrival = {}
"""


class NotIncluded(Unavailable):
    """No checkpoint that we can believe covers the entry yet: the sequencer is away, or refuses."""

    code = "log.not_included"
    template = N_("The audit log has not confirmed the entry: {reason}. Nothing was sent; it is tried again.")


async def included(receipt: Receipt, *, timeout: float = 5.0) -> Checkpoint:  # noqa: ASYNC109 - the contract's word
    """Wait until a signed checkpoint covers the entry, and return it.

    Raises:
        NotIncluded: after `timeout` seconds none does, or it is not to be believed; the database may be away, too.
        RuntimeError: inside a transaction, where the entry is not committed yet.
    """
    if in_transaction():
        raise RuntimeError("audit.included waits for what is committed: not inside a transaction")
    said = "no signed checkpoint covers it"
    try:
        async with asyncio.timeout(timeout):
            while True:
                try:
                    found = await _covering(receipt)
                except AWAY as error:
                    said, found = f"the database is away ({type(error).__name__})", None
                if found is not None:
                    return found
                await asyncio.sleep(PAUSE)
    except TimeoutError:
        raise NotIncluded(reason=said) from None


async def _covering(receipt: Receipt) -> Checkpoint | None:
    found = rows(await AuditLeaf.raw(_COVERED, receipt.arrival))
    if not found:
        return None
    row, settings = found[0], current()
    if row["leaf_hash"] != receipt.leaf_hash:
        raise NotIncluded(reason="another text was placed for it")
    try:
        checkpoint = open_checkpoint(row["note"], [read_verifier(settings.verifier_file)], origin=settings.audit_origin)
    except NoteError as error:
        raise NotIncluded(reason=f"the checkpoint is not to be believed: {error}") from error
    if checkpoint.size <= row["leaf_index"]:
        raise NotIncluded(reason="the checkpoint's note is of a smaller log")
    return checkpoint
