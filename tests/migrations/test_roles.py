"""Each role tries, with its own login and password, what only another one may do."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from govern.embedded import Engines, Login

# What nobody may who runs: history, and the way to it.
NOBODY = (
    "UPDATE audit.entry SET entry = entry",
    "DELETE FROM audit.entry",
    "TRUNCATE audit.entry",
    "INSERT INTO audit.entry (arrival, entry, leaf_hash) VALUES (0, '{}', sha256(''))",
    "INSERT INTO audit.entry (xid, entry, leaf_hash) VALUES ('1', '{}', sha256(''))",
    "SELECT setval('audit.entry_arrival', 1)",
    "UPDATE audit.leaf SET leaf_hash = leaf_hash",
    "DELETE FROM audit.leaf",
    "TRUNCATE audit.leaf",
    "UPDATE audit.checkpoint SET note = note",
    "DELETE FROM audit.checkpoint",
    "DELETE FROM audit.tile",
    "TRUNCATE audit.tile",
    "UPDATE audit.tile SET n = 1",
    "DELETE FROM audit.log_state",
    "INSERT INTO audit.log_state (id) VALUES (1)",
    "INSERT INTO audit.search (leaf_index, arrival) VALUES (0, 0)",
    "UPDATE audit.search SET action = 'x'",
    "DELETE FROM audit.search",
    "UPDATE audit.opening SET sealed = sealed",
    "DELETE FROM audit.opening",
    "UPDATE audit.subject_key SET wrapped = NULL, key_id = NULL, shredded_at = now()",
    "UPDATE audit.subject_key SET hold_entry = NULL",
    "DELETE FROM audit.subject_key",
    "SELECT audit.index_range(0, 1)",
    "SELECT audit.entry_here('contact:1', '.')",
    "SELECT audit.require_entry('message', ARRAY['x'])",
    "ALTER TABLE audit.entry DISABLE TRIGGER ALL",
    "ALTER TABLE audit.tile DISABLE TRIGGER tile_only_grows",
    "DROP TABLE audit.checkpoint",
    "CREATE TABLE audit.other ()",
    "CREATE OR REPLACE VIEW audit.recent AS SELECT 1",
    "CREATE OR REPLACE FUNCTION audit.refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "SET session_replication_role = replica",
    "SET ROLE postgres",
    "SET ROLE govern_owner",
    "ALTER ROLE govern_reader SUPERUSER",
    "ALTER TABLE audit.entry OWNER TO govern_app",
)
SEQUENCING = (
    "INSERT INTO audit.leaf (leaf_index, arrival, leaf_hash) VALUES (0, 0, sha256(''))",
    "INSERT INTO audit.tile (level, n, hashes) VALUES (0, 0, sha256(''))",
    "INSERT INTO audit.checkpoint (size, root, note) VALUES (1, sha256(''), 'x')",
    "UPDATE audit.tile SET hashes = hashes || sha256('')",
    "UPDATE audit.log_state SET size = size",
    "SELECT audit.index_to(1)",
    "SELECT audit.adopt()",
)
WRITING = (
    "INSERT INTO audit.entry (entry, leaf_hash) VALUES ('{}', sha256(''))",
    "INSERT INTO audit.opening (entry_id, field, subject, sealed) VALUES (gen_random_uuid(), 'x', 'x', 'x')",
    "INSERT INTO audit.subject_key (subject, key_id, wrapped) VALUES ('contact:1', 'a', 'x')",
    "SELECT audit.shred('contact:1')",
    "SELECT audit.rewrap('contact:1', 'a', 'b', 'x')",
    "SELECT audit.hold('contact:1', true)",
    "SELECT nextval('audit.entry_arrival')",
)
BUSINESS = (
    "SELECT * FROM message",
    "SELECT * FROM member",
    "SELECT * FROM account_credential",
    "INSERT INTO saved_view (id) VALUES (gen_random_uuid())",
    "UPDATE member SET state = 'active'",
    "SELECT nextval('message_number')",
)
FORBIDDEN = {
    Login.WEB: (*NOBODY, *SEQUENCING, "SET ROLE govern_sequencer", "SET ROLE govern_reader"),
    Login.WORKER: (*NOBODY, *SEQUENCING, "SET ROLE govern_sequencer", "SET ROLE govern_reader"),
    Login.SEQUENCER: (*NOBODY, *WRITING, *BUSINESS, "SET ROLE govern_app", "SELECT * FROM audit.opening"),
    Login.READER: (*NOBODY, *WRITING, *BUSINESS, *SEQUENCING, "SET ROLE govern_app"),
}
ATTEMPTS = [(login, statement) for login, statements in FORBIDDEN.items() for statement in statements]


@pytest.fixture(scope="module")
async def signed_in(engines: Engines) -> AsyncIterator[dict[Login, asyncpg.Connection]]:
    connections = {login: await asyncpg.connect(engines.database_url(login)) for login in FORBIDDEN}
    await connections[Login.READER].execute("SET default_transaction_read_only = off")  # anybody may, so rights decide
    yield connections
    for connection in connections.values():
        await connection.close()


@pytest.mark.parametrize(("login", "statement"), ATTEMPTS)
async def test_a_role_may_not_do_what_is_not_its_work(
    database: None, signed_in: dict[Login, asyncpg.Connection], login: Login, statement: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await signed_in[login].execute(statement)


async def test_the_sequencer_does_its_work(database: None, signed_in: dict[Login, asyncpg.Connection]) -> None:
    await signed_in[Login.WEB].execute(WRITING[0])
    connection = signed_in[Login.SEQUENCER]
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute("SELECT * FROM audit.log_state FOR UPDATE")
        for statement in SEQUENCING:
            await connection.execute(statement)
    finally:
        await transaction.rollback()


async def test_the_reader_reads_all_of_the_log_and_cannot_wait_for_ever(database: None, engines: Engines) -> None:
    connection = await asyncpg.connect(engines.database_url(Login.READER))
    try:
        for name in ("entry", "leaf", "tile", "log_state", "checkpoint", "search", "opening", "subject_key", "recent"):
            await connection.fetch(f"SELECT * FROM audit.{name}")
        assert await connection.fetchval("SHOW default_transaction_read_only") == "on"
        assert await connection.fetchval("SHOW statement_timeout") == "20s"
    finally:
        await connection.close()


async def test_the_reader_compares_rows_with_the_log_and_sees_no_text_of_theirs(
    database: None, signed_in: dict[Login, asyncpg.Connection]
) -> None:
    reader = signed_in[Login.READER]
    await reader.fetch("SELECT id, state, current_revision, scheduled_at FROM message")
    await reader.fetch("SELECT digest FROM revision")
    for statement in ("SELECT text FROM revision", "SELECT contact FROM message", "SELECT reason FROM role_grant"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.fetch(statement)


@pytest.mark.parametrize("login", [Login.SEQUENCER, Login.READER])
async def test_no_role_is_open_to_who_has_no_password(engines: Engines, login: Login) -> None:
    stolen = engines.database_url(Login.WEB).replace(f"//{Login.WEB}:", f"//{login}:")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(stolen)
