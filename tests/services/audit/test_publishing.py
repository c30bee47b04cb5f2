"""Nothing is signed but what is in the database twice over and goes on from all that was signed before."""

import asyncpg
import pytest

from govern.errors import GovernError
from govern.services.audit.guard import Guard, GuardChanged
from govern.services.audit.log_key import LogKeyUnfit
from govern.services.audit.log_state import LogDamaged
from govern.services.audit.placing import place
from govern.services.audit.publishing import GuardUnfit, LogForked, LogRolledBack, NoGuard, publish
from govern.tlog.canonical import leaf_hash
from govern.tlog.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from govern.tlog.note import SignerKey
from govern.tlog.tree import EMPTY_ROOT, root_of
from tests.the_log import Log, forget

FILL = (
    "INSERT INTO audit.entry (entry, leaf_hash) SELECT t, sha256('\\x00'::bytea || convert_to(t, 'UTF8'))"
    " FROM (SELECT '{\"n\":' || n || ',\"at\":' || extract(epoch FROM clock_timestamp())::int || '}'"
    " FROM generate_series(1, $1::int) n) AS given (t)"
)


async def fill(owner: asyncpg.Connection, count: int) -> None:
    await owner.execute(FILL, count)


async def as_attacker(owner: asyncpg.Connection, table: str, sql: str, *values: object) -> None:
    """Change the log as only a superuser can: with its triggers off."""
    async with owner.transaction():
        await owner.execute(f"ALTER TABLE audit.{table} DISABLE TRIGGER ALL")
        await owner.execute(sql, *values)
        for row in await owner.fetch(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = $1::regclass AND NOT tgisinternal", f"audit.{table}"
        ):
            await owner.execute(f"ALTER TABLE audit.{table} ENABLE ALWAYS TRIGGER {row['tgname']}")


def read(note: str | None, log: Log) -> Checkpoint:
    assert note is not None
    return open_checkpoint(note, [log.key.verifier], origin=log.settings.audit_origin)


async def refused(log: Log, owner: asyncpg.Connection, error: type[GovernError]) -> None:
    """Nothing is signed: not in the database, not in the guard file, and there is no beat."""
    before = (log.guard.read(), await owner.fetch("SELECT * FROM audit.checkpoint"), await beat(owner))
    with pytest.raises(error):
        await log.grow()
    assert (log.guard.read(), await owner.fetch("SELECT * FROM audit.checkpoint"), await beat(owner)) == before


async def beat(owner: asyncpg.Connection) -> object:
    return await owner.fetchval("SELECT beat_at FROM audit.log_state")


async def test_a_checkpoint_is_signed_over_all_that_was_placed(the_log: Log, owner: asyncpg.Connection) -> None:
    for count in (0, 1, 254, 1, 700, 65_000):
        await fill(owner, count)
        note = await the_log.grow()
        signed = read(note, the_log)
        hashes = [row[0] for row in await owner.fetch("SELECT leaf_hash FROM audit.leaf ORDER BY leaf_index")]
        assert (signed.size, signed.root) == (len(hashes), root_of(hashes))
        assert the_log.guard.read() == note
    assert await owner.fetchval("SELECT count(*) FROM audit.checkpoint") == 6


async def test_without_news_nothing_is_signed_and_the_beat_goes_on(the_log: Log, owner: asyncpg.Connection) -> None:
    await the_log.grow()
    before = await beat(owner)
    assert await the_log.grow() is None
    assert await beat(owner) > before  # type: ignore[operator]  # two times
    assert await owner.fetchval("SELECT count(*) FROM audit.checkpoint") == 1


EDITS = {
    "a text": ("entry", "UPDATE audit.entry SET entry = '{}' WHERE arrival = (SELECT max(arrival) FROM audit.entry)"),
    "a text is gone": ("entry", "DELETE FROM audit.entry WHERE arrival = (SELECT max(arrival) FROM audit.entry)"),
    "a leaf": ("leaf", "UPDATE audit.leaf SET leaf_hash = sha256('x') WHERE leaf_index = 280"),
    "a leaf is gone": ("leaf", "DELETE FROM audit.leaf WHERE leaf_index = 280"),
    "leaves change places": (
        "leaf",
        "UPDATE audit.leaf l SET leaf_hash = o.leaf_hash, arrival = -o.arrival FROM audit.leaf o"
        " WHERE l.leaf_index + o.leaf_index = 555 AND l.leaf_index IN (277, 278)",
    ),
    "one bit of a tile": (
        "tile",
        "UPDATE audit.tile SET hashes = set_bit(hashes, 37, 1 - get_bit(hashes, 37)) WHERE level = 0 AND n = 1",
    ),
    "one bit of the tile above": (
        "tile",
        "UPDATE audit.tile SET hashes = set_bit(hashes, 9, 1 - get_bit(hashes, 9)) WHERE level = 1",
    ),
    "a tile is cut": ("tile", "UPDATE audit.tile SET hashes = substring(hashes FOR 32) WHERE level = 0 AND n = 1"),
    "a tile is gone": ("tile", "DELETE FROM audit.tile WHERE level = 1"),
    "the edge": (
        "log_state",
        "UPDATE audit.log_state SET frontier = set_byte(frontier, 3, 255 - get_byte(frontier, 3))",
    ),
}


@pytest.mark.parametrize("edit", EDITS)
async def test_what_is_changed_between_placing_and_signing_is_not_signed(
    the_log: Log, owner: asyncpg.Connection, edit: str
) -> None:
    await fill(owner, 200)
    await the_log.grow()
    await fill(owner, 100)
    async with the_log.as_sequencer():
        await place()
    await as_attacker(owner, *EDITS[edit])
    await refused(the_log, owner, LogDamaged)


async def test_a_changed_history_is_never_signed(the_log: Log, owner: asyncpg.Connection) -> None:
    await fill(owner, 3)
    await the_log.grow()
    hashes = [row[0] for row in await owner.fetch("SELECT leaf_hash FROM audit.leaf ORDER BY leaf_index")]
    hashes[0] = leaf_hash("forged")
    await as_attacker(owner, "tile", "UPDATE audit.tile SET hashes = $1", b"".join(hashes))
    await as_attacker(owner, "checkpoint", "UPDATE audit.checkpoint SET root = $1", root_of(hashes))
    await as_attacker(owner, "log_state", "UPDATE audit.log_state SET frontier = $1", root_of(hashes))
    await fill(owner, 1)
    await refused(the_log, owner, LogForked)


async def test_a_checkpoint_that_somebody_slipped_in_stops_the_log(the_log: Log, owner: asyncpg.Connection) -> None:
    await fill(owner, 3)
    await the_log.grow()
    await owner.execute("INSERT INTO audit.checkpoint (size, root, note) VALUES (5, sha256('x'), 'forged')")
    await fill(owner, 1)
    await refused(the_log, owner, LogDamaged)
    await fill(owner, 5)
    await refused(the_log, owner, LogForked)


async def test_a_restored_older_database_is_not_signed(the_log: Log, owner: asyncpg.Connection) -> None:
    await the_log.grow()
    key = the_log.key
    later = str(sign_checkpoint(Checkpoint(key.name, 9, root_of([b"\0" * 32])), key))
    the_log.guard.swap(the_log.guard.read(), later)
    await refused(the_log, owner, LogRolledBack)
    await fill(owner, 3)
    await refused(the_log, owner, LogRolledBack)
    await fill(owner, 9)
    await refused(the_log, owner, LogForked)


async def test_without_its_guard_file_the_log_stands_still(the_log: Log, owner: asyncpg.Connection) -> None:
    await the_log.grow()
    await fill(owner, 1)
    forget(the_log.settings.guard_file)
    await refused(the_log, owner, NoGuard)


async def test_a_guard_file_of_another_log_or_key_or_none_at_all_is_refused(
    the_log: Log, owner: asyncpg.Connection
) -> None:
    other = SignerKey.generate(the_log.settings.audit_origin)
    for note in ("nonsense", str(sign_checkpoint(Checkpoint(other.name, 0, EMPTY_ROOT), other))):
        the_log.guard.swap(the_log.guard.read(), note)
        await refused(the_log, owner, GuardUnfit)


async def test_another_logs_key_signs_nothing(the_log: Log, owner: asyncpg.Connection) -> None:
    async with the_log.as_sequencer():
        await place()
        with pytest.raises(LogKeyUnfit):
            await publish(SignerKey.generate("other.example/audit"), the_log.guard)
    assert await owner.fetchval("SELECT count(*) FROM audit.checkpoint") == 0


@pytest.mark.parametrize("step", ["locked", "checked", "swapped", "inserted"])
async def test_after_a_stop_at_any_step_the_same_note_is_signed(
    the_log: Log, owner: asyncpg.Connection, step: str
) -> None:
    await fill(owner, 10)

    def stop(reached: str) -> None:
        if reached == step:
            raise ZeroDivisionError

    async with the_log.as_sequencer():
        await place()
        with pytest.raises(ZeroDivisionError):
            await publish(the_log.key, the_log.guard, reached=stop)
    swapped = the_log.guard.read()
    await fill(owner, 1)  # life goes on before the next start
    note = await the_log.grow()
    assert read(note, the_log).size == 12
    assert read(swapped, the_log).size == (11 if step in {"swapped", "inserted"} else 0)


async def test_a_swap_that_was_stored_and_reported_as_failed_does_no_harm(
    the_log: Log, owner: asyncpg.Connection
) -> None:
    async with the_log.as_sequencer():
        await place()
        with pytest.raises(OSError, match="disk"):
            await publish(the_log.key, _Lying(the_log.guard.path))
        note = await publish(the_log.key, the_log.guard)
    assert note == the_log.guard.read()


class _Lying(Guard):
    """Stores, and says that it did not."""

    def swap(self, old: str | None, new: str) -> None:
        super().swap(old, new)
        raise OSError("disk")


async def test_a_second_sequencer_that_is_late_is_fenced(the_log: Log, owner: asyncpg.Connection) -> None:
    async with the_log.as_sequencer():
        await place()

        def overtaken(reached: str) -> None:
            if reached == "checked":
                key = the_log.key
                the_log.guard.swap(
                    the_log.guard.read(), str(sign_checkpoint(Checkpoint(key.name, 0, EMPTY_ROOT, ("x",)), key))
                )

        with pytest.raises(GuardChanged):
            await publish(the_log.key, the_log.guard, reached=overtaken)
    assert await owner.fetchval("SELECT count(*) FROM audit.checkpoint") == 0
