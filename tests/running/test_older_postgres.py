"""The log on the oldest PostgreSQL at hand, 16: its migrations run, and each role is refused what 18 refuses it."""

import os
import subprocess
import sys
from collections.abc import Iterator

import asyncpg
import pytest

from govern.embedded import DataDir, Login
from govern.embedded.postgres import Postgres
from tests.migrations.test_completeness import CHANGES, Untold
from tests.migrations.test_roles import FORBIDDEN


class Older(Postgres):
    """The wheel's other server, which does not know the locale provider that came with 17."""

    version = 16
    binaries = Postgres.binaries.parents[1] / "pginstall" / "bin"
    init = ("--encoding=UTF8", "--locale=C")


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    folder = DataDir(tmp_path_factory.mktemp("older") / "data")
    server = Older(folder, fast=True)
    try:
        server.start()
        owner = server.url(Login.OWNER)
        told = {**os.environ, "GOVERN_DATABASE_URL": owner, "GOVERN_MIGRATE_DATABASE_URL": owner}
        subprocess.run([sys.executable, "-m", "govern.cli", "migrate"], env=told, check=True, timeout=120)
        yield server
    finally:
        server.stop()
        folder.release()


@pytest.mark.parametrize("login", FORBIDDEN)
async def test_an_older_server_refuses_each_role_the_same(older: Postgres, login: Login) -> None:
    connection = await asyncpg.connect(older.url(login), server_settings={"default_transaction_read_only": "off"})
    allowed = []
    try:
        assert (await connection.fetchval("SHOW server_version")).startswith(f"{older.version}.")
        for statement in FORBIDDEN[login]:
            try:
                await connection.execute(statement)
            except asyncpg.InsufficientPrivilegeError:
                continue
            allowed.append(statement)
    finally:
        await connection.close()
    assert allowed == []


async def test_nobody_without_a_password_comes_in(older: Postgres) -> None:
    for login in Login:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(older.url(login), password="wrong")


async def test_an_older_server_does_not_commit_a_change_without_its_entry(older: Postgres) -> None:
    connection = await asyncpg.connect(older.url(Login.OWNER))
    try:
        with pytest.raises(Untold):
            await connection.execute(CHANGES["policy_activation"])
    finally:
        await connection.close()
