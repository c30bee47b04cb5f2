"""Real engines for the tests that need them: PostgreSQL and Valkey from wheels, built by the real migrations.

Each pytest process has engines of its own, started when its first test asks. Tables are emptied between tests, not
rolled back: a rollback would hide what a commit does.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from govern import database as db
from govern import settings
from govern.access import Access, load_bundle
from govern.embedded import Engines, Login, start_engines
from govern.embedded.postgres import DATABASE
from govern.services.grant_source import PostgresGrants
from govern.services.policies import Policies, load_policies
from govern.settings import Settings, shipped
from tests.hand import WORD, hands
from tests.the_log import Log, begin

EMPTY = """
DO $$ DECLARE name text; BEGIN
  SET LOCAL session_replication_role = replica;
  FOREACH name IN ARRAY ARRAY['entry', 'leaf', 'tile', 'checkpoint', 'log_state'] LOOP
    EXECUTE format('ALTER TABLE audit.%I DISABLE TRIGGER ALL', name);
  END LOOP;
  FOR name IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
               WHERE schemaname IN ('public', 'audit') AND tablename NOT IN
                ('migration', 'scope', 'policy_bundle', 'policy_activation', 'access_state', 'access_change',
                 'log_state') LOOP
    EXECUTE 'DELETE FROM ' || name;
  END LOOP;
  DELETE FROM scope WHERE key <> 'company';
  UPDATE audit.log_state SET origin = NULL, size = 0, frontier = '', snap = '1:1:', floor = 0, beat_at = NULL;
  FOR name IN SELECT format('ALTER TABLE audit.%I ENABLE ALWAYS TRIGGER %I', relname, tgname)
                FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid
               WHERE relnamespace = 'audit'::regnamespace AND NOT tgisinternal LOOP
    EXECUTE name;
  END LOOP;
  UPDATE access_state SET version = version + 1;  -- no trigger told of it: every snapshot is read anew
  INSERT INTO access_change (version, subject, kind) SELECT version, '*', 'all' FROM access_state;
END $$
"""


VECTORS = Path(__file__).parents[2] / "shared" / "vectors"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make check-x-spec` name the developer's copy of X's OpenAPI file."""
    parser.addoption("--x-spec", metavar="FILE", help="compare the sandbox's traffic with this OpenAPI file of X")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was not run: nothing is left out in silence."""
    if not VECTORS.is_dir():
        terminalreporter.write_line("note: no ../shared/vectors beside this checkout: only our own cases were run.")


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    """PostgreSQL and Valkey, migrated, with the application's own login in the environment."""
    # Not below pytest's folder: each pytest that starts closes that one to other users, and PostgreSQL is one.
    folder = tempfile.TemporaryDirectory(prefix="govern-")
    engines = start_engines(Path(folder.name) / "data", fast=True)
    owner = engines.database_url(Login.OWNER)
    subprocess.run(
        [sys.executable, "-m", "govern.cli", "migrate"],
        env={**os.environ, "GOVERN_DATABASE_URL": owner, "GOVERN_MIGRATE_DATABASE_URL": owner},
        check=True,
        capture_output=True,
        timeout=120,
    )
    engines.postgres.sql(hands(), DATABASE)
    engines.postgres.sql(f"GRANT govern_keys TO {Login.WEB}")  # tests are web and worker in one; `shipped_web` is not
    os.environ["GOVERN_DATABASE_URL"] = engines.database_url(Login.WEB)
    os.environ["GOVERN_REDIS_URL"] = engines.redis_url
    for name in ("key", "guard", "verifier"):
        os.environ[f"GOVERN_AUDIT_{name.upper()}"] = str(Path(folder.name) / "log" / name)
    settings.current.cache_clear()
    yield engines
    engines.stop()
    folder.cleanup()


@pytest.fixture
def shipped_web(engines: Engines) -> Iterator[str]:
    """The web's login with the rights it is shipped with: sealed keys are not among them."""
    engines.postgres.sql(f"REVOKE govern_keys FROM {Login.WEB}")
    yield engines.database_url(Login.WEB)
    engines.postgres.sql(f"GRANT govern_keys TO {Login.WEB}")


@pytest.fixture(scope="session")
def owner_url(engines: Engines) -> str:
    """The superuser's address: for what only the tests may do."""
    return engines.database_url(Login.OWNER)


@pytest.fixture(scope="session")
async def pool(engines: Engines) -> AsyncIterator[None]:
    """One pool for all tests of this process, signed in as the web is."""
    async with db.pool(size=12):
        yield


@pytest.fixture(scope="session")
async def owners(owner_url: str) -> AsyncIterator[list[asyncpg.Connection]]:
    """The superuser's connections so far; a test that restarts PostgreSQL leaves a dead one behind."""
    connections: list[asyncpg.Connection] = []
    yield connections
    for connection in connections:
        await asyncio.wait_for(connection.close(), 10)


@pytest.fixture
async def owner(owner_url: str, owners: list[asyncpg.Connection]) -> asyncpg.Connection:
    """A connection of the superuser, whose changes by hand are told to the log."""
    if not owners or owners[-1].is_closed():
        owners.append(await asyncpg.connect(owner_url, server_settings=WORD))
    return owners[-1]


@pytest.fixture
async def database(pool: None, owner: asyncpg.Connection) -> None:
    """Empty tables, and the pool that services use."""
    await owner.execute(EMPTY)


@pytest.fixture(scope="session")
def config(engines: Engines) -> Settings:
    """The settings of this process."""
    return settings.current()


@pytest.fixture(scope="session")
def access() -> Access:
    """The access policy as it is shipped, over the grants of the database."""
    return Access(load_bundle(shipped("policies") / "access"), PostgresGrants())


@pytest.fixture(scope="session")
def policies() -> Policies:
    """The other policies as they are shipped."""
    return load_policies(shipped("policies"))


@pytest.fixture
async def the_log(database: None, engines: Engines, config: Settings) -> Log:
    """A new log that nobody sequences: `grow()` places and publishes once."""
    return await begin(engines, config)


@pytest.fixture
async def sequenced(the_log: Log) -> AsyncIterator[Log]:
    """A new log with its sequencer at work, as sending needs it."""
    async with the_log.running():
        yield the_log
