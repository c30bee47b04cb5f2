"""The log as C2SP tlog-tiles wants it read: the newest checkpoint, and the tiles and bundles it covers."""

import msgspec

from govern.database import rows
from govern.errors import N_, NotFound
from govern.tables import AuditCheckpoint, AuditEntry, AuditTile
from govern.tlog.tiles import TileRef, pack_bundle, width_at
from govern.tlog.tree import HASH_BYTES

_NEWEST = "SELECT size, root, note FROM audit.checkpoint ORDER BY size DESC LIMIT 1"
_TILE = "SELECT hashes FROM audit.tile WHERE level = {} AND n = {}"
_TEXTS = """
SELECT e.entry FROM audit.leaf l JOIN audit.entry e ON e.arrival = l.arrival
 WHERE l.leaf_index >= {} AND l.leaf_index < {} ORDER BY l.leaf_index
"""


class NoCheckpoint(NotFound):
    """Nothing was signed yet."""

    code = "audit.no_checkpoint"
    template = N_("The audit log has no checkpoint yet.")


class NoTile(NotFound):
    """The newest checkpoint does not cover it."""

    code = "audit.no_tile"
    template = N_("The log has no {name} yet.")


class Published(msgspec.Struct, frozen=True):
    """A checkpoint as it was published."""

    size: int
    root: bytes
    note: str


async def read_checkpoint() -> str:
    """Return the newest signed checkpoint, as it was signed.

    Raises:
        NoCheckpoint
    """
    return (await newest_checkpoint()).note


async def newest_checkpoint() -> Published:
    """Return the newest checkpoint.

    Raises:
        NoCheckpoint
    """
    found = rows(await AuditCheckpoint.raw(_NEWEST))
    if not found:
        raise NoCheckpoint
    return msgspec.convert(found[0], Published)


async def read_tile(ref: TileRef) -> bytes:
    """Return the hashes of a tile: a narrower one is the beginning of the row.

    Raises:
        NoTile: the newest checkpoint does not cover it.
    """
    await _check_covered(ref)
    found = rows(await AuditTile.raw(_TILE, ref.level, ref.n))
    hashes: bytes = found[0]["hashes"][: ref.width * HASH_BYTES] if found else b""
    if len(hashes) != ref.width * HASH_BYTES:
        raise NoTile(name=ref.path())
    return hashes


async def read_bundle_tile(ref: TileRef) -> bytes:
    """Return entries as a bundle, each text as it is hashed.

    Raises:
        NoTile: the newest checkpoint does not cover it.
    """
    await _check_covered(ref)
    begin = ref.n * 256
    texts = [row["entry"].encode() for row in rows(await AuditEntry.raw(_TEXTS, begin, begin + ref.width))]
    if len(texts) != ref.width:
        raise NoTile(name=ref.path())
    return pack_bundle(texts)


async def _check_covered(ref: TileRef) -> None:
    try:
        size = (await newest_checkpoint()).size
    except NoCheckpoint:
        size = 0
    if ref.width > width_at(ref.level or 0, ref.n, size):
        raise NoTile(name=ref.path())
