"""The real thing: `govern up` with every part, started and stopped as a person would."""

import json
import signal
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.running.conftest import runs

Start = Callable[..., Any]


def names(parts: list[psutil.Process]) -> set[str]:
    """Which parts live, by what they were started as."""
    known = ("serve", "worker", "sequence", "sandbox", "postgres", "valkey-server")
    lines = [" ".join(part.cmdline()) for part in parts]
    return {name for name in known for line in lines if name in line}


def until_gone(parts: list[psutil.Process], limit: float) -> list[psutil.Process]:
    _, living = psutil.wait_procs(parts, timeout=limit)
    return [part for part in living if part.status() != psutil.STATUS_ZOMBIE]


def test_up_starts_everything_and_ctrl_c_ends_everything(start_up: Start) -> None:
    up = start_up()
    ready = up.wait_until_ready()
    assert set(ready) == {"panel", "api", "sandbox", "members"}
    assert stat.S_IMODE(up.ready_file.stat().st_mode) == 0o600
    assert all(set(member) == {"email", "password", "roles", "token"} for member in ready["members"])
    assert httpx.get(f"{ready['sandbox']}/_sandbox/state").is_success
    token = ready["members"][0]["token"]
    assert httpx.get(f"{ready['api']}/accounts", headers={"Authorization": f"Bearer {token}"}).is_success
    assert httpx.get(ready["panel"], follow_redirects=True).is_success
    parts = up.parts()
    assert names(parts) == {"serve", "worker", "sequence", "sandbox", "postgres", "valkey-server"}
    listening = {c.laddr.ip for part in parts for c in part.net_connections("inet") if c.status == "LISTEN"}
    assert listening == {"127.0.0.1"}
    assert up.stop(signal.SIGINT) == 0
    assert until_gone(parts, 5) == []
    assert not up.ready_file.exists()
    assert not (up.data / "running.json").exists()
    printed = up.printed.read_text()
    assert ready["panel"] in printed
    assert ready["members"][0]["email"] in printed


def test_a_second_start_keeps_the_data_and_the_sign_ins(start_up: Start) -> None:
    first = start_up()
    before = first.wait_until_ready()
    first.stop(signal.SIGTERM)
    second = start_up()
    after = second.wait_until_ready()
    assert [m["password"] for m in after["members"]] == [m["password"] for m in before["members"]]
    assert second.stop() == 0


def test_a_part_that_is_killed_comes_back(start_up: Start) -> None:
    up = start_up("--no-demo")
    ready = up.wait_until_ready()
    assert ready["members"] == []
    web = next(part for part in up.parts() if runs(part, "serve"))
    web.kill()
    up.wait_for_web(other_than=web.pid)
    assert "web ended with exit code -9" in up.printed.read_text()
    assert up.stop() == 0


def test_a_wish_to_stop_while_it_starts_is_heard(start_up: Start) -> None:
    up = start_up()
    up.wait_for_line("PostgreSQL")
    parts = up.parts()
    assert up.stop(signal.SIGTERM) == 0
    assert until_gone(parts, 5) == []
    assert not up.ready_file.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the leash is a promise on Linux")  # lint: allow skip: says why
def test_nothing_lives_on_when_it_is_killed(start_up: Start) -> None:
    up = start_up("--no-demo")
    up.wait_until_ready()
    parts = up.parts()
    up.process.kill()
    up.process.wait()
    assert until_gone(parts, 60) == []
    up.ready_file.unlink()  # nobody was left to take it away
    again = start_up("--no-demo")
    again.wait_until_ready()
    assert again.stop() == 0


def test_a_stale_ready_file_is_no_answer(start_up: Start, tmp_path: Path) -> None:
    (tmp_path / "ready.json").write_text(json.dumps({"panel": "old"}))
    up = start_up("--no-demo")
    up.wait_for_line("PostgreSQL")
    assert not up.ready_file.exists()
    assert up.stop() == 0, up.printed.read_text()
