"""With a state file everything survives a restart."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar

from govern.sandbox.app import create_sandbox
from govern.sandbox.journal import BrokenJournal

Connect = Callable[[Litestar], httpx.AsyncClient]


async def fill(connect: Connect, app: Litestar) -> dict[str, Any]:
    async with connect(app) as client:
        keys = await client.post("/_sandbox/accounts", json={"handle": "acme", "name": "Acme"})
        for kind in ("mention", "dm"):
            body = {"kind": kind, "from": "julie", "to": "acme", "text": "hello\nagain"}
            assert (await client.post("/_sandbox/inbound", json=body)).status_code == 201
        return dict(keys.json())


async def state_of(connect: Connect, app: Litestar) -> Any:
    async with connect(app) as client:
        return (await client.get("/_sandbox/state")).json()


async def test_a_restart_keeps_accounts_credentials_posts_and_messages(tmp_path: Path, connect: Connect) -> None:
    file = tmp_path / "deep" / "sandbox.jsonl"
    first = create_sandbox(state_file=file)
    keys = await fill(connect, first)
    second = create_sandbox(state_file=file)
    assert await state_of(connect, second) == await state_of(connect, first)
    async with connect(second) as client:
        again = await client.post("/_sandbox/accounts", json={"handle": "acme", "name": "Acme"})
    assert again.json() == keys
    assert file.stat().st_mode & 0o077 == 0


async def test_ids_go_on_rising_after_a_restart(tmp_path: Path, connect: Connect) -> None:
    file = tmp_path / "sandbox.jsonl"
    await fill(connect, create_sandbox(state_file=file))
    again = create_sandbox(state_file=file)
    await fill(connect, again)
    ids = [int(post["id"]) for post in (await state_of(connect, again))["posts"]]
    assert ids == sorted(set(ids))


async def test_a_reset_holds_after_a_restart(tmp_path: Path, connect: Connect) -> None:
    file = tmp_path / "sandbox.jsonl"
    first = create_sandbox(state_file=file)
    keys = await fill(connect, first)
    async with connect(first) as client:
        await client.post("/_sandbox/reset")
    second = create_sandbox(state_file=file)
    assert await state_of(connect, second) == {"posts": [], "dms": []}
    async with connect(second) as client:
        again = await client.post("/_sandbox/accounts", json={"handle": "acme", "name": "Acme"})
    assert again.json()["access_token"] == keys["access_token"]


async def test_half_a_last_line_is_cut_off(tmp_path: Path, connect: Connect) -> None:
    file = tmp_path / "sandbox.jsonl"
    first = create_sandbox(state_file=file)
    await fill(connect, first)
    with file.open("ab") as journal:
        journal.write(b'{"record":"post","id":12')
    second = create_sandbox(state_file=file)
    assert await state_of(connect, second) == await state_of(connect, first)
    await fill(connect, second)
    assert await state_of(connect, create_sandbox(state_file=file)) == await state_of(connect, second)


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.jsonl"
    create_sandbox(state_file=file)
    with file.open("ab") as journal:
        journal.write(b"not json\n")
    with pytest.raises(BrokenJournal, match="at line 2"):
        create_sandbox(state_file=file)


async def test_given_keys_of_the_x_app_replace_the_kept_ones(tmp_path: Path, connect: Connect) -> None:
    file = tmp_path / "sandbox.jsonl"
    first = await fill(connect, create_sandbox(state_file=file))
    second = await fill(connect, create_sandbox(state_file=file, app_keys=("key", "secret")))
    third = await fill(connect, create_sandbox(state_file=file))
    assert (second["api_key"], second["api_secret"]) == ("key", "secret") == (third["api_key"], third["api_secret"])
    assert first["access_token"] == third["access_token"]
    lines = len(file.read_bytes().splitlines())
    create_sandbox(state_file=file, app_keys=("key", "secret"))
    assert len(file.read_bytes().splitlines()) == lines
