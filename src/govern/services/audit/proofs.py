"""Proofs of entries: made from one view of the database, and checked before they leave."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from uuid import UUID

from govern import log
from govern.database import in_transaction, rows, transaction
from govern.domain.audit import EntryNotFound
from govern.errors import N_, Unavailable
from govern.services.audit.log_key import read_verifier
from govern.services.audit.log_reading import NoCheckpoint, Published, newest_checkpoint
from govern.services.audit.places import find_arrival
from govern.services.audit.tree_reading import TreeReader
from govern.settings import current
from govern.tables import AuditEntry
from govern.tlog.canonical import leaf_hash
from govern.tlog.note import NoteError
from govern.tlog.proof import InclusionProof, verify_proof
from govern.tlog.tiles import TileError
from govern.tlog.tree import ProofError, prove_inclusion

logger = log.get(__name__)

_ONE_VIEW = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_LEAF = """
SELECT e.entry, l.leaf_index FROM audit.entry e LEFT JOIN audit.leaf l ON l.arrival = e.arrival WHERE e.arrival = {}
"""


class NotCovered(Unavailable):
    """The entry is recorded, and no checkpoint covers it yet."""

    code = "audit.not_covered"
    template = N_("No checkpoint covers this entry yet. It is recorded; ask again in a moment.")
    retry_after = 1


class ProofFailed(Unavailable):
    """What the database holds proves something else: somebody has to look at it."""

    code = "audit.proof_failed"
    template = N_("The log cannot prove this entry at the moment. Those who run it were told.")
    retry_after = 60


async def prove_entry(entry_id: UUID) -> InclusionProof:
    """Return the proof that an entry stands under the newest checkpoint; it was checked, signature and all.

    Must not be called in a transaction: it reads in one of its own, of one snapshot.

    Raises:
        EntryNotFound
        NotCovered: no checkpoint covers it yet.
        ProofFailed: a proof was made and does not hold; an alarm was logged.
        VerifierUnfit: the log's public key cannot be read, so nothing can be checked.
    """
    key, origin = read_verifier(current().verifier_file), current().audit_origin
    async with one_view():
        arrival = await find_arrival(entry_id)
        found = rows(await AuditEntry.raw(_LEAF, arrival)) if arrival is not None else []
        if not found:
            raise EntryNotFound(noun="entry", name=str(entry_id))
        index, under = found[0]["leaf_index"], await _newest()
        if index is None or index >= under.size:
            raise NotCovered
        try:
            path = await TreeReader().prove(partial(prove_inclusion, index, under.size))
            proof = InclusionProof(index, tuple(path), under.note)
            checked = verify_proof(proof, leaf_hash(found[0]["entry"]), [key], origin=key.name)
            _check_row(under, checked.size, checked.root)
        except (ProofError, TileError, NoteError) as error:
            logger.exception(
                "audit.proof_failed", entry=str(entry_id), leaf_index=index, origin=origin, reason=str(error)
            )
            raise ProofFailed from error
    return proof


@asynccontextmanager
async def one_view() -> AsyncIterator[None]:
    """Read everything in the block from one snapshot of the database.

    Raises:
        RuntimeError: in a transaction already, which may see different things at different times.
    """
    if in_transaction():
        raise RuntimeError("a view of its own cannot begin in a transaction")
    async with transaction():
        await AuditEntry.raw(_ONE_VIEW)
        yield


async def _newest() -> Published:
    try:
        return await newest_checkpoint()
    except NoCheckpoint:
        raise NotCovered from None


def _check_row(under: Published, size: int, root: bytes) -> None:
    """The note is what counts; a row beside it that says otherwise was tampered with."""
    if (under.size, under.root) != (size, root):
        raise ProofError("the checkpoint's row is not what its note says")
