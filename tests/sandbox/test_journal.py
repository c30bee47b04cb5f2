"""With a state file everything survives a restart."""

import base64
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


async def test_uploads_grants_webhooks_and_switches_survive_a_restart(tmp_path: Path, connect: Connect) -> None:
    file = tmp_path / "sandbox.jsonl"
    app = create_sandbox(state_file=file)
    await fill(connect, app)
    async with connect(app) as client:
        token = (await client.post("/_sandbox/tokens", json={"handle": "acme"})).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        body = {"media": base64.b64encode(b"GIF89a" + bytes(9)).decode(), "media_category": "tweet_gif"}
        media = (await client.post("/2/media/upload", json=body)).json()["data"]["id"]
        post = {"text": "Look", "media": {"media_ids": [media]}, "made_with_ai": True}
        assert (await client.post("/2/tweets", json=post)).status_code == 201
        subscription = {"event_type": "oauth.revoke", "filter": {}}
        app_keys = (await client.get("/_sandbox/app")).json()
        client.headers["Authorization"] = f"Bearer {app_keys['bearer_token']}"
        assert (await client.post("/2/activity/subscriptions", json=subscription)).status_code == 200
        await client.post("/_sandbox/customers", json={"handle": "julie", "closed_dms": True})
    second = create_sandbox(state_file=file)
    assert await state_of(connect, second) == await state_of(connect, app)
    async with connect(second) as client:
        assert (await client.get("/_sandbox/app")).json() == app_keys
        client.headers["Authorization"] = f"Bearer {token}"
        assert (await client.get("/2/users/me")).json()["data"]["username"] == "acme"
        assert (await client.get("/2/activity/subscriptions")).status_code == 200
        refused = await client.post("/2/tweets", json={**post, "media": {"media_ids": [media]}})
        assert "duplicate content" in refused.json()["detail"]


async def test_a_journal_from_before_oauth_2_is_read(tmp_path: Path, connect: Connect) -> None:
    file = tmp_path / "sandbox.jsonl"
    file.write_bytes(
        b'{"record":"app","api_key":"k","api_secret":"s"}\n'
        b'{"record":"user","id":5,"handle":"acme","name":"Acme","access_token":"t","access_token_secret":"x"}\n'
        b'{"record":"post","id":6,"author":5,"text":"Old"}\n'
    )
    async with connect(create_sandbox(state_file=file)) as client:
        keys = (await client.get("/_sandbox/app")).json()
        assert (keys["api_key"], keys["api_secret"]) == ("k", "s")
        assert all(keys.values())
        assert (await client.get("/_sandbox/state")).json()["posts"][0]["text"] == "Old"
