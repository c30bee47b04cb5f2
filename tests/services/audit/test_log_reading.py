"""The log as programs copy it: checkpoint, tiles, bundles, exactly what the newest checkpoint covers."""

import asyncpg
import pytest

from govern.services.audit.log_reading import NoCheckpoint, NoTile, read_bundle_tile, read_checkpoint, read_tile
from govern.services.audit.placing import place
from govern.settings import current
from govern.tlog.canonical import leaf_hash
from govern.tlog.checkpoint import open_checkpoint
from govern.tlog.note import parse_verifier
from govern.tlog.tiles import TileRef, parse_path, root_of_tiles, tile_hashes, unpack_bundle
from tests.services.audit.conftest import Company, approve, text_of
from tests.the_log import Log

APPEND = """
INSERT INTO audit.entry (entry, leaf_hash)
SELECT t, sha256('\\x00'::bytea || convert_to(t, 'UTF8')) FROM (SELECT format('{"n":%s}', n) FROM generate_series(1, $1) AS n) AS s (t)
"""


async def test_checkpoint_is_the_newest_note_as_it_was_signed(the_log: Log, company: Company) -> None:
    with pytest.raises(NoCheckpoint):
        await read_checkpoint()
    await approve(company)
    note = await the_log.grow()
    assert await read_checkpoint() == note
    found = open_checkpoint(note, [parse_verifier(current().verifier_file.read_text())])
    assert (found.origin, found.size) == (current().audit_origin, 2)


async def test_tiles_and_bundles_are_those_of_the_tree(
    the_log: Log, company: Company, owner: asyncpg.Connection
) -> None:
    receipt = await approve(company)
    await owner.execute(APPEND, 300)
    size = 302  # with the entry of the log's own creation
    note = await the_log.grow() or ""
    full, rest = await read_tile(parse_path("tile/0/000")), await read_tile(TileRef(0, 1, size - 256))
    tiles = {(0, 0): full, (0, 1): rest, (1, 0): await read_tile(parse_path("tile/1/000.p/1"))}
    checkpoint = open_checkpoint(note, [parse_verifier(current().verifier_file.read_text())])
    assert (checkpoint.size, checkpoint.root) == (size, root_of_tiles(size, lambda level, n: tiles[level, n]))
    entries = unpack_bundle(await read_bundle_tile(TileRef(None, 0)))
    entries += unpack_bundle(await read_bundle_tile(TileRef(None, 1, size - 256)))
    assert [leaf_hash(entry.decode()) for entry in entries] == tile_hashes(full) + tile_hashes(rest)
    assert entries[1].decode() == await text_of(receipt)


async def test_narrower_tile_is_the_beginning_of_the_row(
    the_log: Log, company: Company, owner: asyncpg.Connection
) -> None:
    await owner.execute(APPEND, 9)
    await the_log.grow()
    assert await read_tile(TileRef(0, 0, 3)) == (await read_tile(TileRef(0, 0, 10)))[: 3 * 32]
    assert (await read_bundle_tile(TileRef(None, 0, 10))).startswith(await read_bundle_tile(TileRef(None, 0, 3)))


@pytest.mark.parametrize(
    "path",
    ["tile/0/000", "tile/0/000.p/11", "tile/0/001.p/1", "tile/1/000.p/1", "tile/entries/000", "tile/entries/000.p/11"],
)
async def test_nothing_is_served_beyond_the_checkpoint(
    the_log: Log, company: Company, owner: asyncpg.Connection, path: str
) -> None:
    await owner.execute(APPEND, 9)
    await the_log.grow()
    await owner.execute(APPEND, 3)
    async with the_log.as_sequencer():
        await place()
    ref = parse_path(path)
    with pytest.raises(NoTile):
        await (read_bundle_tile(ref) if ref.level is None else read_tile(ref))
