"""Proofs: checked before they leave, from one view of the database, also while the log grows."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from govern.database import transaction
from govern.domain.audit import EntryNotFound
from govern.services.audit.indexing import index_published
from govern.services.audit.log_key import VerifierUnfit
from govern.services.audit.placing import place
from govern.services.audit.proofs import NotCovered, ProofFailed, prove_entry
from govern.settings import current
from govern.tlog.note import VerifierKey, parse_verifier
from govern.tlog.proof import parse_proof, verify_proof
from tests.services.audit.conftest import Company, approve
from tests.the_log import Log


def verifier() -> VerifierKey:
    return parse_verifier(current().verifier_file.read_text())


async def damage(owner: asyncpg.Connection, sql: str) -> None:
    async with owner.transaction():
        for table in ("entry", "leaf", "tile", "checkpoint"):
            await owner.execute(f"ALTER TABLE audit.{table} DISABLE TRIGGER ALL")
        await owner.execute(sql)


async def test_proof_is_one_an_outsider_can_check(the_log: Log, company: Company) -> None:
    receipts = [await approve(company) for _ in range(5)]
    await the_log.grow()
    for receipt in receipts:
        text = (await prove_entry(receipt.entry_id)).text()
        checkpoint = verify_proof(parse_proof(text), receipt.leaf_hash, [verifier()], origin=current().audit_origin)
        assert checkpoint.size == 6


async def test_proof_of_an_indexed_entry_is_the_same(the_log: Log, company: Company) -> None:
    receipt = await approve(company)
    await the_log.grow()
    before = await prove_entry(receipt.entry_id)
    async with the_log.as_sequencer():
        await index_published()
    assert await prove_entry(receipt.entry_id) == before


async def test_entry_that_no_checkpoint_covers_is_told_apart(the_log: Log, company: Company) -> None:
    receipt = await approve(company)
    with pytest.raises(NotCovered):
        await prove_entry(receipt.entry_id)
    await the_log.grow()
    later = await approve(company)
    async with the_log.as_sequencer():
        await place()
    with pytest.raises(NotCovered):
        await prove_entry(later.entry_id)
    assert (await prove_entry(receipt.entry_id)).index == 1
    with pytest.raises(EntryNotFound):
        await prove_entry(uuid4())


async def test_proofs_hold_while_the_log_grows(the_log: Log, company: Company) -> None:
    receipts = [await approve(company) for _ in range(3)]
    await the_log.grow()
    async with the_log.running(every=0.001):
        for _ in range(20):
            await approve(company)
            for receipt in receipts:
                proof = await prove_entry(receipt.entry_id)
                verify_proof(proof, receipt.leaf_hash, [verifier()])
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit.entry SET entry = replace(entry, 'done', 'gone')",
        "UPDATE audit.tile SET hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1)",
        "UPDATE audit.tile SET hashes = substring(hashes FOR 32)",
        "DELETE FROM audit.tile",
        "UPDATE audit.checkpoint SET root = sha256(root)",
        "UPDATE audit.checkpoint SET note = replace(note, '/', '+')",
        "UPDATE audit.leaf SET arrival = -arrival WHERE leaf_index IN (1, 2);"
        "UPDATE audit.leaf AS l SET arrival = -o.arrival FROM audit.leaf AS o"
        " WHERE l.leaf_index + o.leaf_index = 3 AND l.leaf_index IN (1, 2)",
    ],
)
async def test_damage_gives_no_proof_and_an_alarm(
    the_log: Log, company: Company, owner: asyncpg.Connection, sql: str
) -> None:
    receipts = [await approve(company) for _ in range(3)]
    await the_log.grow()
    await damage(owner, sql)
    for receipt in receipts[:2]:
        with pytest.raises(ProofFailed):
            await prove_entry(receipt.entry_id)


async def test_without_the_public_key_nothing_is_proven(the_log: Log, company: Company) -> None:
    receipt = await approve(company)
    await the_log.grow()
    file = current().verifier_file
    kept = file.read_text()
    file.unlink()
    try:
        with pytest.raises(VerifierUnfit):
            await prove_entry(receipt.entry_id)
    finally:
        file.write_text(kept)


async def test_proof_is_not_read_inside_a_transaction(the_log: Log, company: Company) -> None:
    receipt = await approve(company)
    with pytest.raises(RuntimeError):
        async with transaction():
            await prove_entry(receipt.entry_id)
