"""The log outlives its server: PostgreSQL restarted under the sequencer, and a database dumped and restored elsewhere."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from govern.embedded import Engines, Login, start_engines
from tests.running.test_sequencer import Sequencers, until_signed
from tests.services.audit.test_placing import check_tree
from tests.services.audit.test_publishing import fill

ORIGIN = "moved.example/audit"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Where the log's key and guard are kept: apart from both databases."""
    named = {f"GOVERN_AUDIT_{name.upper()}": str(tmp_path / "log" / name) for name in ("key", "guard", "verifier")}
    return {**named, "GOVERN_AUDIT_ORIGIN": ORIGIN}


@pytest.fixture
def home(tmp_path: Path, files: dict[str, str]) -> Iterator[Engines]:
    """A server of its own, with an empty log."""
    engines = start_engines(tmp_path / "home", fast=True)
    owner = engines.database_url(Login.OWNER)
    for command in (("migrate",), ("audit", "init")):
        told = {**os.environ, "GOVERN_DATABASE_URL": owner, "GOVERN_MIGRATE_DATABASE_URL": owner, **files}
        subprocess.run([sys.executable, "-m", "govern.cli", *command], env=told, check=True, timeout=120)
    yield engines
    engines.stop()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Engines]:
    """Another server, whose transaction ids begin anew."""
    engines = start_engines(tmp_path / "elsewhere", fast=True)
    yield engines
    engines.stop()


def move(home: Engines, elsewhere: Engines, dump: Path) -> None:
    """Dump the database and restore it, as an operator does."""
    programs = home.postgres.binaries
    source, target = home.database_url(Login.OWNER), elsewhere.database_url(Login.OWNER)
    subprocess.run([programs / "pg_dump", "-Fc", "-f", dump, "-d", source], check=True, timeout=60)
    subprocess.run([programs / "pg_restore", "--exit-on-error", "-d", target, dump], check=True, timeout=60)


async def count(owner: asyncpg.Connection) -> int:
    return int(await owner.fetchval("SELECT count(*) FROM audit.entry"))


async def test_a_server_that_restarts_under_the_sequencer_loses_nothing(
    home: Engines, files: dict[str, str], tmp_path: Path
) -> None:
    sequencers = Sequencers(home, tmp_path)
    try:
        process = sequencers.start(**files)
        await sequencers.ready()
        for _ in range(2):
            owner = await asyncpg.connect(home.database_url(Login.OWNER))
            await fill(owner, 300)
            await owner.close()
            home.postgres.stop()
            home.postgres.start()
        owner = await asyncpg.connect(home.database_url(Login.OWNER))
        await fill(owner, 300)
        await until_signed(owner, await count(owner))
        assert await check_tree(owner) == await count(owner) > 900
        assert process.poll() is None
        await owner.close()
    finally:
        sequencers.end()


async def test_a_log_restored_elsewhere_goes_on_none_lost_none_twice(
    home: Engines, elsewhere: Engines, files: dict[str, str], tmp_path: Path
) -> None:
    before, after = Sequencers(home, tmp_path), Sequencers(elsewhere, tmp_path / "elsewhere")
    try:
        process = before.start(**files)
        await before.ready()
        owner = await asyncpg.connect(home.database_url(Login.OWNER))
        await fill(owner, 300)
        await until_signed(owner, await count(owner))
        process.terminate()
        await before.ended()
        await fill(owner, 20)  # written, not yet placed
        await owner.close()
        move(home, elsewhere, tmp_path / "dump")
        after.start(**files)
        await after.ready()
        owner = await asyncpg.connect(elsewhere.database_url(Login.OWNER))
        await fill(owner, 5)
        await until_signed(owner, await count(owner))
        assert await check_tree(owner) == await count(owner) > 325
        await owner.close()
    finally:
        before.end()
        after.end()


async def test_an_older_dump_is_not_signed(
    home: Engines, elsewhere: Engines, files: dict[str, str], tmp_path: Path
) -> None:
    before, after = Sequencers(home, tmp_path), Sequencers(elsewhere, tmp_path / "elsewhere")
    try:
        move(home, elsewhere, tmp_path / "dump")
        before.start(**files)
        await before.ready()
        owner = await asyncpg.connect(home.database_url(Login.OWNER))
        await fill(owner, 30)
        await until_signed(owner, await count(owner))
        await owner.close()
        after.start(**files)
        assert await after.ended() == 2
        assert after.said().splitlines()[-1].startswith("log.rolled_back: ")
    finally:
        before.end()
        after.end()
