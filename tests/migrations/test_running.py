"""Migrations: from nothing, again, two at once; and the tables in the code are the tables in the database."""

import os
import re
import subprocess
import sys
from itertools import chain

import asyncpg
import pytest
from piccolo.apps.migrations.commands.new import AutoMigrationManager
from piccolo.conf.apps import AppConfig

from govern.embedded import Engines, Login
from govern.piccolo_app import APP_CONFIG
from govern.settings import shipped
from govern.tables import TABLES

FILES = sorted(path.stem for path in shipped("migrations").glob("govern_*.py"))
_SHAPE = """
SELECT 'column', table_schema, table_name, column_name, data_type || ' ' || is_nullable || coalesce(column_default, '')
  FROM information_schema.columns WHERE table_schema IN ('public', 'audit')
UNION ALL SELECT 'constraint', '', conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
 WHERE connamespace IN ('public'::regnamespace, 'audit'::regnamespace)
UNION ALL SELECT 'index', schemaname, tablename, indexname, indexdef FROM pg_indexes WHERE schemaname IN ('public', 'audit')
UNION ALL SELECT 'trigger', '', tgrelid::regclass::text, tgname, tgenabled::text || pg_get_triggerdef(oid)
  FROM pg_trigger WHERE NOT tgisinternal AND tgname <> 'told_by_hand'  -- the tests' own
UNION ALL SELECT 'rights', '', oid::regclass::text, '', coalesce(relacl::text, '') FROM pg_class
 WHERE relnamespace IN ('public'::regnamespace, 'audit'::regnamespace)
UNION ALL SELECT 'function', pronamespace::regnamespace::text, proname, '', pg_get_functiondef(oid) FROM pg_proc
 WHERE pronamespace IN ('public'::regnamespace, 'audit'::regnamespace)
ORDER BY 1, 2, 3, 4, 5
"""
Shape = list[tuple[str, ...]]


def start(url: str, *, login: str | None = None) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "govern.cli", "migrate"],
        env={**os.environ, "GOVERN_DATABASE_URL": login or url, "GOVERN_MIGRATE_DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def finish(process: "subprocess.Popen[bytes]") -> None:
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output.decode()


async def shape(url: str) -> Shape:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(_SHAPE)]
    finally:
        await connection.close()


async def ran(url: str, statement: str = "SELECT name FROM migration ORDER BY id") -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        return [row["name"] for row in await connection.fetch(statement)]
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def from_zero(engines: Engines) -> str:
    """A new database, migrated by two processes that started at the same time."""
    engines.create_database("from_zero")
    url = engines.database_url(Login.OWNER, "from_zero")
    for process in [start(url), start(url)]:
        finish(process)
    return url


async def test_two_at_once_run_each_migration_once(from_zero: str) -> None:
    names = await ran(from_zero)
    assert len(names) == len(FILES)
    assert len(set(names)) == len(names)


async def test_two_databases_come_out_the_same(from_zero: str, owner_url: str) -> None:
    assert await shape(from_zero) == await shape(owner_url)


async def test_forwards_again_changes_nothing(from_zero: str) -> None:
    before = await shape(from_zero)
    finish(start(from_zero))
    assert await shape(from_zero) == before


async def test_raw_statements_may_run_twice(from_zero: str) -> None:
    """Piccolo notes a migration after its commit: a crash in between runs it again."""
    before, names = await shape(from_zero), await ran(from_zero)
    # Migrations of tables are the ones that cannot: their CREATE TABLE tells so at once.
    texts = [path.read_text() for path in shipped("migrations").glob("govern_*.py")]
    again = [re.findall(r'^ID = "(.+)"$', text, re.MULTILINE)[0] for text in texts if "add_raw" in text]
    assert len(again) > len(FILES) / 2
    for raw in again:
        assert await ran(from_zero, f"DELETE FROM migration WHERE name = '{raw}' RETURNING name") == [raw]
    finish(start(from_zero))
    assert await shape(from_zero) == before
    assert sorted(await ran(from_zero)) == sorted(names)


async def statements(tables: list[type]) -> list[str]:
    config = AppConfig(
        app_name=APP_CONFIG.app_name,
        migrations_folder_path=APP_CONFIG.migrations_folder_path,
        table_classes=tables,
    )
    found = await AutoMigrationManager(auto_input="y").get_alter_statements(app_config=config)
    return list(chain.from_iterable(each.statements for each in found))


async def test_auto_migration_finds_nothing_to_do(engines: Engines) -> None:
    assert await statements(list(TABLES)) == []


async def test_auto_migration_would_find_a_change(engines: Engines) -> None:
    assert await statements(list(TABLES[:-1])) != []


def test_the_folder_holds_migrations_only() -> None:
    kept = {"__init__.py", "README.md", *(f"{name}.py" for name in FILES)}
    assert {path.name for path in shipped("migrations").iterdir() if path.name != "__pycache__"} <= kept


def test_no_migration_knows_the_tables_of_today() -> None:
    texts = {path.name: path.read_text() for path in shipped("migrations").glob("*.py")}
    assert [name for name, text in texts.items() if "govern.tables" in text or "import govern" in text] == []


async def test_migrate_makes_the_login_of_the_application(engines: Engines) -> None:
    """For a server that nobody prepared: the login of GOVERN_DATABASE_URL, with the application's rights and no more."""
    engines.create_database("with_login")
    owner = engines.database_url(Login.OWNER, "with_login")
    before, _, place = owner.partition("://")[2].partition("@")
    login = owner.replace(before, "app_of_acme:a-password-of-64")
    for _ in range(2):
        finish(start(owner, login=login))
    assert place in login
    connection = await asyncpg.connect(login)
    try:
        assert await connection.fetchval("SELECT count(*) FROM member") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("UPDATE audit.entry SET entry = entry")
    finally:
        await connection.close()
