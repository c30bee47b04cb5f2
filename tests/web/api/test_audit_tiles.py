"""The log over HTTP, as C2SP tlog-tiles and tlog-proof say, by their right paths and for the right people."""

import asyncpg
import pytest

from govern.settings import current
from govern.tlog.canonical import leaf_hash
from govern.tlog.checkpoint import open_checkpoint
from govern.tlog.note import VerifierKey, parse_verifier
from govern.tlog.proof import parse_proof, verify_proof
from govern.tlog.tiles import TileRef, root_of_tiles, unpack_bundle
from tests.services.audit.test_log_reading import APPEND
from tests.the_log import Log
from tests.web.api.test_audit import POST
from tests.web.conftest import Api


def verifier() -> VerifierKey:
    return parse_verifier(current().verifier_file.read_text())


async def test_program_copies_and_checks_the_log(the_log: Log, api: Api) -> None:
    await api("mia").post("/messages", json=POST)
    note = await the_log.grow()
    cleo = api("cleo")
    checkpoint = await cleo.get("/audit/log/checkpoint")
    assert (checkpoint.text, checkpoint.headers["content-type"]) == (note, "text/plain; charset=utf-8")
    tree = open_checkpoint(checkpoint.content, [verifier()])
    tile = await cleo.get(f"/audit/log/{TileRef(0, 0, tree.size).path()}")
    assert (tile.status_code, tile.headers["content-type"]) == (200, "application/octet-stream")
    assert tile.headers["cache-control"] == "private, max-age=60"
    assert root_of_tiles(tree.size, lambda _level, _n: tile.content) == tree.root
    bundle = await cleo.get(f"/audit/log/{TileRef(None, 0, tree.size).path()}")
    assert b"".join(leaf_hash(entry.decode()) for entry in unpack_bundle(bundle.content)) == tile.content


async def test_full_tile_is_cached_for_ever(the_log: Log, api: Api, owner: asyncpg.Connection) -> None:
    await owner.execute(APPEND, 256)
    await the_log.grow()
    answer = await api("cleo").get("/audit/log/tile/0/000")
    assert (answer.status_code, len(answer.content)) == (200, 256 * 32)
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"


async def test_receipt_leads_to_a_proof_that_holds(the_log: Log, api: Api) -> None:
    answer = await api("mia").post("/messages", json=POST)
    entry, leaf = (answer.headers[name].split(", ")[0] for name in ("govern-entry", "govern-leaf-hash"))
    cleo = api("cleo")
    early = await cleo.get(f"/audit/entries/{entry}/proof")
    assert (early.status_code, early.json()["code"], early.headers["retry-after"]) == (503, "audit.not_covered", "1")
    await the_log.grow()
    proof = await cleo.get(f"/audit/entries/{entry}/proof")
    assert proof.headers["content-type"] == "text/plain; charset=utf-8"
    assert verify_proof(parse_proof(proof.text), bytes.fromhex(leaf), [verifier()]).origin == current().audit_origin
    shown = (await cleo.get(f"/audit/entries/{entry}")).json()
    assert (shown["state"], shown["leaf_index"]) == ("included", parse_proof(proof.text).index)
    unknown = await cleo.get("/audit/entries/00000000-0000-0000-0000-000000000000/proof")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "audit.entry_not_found")


@pytest.mark.parametrize(
    "path",
    [
        "checkpoint",
        "tile/0/000",
        "tile/0/0",
        "tile/0/000.p/999",
        "tile/0/000.p/01",
        "tile/entries/001.p/1",
        "tile/99/000",
        "tile/x/y",
    ],
)
async def test_what_is_not_there_is_404(the_log: Log, api: Api, path: str) -> None:
    if path != "checkpoint":
        await the_log.grow()
    assert (await api("cleo").get(f"/audit/log/{path}")).status_code == 404


@pytest.mark.parametrize("path", ["log/checkpoint", "log/tile/0/000.p/1", "entries/1/proof"])
async def test_those_who_may_not_check_the_log_get_nothing(the_log: Log, api: Api, path: str) -> None:
    await the_log.grow()
    answer = await api("mia").get(f"/audit/{path}")
    assert (answer.status_code, answer.json()["code"]) == (403, "access.denied")
