import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
import redis

from govern.embedded import Engines, FolderInUse, Login, NotOurFolder, PartFailed, start_engines


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    started = start_engines(tmp_path_factory.mktemp("engines") / "data", fast=True)
    yield started
    started.stop()


async def ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


@pytest.mark.parametrize("login", list(Login))
async def test_each_login_connects_with_its_own_password(engines: Engines, login: Login) -> None:
    assert await ask(engines.database_url(login), "SELECT current_user::text") == login


async def test_no_login_gets_in_with_another_ones_password(engines: Engines) -> None:
    stolen = engines.database_url(Login.WEB).replace(f"//{Login.WEB}:", f"//{Login.OWNER}:")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(stolen)


async def test_web_and_worker_are_members_of_the_app_role_and_nothing_more(engines: Engines) -> None:
    for login in (Login.WEB, Login.WORKER):
        url = engines.database_url(login)
        assert await ask(url, "SELECT pg_has_role('govern_app', 'member')") is True
        assert (
            await ask(url, "SELECT rolsuper OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = current_user")
            is False
        )


async def test_postgres_18_speaks_utf8_and_lowers_accents(engines: Engines) -> None:
    url = engines.database_url(Login.WEB)
    assert str(await ask(url, "SHOW server_version")).startswith("18.")
    assert await ask(url, "SHOW server_encoding") == "UTF8"
    assert await ask(url, "SELECT lower('ÉTÉ')") == "été"


async def test_another_database_can_be_created(engines: Engines) -> None:
    engines.create_database("govern_second")
    assert (
        await ask(engines.database_url(Login.OWNER, "govern_second"), "SELECT current_database()::text")
        == "govern_second"
    )


def test_only_valkey_listens_and_only_on_loopback(engines: Engines) -> None:
    ours = [process.pid for process in engines.processes if process.pid]
    listening = [c.laddr for pid in ours for c in psutil.Process(pid).net_connections("inet") if c.status == "LISTEN"]
    assert [address.ip for address in listening] == ["127.0.0.1"]


def test_valkey_answers_with_the_password_only(engines: Engines) -> None:
    with redis.Redis.from_url(engines.redis_url) as known:
        assert known.ping()
    with redis.Redis(port=engines.valkey.port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_secrets_are_readable_for_their_owner_alone(engines: Engines) -> None:
    files = list((engines.folder.path / "secrets").iterdir())
    assert files
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE((engines.folder.path / "secrets").stat().st_mode) == 0o700


def test_no_secret_is_in_the_process_list(engines: Engines) -> None:
    secrets = [file.read_text() for file in (engines.folder.path / "secrets").iterdir()]
    lines = [" ".join(psutil.Process(process.pid).cmdline()) for process in engines.processes]
    assert not [line for line in lines for secret in secrets if secret in line]


def test_a_second_start_in_the_same_folder_is_refused(engines: Engines) -> None:
    with pytest.raises(FolderInUse, match="stop it first"):
        start_engines(engines.folder.path, fast=True)


def test_a_folder_with_other_things_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(NotOurFolder, match="was not made by govern"):
        Engines(tmp_path, fresh=True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


async def test_data_survives_a_stop_and_fresh_puts_it_aside(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    first = start_engines(folder, fast=True)
    await ask(first.database_url(Login.OWNER), "CREATE TABLE kept (at timestamptz)")
    first.stop()
    second = start_engines(folder, fast=True)
    assert await ask(second.database_url(Login.OWNER), "SELECT to_regclass('kept')::text") == "kept"
    second.stop()
    third = Engines(folder, fast=True, fresh=True)
    assert {"postgres", "secrets"} <= {entry.name for entry in (folder / "previous").iterdir()}
    assert third.database_url(Login.OWNER) != second.database_url(Login.OWNER)
    third.stop()


async def test_a_folder_whose_name_is_no_good_for_a_socket_works(tmp_path: Path) -> None:
    engines = start_engines(tmp_path / f"été, it's {'long ' * 20}", fast=True)
    try:
        assert await ask(engines.database_url(Login.WEB), "SELECT 1") == 1
    finally:
        engines.stop()


def test_data_of_another_postgres_is_refused_in_plain_words(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    Engines(folder).stop()
    (folder / "postgres").mkdir()
    (folder / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(Exception, match="holds data of PostgreSQL 16"):
        start_engines(folder, fast=True)
    start_engines_lock_is_free = Engines(folder)
    start_engines_lock_is_free.stop()


async def test_a_stale_pid_file_of_another_program_harms_nobody(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    start_engines(folder, fast=True).stop()
    pid_file = folder / "postgres" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{folder / 'postgres'}\n")
    engines = start_engines(folder, fast=True)
    try:
        assert await ask(engines.database_url(Login.WEB), "SELECT 1") == 1
    finally:
        engines.stop()


def test_an_engine_that_does_not_start_says_why(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    start_engines(folder, fast=True).stop()
    (folder / "postgres" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(PartFailed, match="no_such_setting"):
        start_engines(folder, fast=True)


def test_both_ports_are_free_again_after_the_stop(tmp_path: Path) -> None:
    engines = start_engines(tmp_path / "data", fast=True)
    port = engines.valkey.port
    engines.stop()
    engines.stop()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
