"""History has no `update()`: entries are not changed or removed, by the application, the owner or a replica."""

import asyncpg
import pytest

ROLES = {
    "the application": "SET LOCAL ROLE govern_app",
    "the application with every right": "GRANT ALL ON audit.entry TO govern_app; SET LOCAL ROLE govern_app",
    "the owner": "SET LOCAL ROLE postgres",
    "a replica": "SET LOCAL session_replication_role = replica",
}
STATEMENTS = [
    "UPDATE audit.entry SET entry = entry",
    "UPDATE audit.entry SET recorded_at = now()",
    "DELETE FROM audit.entry",
    "TRUNCATE audit.entry",
    "TRUNCATE audit.entry CASCADE",
    "INSERT INTO audit.entry (arrival, entry, leaf_hash) SELECT arrival, entry, leaf_hash FROM audit.entry"
    " ON CONFLICT (arrival) DO UPDATE SET entry = '{}'",
]
APPEND = "INSERT INTO audit.entry (entry, leaf_hash) VALUES ('{\"id\": \"one\"}', sha256('one')) RETURNING arrival"


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("role", ROLES)
async def test_an_entry_is_neither_changed_nor_removed(
    owner: asyncpg.Connection, database: None, role: str, statement: str
) -> None:
    await owner.fetchval(APPEND)
    before = await owner.fetch("SELECT * FROM audit.entry")
    transaction = owner.transaction()
    await transaction.start()
    try:
        await owner.execute(ROLES[role])
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.execute(statement)
    finally:
        await transaction.rollback()
    assert await owner.fetch("SELECT * FROM audit.entry") == before


async def test_the_triggers_hold_always(owner: asyncpg.Connection) -> None:
    found = await owner.fetch(
        "SELECT tgname, tgenabled::text FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid"
        " WHERE relnamespace = 'audit'::regnamespace AND NOT tgisinternal"
    )
    insert_only = [
        f"{name}_{guard}" for name in ("entry", "leaf", "checkpoint") for guard in ("append_only", "no_truncate")
    ]
    growing = [
        f"{name}_{guard}" for name in ("tile", "log_state") for guard in ("only_grows", "not_deleted", "no_truncate")
    ]
    assert {row["tgname"]: row["tgenabled"] for row in found} == dict.fromkeys([*insert_only, *growing], "A")


TREE = """
INSERT INTO audit.leaf (leaf_index, arrival, leaf_hash) VALUES (0, 1, sha256('one'));
INSERT INTO audit.tile (level, n, hashes) VALUES (0, 0, sha256('one') || sha256('two'));
INSERT INTO audit.checkpoint (size, root, note) VALUES (1, sha256('one'), 'a note');
UPDATE audit.log_state SET size = 2, floor = 7;
"""
BACKWARDS = [
    "UPDATE audit.leaf SET leaf_hash = leaf_hash",
    "UPDATE audit.leaf SET leaf_index = 1",
    "DELETE FROM audit.leaf",
    "TRUNCATE audit.leaf",
    "UPDATE audit.checkpoint SET note = 'another'",
    "DELETE FROM audit.checkpoint",
    "TRUNCATE audit.checkpoint",
    "UPDATE audit.tile SET hashes = sha256('one')",
    "UPDATE audit.tile SET hashes = sha256('two') || sha256('two')",
    "UPDATE audit.tile SET hashes = sha256('one') || sha256('three') || sha256('two')",
    "UPDATE audit.tile SET n = 1",
    "UPDATE audit.tile SET level = 1",
    "DELETE FROM audit.tile",
    "TRUNCATE audit.tile",
    "UPDATE audit.log_state SET size = 1",
    "UPDATE audit.log_state SET floor = 0",
    "DELETE FROM audit.log_state",
    "TRUNCATE audit.log_state",
    "TRUNCATE audit.entry, audit.leaf, audit.tile, audit.checkpoint, audit.log_state",
]
HANDS = {"the owner": "SET LOCAL ROLE postgres", "a replica": "SET LOCAL session_replication_role = replica"}


@pytest.mark.parametrize("statement", BACKWARDS)
@pytest.mark.parametrize("hand", HANDS)
async def test_the_tree_does_not_go_back(owner: asyncpg.Connection, database: None, hand: str, statement: str) -> None:
    await owner.execute(TREE)
    transaction = owner.transaction()
    await transaction.start()
    try:
        await owner.execute(HANDS[hand])
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match=r"append-only|only grows"):
            await owner.execute(statement)
    finally:
        await transaction.rollback()


async def test_the_tree_grows(owner: asyncpg.Connection, database: None) -> None:
    await owner.execute(TREE)
    await owner.execute("UPDATE audit.tile SET hashes = hashes || sha256('three')")
    await owner.execute("UPDATE audit.log_state SET size = 3, floor = 9, origin = 'another'")
    assert await owner.fetchval("SELECT octet_length(hashes) FROM audit.tile") == 96


@pytest.mark.parametrize(
    "hashes", ["''", "'\\x00'", "decode(repeat('00', 8224), 'hex')", "decode(repeat('00', 33), 'hex')"]
)
async def test_a_tile_holds_whole_hashes_and_256_at_most(
    owner: asyncpg.Connection, database: None, hashes: str
) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute(f"INSERT INTO audit.tile (level, n, hashes) VALUES (0, 0, {hashes})")


async def test_there_is_one_log(owner: asyncpg.Connection, database: None) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute("INSERT INTO audit.log_state (id) VALUES (2)")
    assert await owner.fetchval("SELECT count(*) FROM audit.log_state") == 1


async def test_the_application_appends(owner: asyncpg.Connection, database: None) -> None:
    async with owner.transaction():
        await owner.execute("SET LOCAL ROLE govern_app")
        first = await owner.fetchval(APPEND)
        second = await owner.fetchval(APPEND.replace("one", "two"))
    assert second == first + 1


async def test_the_log_hangs_on_no_other_table(owner: asyncpg.Connection) -> None:
    keys = "SELECT conname FROM pg_constraint WHERE contype = 'f' AND 'audit' IN ($1, $2)".replace(
        "$1, $2", "split_part(conrelid::regclass::text, '.', 1), split_part(confrelid::regclass::text, '.', 1)"
    )
    assert await owner.fetch(keys) == []
