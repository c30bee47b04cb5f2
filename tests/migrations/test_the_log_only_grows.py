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
        "SELECT tgname, tgenabled::text FROM pg_trigger WHERE tgrelid = 'audit.entry'::regclass AND NOT tgisinternal"
    )
    assert {row["tgname"]: row["tgenabled"] for row in found} == {"entry_append_only": "A", "entry_no_truncate": "A"}


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
