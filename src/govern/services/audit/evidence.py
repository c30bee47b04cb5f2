"""What an export is made of: the entries a question asks for, in the order of the log, each proven before it leaves."""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any

import msgspec

from govern.database import rows
from govern.domain.audit import Entry, Lang, Names, read_entry, sentence
from govern.domain.exports import MAX_ENTRIES, BeyondLog, ExportTooLarge, Question
from govern.errors import N_, Unavailable
from govern.services.audit.conditions import EntryFilter, make_ready
from govern.services.audit.erasures import PersonalFields, read_personal_fields
from govern.services.audit.log_key import read_verifier
from govern.services.audit.names_then import Placed, names_then
from govern.services.audit.tree_reading import TreeReader
from govern.settings import current
from govern.tables import AuditCheckpoint, AuditLeaf, AuditSearch
from govern.tlog.canonical import leaf_hash
from govern.tlog.checkpoint import open_checkpoint
from govern.tlog.note import NoteError, VerifierKey
from govern.tlog.range_proof import RangeProof, prove_range
from govern.tlog.tiles import TileError
from govern.tlog.tree import (
    ProofError,
    ReadNode,
    prove_consistency,
    prove_inclusion,
    verify_consistency,
    verify_inclusion,
)

CHUNK = 256
_FOUND_AT_ONCE = 5_000

_NEWEST = "SELECT size, note FROM audit.checkpoint ORDER BY size DESC LIMIT 1"
# What is signed and not yet indexed would be left out of an answer in silence.
_INDEXED = """
SELECT size, note FROM audit.checkpoint
 WHERE size <= (SELECT coalesce(max(leaf_index) + 1, 0) FROM audit.search) ORDER BY size DESC LIMIT 1
"""
_OF_SIZE = "SELECT root FROM audit.checkpoint WHERE size = {}"
_MATCHES = """
SELECT leaf_index FROM audit.search WHERE leaf_index > {} AND leaf_index < {} AND ({}) ORDER BY leaf_index LIMIT {}
"""
_TEXTS = """
SELECT l.leaf_index, l.leaf_hash, e.arrival, e.entry FROM audit.leaf l JOIN audit.entry e ON e.arrival = l.arrival
 WHERE l.leaf_index = ANY({}::bigint[]) ORDER BY l.leaf_index
"""


class NothingProven(Unavailable):
    """No checkpoint can be believed, or the entries contradict it: nothing leaves."""

    code = "export.nothing_proven"
    template = N_("The log cannot be proven right now: {reason}. Nothing was exported.")


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """The signed checkpoint an export is proven by."""

    origin: str
    size: int
    root: bytes
    note: str
    verifier: VerifierKey


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of an export."""

    index: int
    text: str
    leaf: bytes
    entry: Entry | None
    """None: it is not in our format."""
    sentences: dict[Lang, str]
    personal: PersonalFields | None = None
    """None: the entry has none."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The places in the log that a question asks for, at a checkpoint."""

    anchor: Anchor
    places: Sequence[int]


async def find_places(question: Question, *, scopes: frozenset[str]) -> Found:
    """Return what a question asks for, as far as the log is signed; for a query, as far as it is indexed.

    Raises:
        NothingProven, BeyondLog, ExportTooLarge
    """
    anchor = await take_anchor(indexed=question.begin is None)
    if question.since is not None and question.since > anchor.size:
        raise BeyondLog(size=anchor.size)
    if question.begin is None:
        return Found(anchor=anchor, places=await _matches(question.query, anchor.size, scopes))
    end = anchor.size if question.end is None else question.end
    if end > anchor.size or question.begin >= end:
        raise BeyondLog(size=anchor.size)
    if end - question.begin > MAX_ENTRIES:
        raise ExportTooLarge
    return Found(anchor=anchor, places=range(question.begin, end))


async def take_anchor(*, indexed: bool) -> Anchor:
    """Return the newest checkpoint, its signature checked.

    Raises:
        NothingProven: there is none to believe.
    """
    found = rows(await (AuditCheckpoint.raw(_INDEXED) if indexed else AuditCheckpoint.raw(_NEWEST)))
    if not found:
        raise NothingProven(reason="nothing of it is signed yet")
    settings = current()
    verifier = read_verifier(settings.verifier_file)
    try:
        checkpoint = open_checkpoint(found[0]["note"], [verifier], origin=settings.audit_origin)
    except NoteError as error:
        raise NothingProven(reason=str(error)) from error
    return Anchor(
        origin=checkpoint.origin,
        size=checkpoint.size,
        root=checkpoint.root,
        note=found[0]["note"],
        verifier=verifier,
    )


async def read_pieces(found: Found, *, personal: bool) -> AsyncIterator[list[Piece]]:
    """Give the entries in the order of the log, 256 at a time; with `personal`, their personal fields are opened.

    Raises:
        NothingProven: a text is missing, or is not what was placed.
    """
    for first in range(0, len(found.places), CHUNK):
        places = list(found.places[first : first + CHUNK])
        read = rows(await AuditLeaf.raw(_TEXTS, places))
        if [row["leaf_index"] for row in read] != places:
            raise NothingProven(reason="an entry is missing; `govern audit verify` says which")
        yield await _pieces(read, personal=personal)


async def prove_pieces(pieces: Sequence[Piece], anchor: Anchor, tree: TreeReader) -> list[list[bytes]]:
    """Return the inclusion path of each entry, checked.

    Raises:
        NothingProven
    """
    try:
        paths = await tree.prove(partial(_paths, [each.index for each in pieces], anchor.size))
        for each, path in zip(pieces, paths, strict=True):
            verify_inclusion(each.index, anchor.size, each.leaf, path, anchor.root)
    except (ProofError, TileError) as error:
        raise NothingProven(reason=str(error)) from error
    return paths


async def prove_places(begin: int, end: int, anchor: Anchor, tree: TreeReader) -> RangeProof:
    """Return the proof of a range; it is checked once the leaves are known.

    Raises:
        NothingProven
    """
    try:
        return await tree.prove(partial(prove_range, begin, end, anchor.size))
    except (ProofError, TileError) as error:
        raise NothingProven(reason=str(error)) from error


async def prove_growth(since: int, anchor: Anchor, tree: TreeReader) -> list[bytes]:
    """Return the proof that the log only grew since it had `since` entries.

    Raises:
        NothingProven: no checkpoint of that size is known, or it does not follow.
    """
    if since in {0, anchor.size}:
        return []
    known = rows(await AuditCheckpoint.raw(_OF_SIZE, since))
    if not known:
        raise NothingProven(reason=f"no checkpoint of {since} entries was signed")
    try:
        proof = await tree.prove(partial(prove_consistency, since, anchor.size))
        verify_consistency(since, anchor.size, known[0]["root"], anchor.root, proof)
    except (ProofError, TileError) as error:
        raise NothingProven(reason=str(error)) from error
    return proof


def _paths(places: Sequence[int], size: int, read: ReadNode) -> list[list[bytes]]:
    return [prove_inclusion(index, size, read) for index in places]


async def _matches(query: str, size: int, scopes: frozenset[str]) -> list[int]:
    wanted = await make_ready(EntryFilter(q=query), scopes)
    places: list[int] = []
    while True:
        last = places[-1] if places else -1
        found = rows(await AuditSearch.raw(_MATCHES, last, size, wanted.condition, _FOUND_AT_ONCE))
        places += [row["leaf_index"] for row in found]
        if len(places) > MAX_ENTRIES:
            raise ExportTooLarge
        if len(found) < _FOUND_AT_ONCE:
            return places


async def _pieces(read: Sequence[dict[str, Any]], *, personal: bool) -> list[Piece]:
    entries = [read_entry(row["entry"]) for row in read]
    readable = [
        Placed(entry, row["arrival"], row["leaf_index"]) for row, entry in zip(read, entries, strict=True) if entry
    ]
    names = iter(await names_then(readable))
    return [
        await _piece(row, entry, next(names) if entry else {}, personal=personal)
        for row, entry in zip(read, entries, strict=True)
    ]


async def _piece(row: dict[str, Any], entry: Entry | None, names: Names, *, personal: bool) -> Piece:
    if leaf_hash(row["entry"]) != row["leaf_hash"]:
        raise NothingProven(reason=f"the text of entry {row['leaf_index']} was changed")
    said: dict[Lang, str] = {}
    if entry is not None:
        said = {"en": sentence(entry, "en", names), "fr": sentence(entry, "fr", names)}
    return Piece(
        index=row["leaf_index"],
        text=row["entry"],
        leaf=row["leaf_hash"],
        entry=entry,
        sentences=said,
        personal=await read_personal_fields(entry) if personal and entry is not None and entry.commit else None,
    )
