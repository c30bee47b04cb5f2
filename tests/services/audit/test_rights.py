"""What the database itself refuses, to the application's own role."""

import asyncpg
import pytest

from govern.tables import AuditEntry
from govern.tlog.canonical import leaf_hash
from tests.services.audit.conftest import Company, approve


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit.entry SET entry = entry",
        "DELETE FROM audit.entry",
        "TRUNCATE audit.entry",
        "INSERT INTO audit.entry (arrival, entry, leaf_hash) VALUES (0, '[]', '')",
        "INSERT INTO audit.entry (xid, entry, leaf_hash) VALUES ('0', '[]', '')",
        "INSERT INTO audit.entry (recorded_at, entry, leaf_hash) VALUES (now(), '[]', '')",
        "SELECT setval('audit.entry_arrival', 1)",
        "DELETE FROM audit.opening",
        "UPDATE audit.opening SET subject = ''",
        "DROP TABLE audit.entry",
        "ALTER TABLE audit.entry DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
    ],
)
async def test_application_may_only_append(company: Company, statement: str) -> None:
    await approve(company)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await AuditEntry.raw(statement)


@pytest.mark.parametrize("text", ["[]", "1", '"x"', '{"a":"\\u0000"}', "not json", '{"a":"' + "x" * 65_535 + '"}'])
async def test_database_refuses_what_is_no_json_object_of_a_leafs_size(text: str) -> None:
    appended = "INSERT INTO audit.entry (entry, leaf_hash) VALUES ({}, {})"
    with pytest.raises((asyncpg.CheckViolationError, asyncpg.DataError)):
        await AuditEntry.raw(appended, text, leaf_hash(text))
