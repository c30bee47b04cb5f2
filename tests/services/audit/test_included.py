"""The barrier: an entry counts once a signed checkpoint covers it, and nothing else lets it pass."""

import asyncio

import asyncpg
import pytest

from govern.database import transaction
from govern.domain.audit import ObjectRef, SystemStarted
from govern.services.audit import Receipt, record
from govern.services.audit.included import NotIncluded, included
from govern.services.audit.placing import place
from govern.tlog.checkpoint import Checkpoint, sign_checkpoint
from govern.tlog.note import SignerKey
from tests.the_log import ACTOR, NOW, Log


async def write() -> Receipt:
    async with transaction():
        return await record(
            SystemStarted(process="test", version="1"),
            actor=ACTOR,
            now=NOW,
            object=ObjectRef("system", "test"),
            scope="company",
        )


async def test_an_entry_is_included_once_a_checkpoint_covers_it(the_log: Log, owner: asyncpg.Connection) -> None:
    receipt = await write()
    with pytest.raises(NotIncluded):
        await included(receipt, timeout=0.2)
    async with the_log.as_sequencer():
        await place()
    with pytest.raises(NotIncluded):
        await included(receipt, timeout=0.2)
    note = await the_log.grow()
    found = await included(receipt)
    assert note is not None
    assert (found.size, found.origin) == (2, the_log.settings.audit_origin)
    assert note.startswith(found.text())


async def test_who_waits_is_told_as_soon_as_it_is_signed(sequenced: Log) -> None:
    receipts = [await write() for _ in range(20)]
    found = await asyncio.gather(*(included(receipt) for receipt in receipts))
    assert all(each.size >= 2 for each in found)


async def test_a_transaction_cannot_wait_for_itself(the_log: Log) -> None:
    receipt = await write()
    with pytest.raises(RuntimeError):
        async with transaction():
            await included(receipt)


async def test_another_text_in_its_place_is_not_it(the_log: Log, owner: asyncpg.Connection) -> None:
    receipt = await write()
    await owner.execute(
        "INSERT INTO audit.leaf (leaf_index, arrival, leaf_hash) VALUES (0, $1, sha256('x'))", receipt.arrival
    )
    await owner.execute("INSERT INTO audit.checkpoint (size, root, note) VALUES (9, sha256('x'), 'forged')")
    with pytest.raises(NotIncluded, match="another text"):
        await included(receipt)


async def forge(owner: asyncpg.Connection, receipt: Receipt, note: str) -> None:
    """What a stolen login of the sequencer can do: a leaf, and a checkpoint that is none."""
    await owner.execute(
        "INSERT INTO audit.leaf (leaf_index, arrival, leaf_hash) VALUES (5, $1, $2)", receipt.arrival, receipt.leaf_hash
    )
    await owner.execute("INSERT INTO audit.checkpoint (size, root, note) VALUES (9, sha256('x'), $1)", note)


async def test_a_checkpoint_of_another_key_does_not_count(the_log: Log, owner: asyncpg.Connection) -> None:
    receipt, origin = await write(), the_log.settings.audit_origin
    await forge(owner, receipt, str(sign_checkpoint(Checkpoint(origin, 9, b"x" * 32), SignerKey.generate(origin))))
    with pytest.raises(NotIncluded, match="not to be believed"):
        await included(receipt)


async def test_a_true_note_of_a_smaller_log_does_not_count(the_log: Log, owner: asyncpg.Connection) -> None:
    receipt = await write()
    await forge(owner, receipt, str(the_log.guard.read()))
    with pytest.raises(NotIncluded, match="smaller log"):
        await included(receipt)


async def test_a_database_that_is_away_is_waited_for(sequenced: Log, owner: asyncpg.Connection) -> None:
    receipt = await write()
    await owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'govern_web'")
    assert (await included(receipt)).size >= 2
