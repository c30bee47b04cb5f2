"""The web process on its own: what it needs to be told, and that it may start before its engines."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from govern.embedded import free_port
from tests.running.conftest import clean_environment

NOWHERE = {"GOVERN_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "GOVERN_REDIS_URL": "redis://127.0.0.1:1/0"}


@pytest.mark.parametrize(("command", "missing"), [("serve", 2), ("worker", 3)])
def test_each_missing_address_is_named(command: str, missing: int, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "govern.cli", command],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    lines = done.stderr.strip().splitlines()
    assert len(lines) == missing, done.stderr
    assert all(line.startswith("GOVERN_") and "is not set" in line for line in lines)


def test_web_starts_before_its_engines_and_says_so(tmp_path: Path) -> None:
    port = free_port()
    web = subprocess.Popen(
        [sys.executable, "-m", "govern.cli", "serve", "--port", str(port)],
        cwd=tmp_path,
        env={**clean_environment(), **NOWHERE},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert _answer(port, "live").json() == {"status": "ok"}
        ready = _answer(port, "ready")
        assert ready.status_code == 503
        assert ready.json()["parts"] == {"database": "away", "valkey": "away"}
        page = httpx.get(f"http://127.0.0.1:{port}/admin/messages", cookies={"govern": "x"}, trust_env=False)
        assert page.status_code == 503
        assert "not available right now" in page.text
    finally:
        web.send_signal(signal.SIGTERM)
        assert web.wait(20) in {0, -signal.SIGTERM}, "it ends in order, then by the signal it was sent"


def _answer(port: int, what: str) -> httpx.Response:
    end = time.monotonic() + 30
    while True:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/health/{what}", trust_env=False, timeout=5)
        except httpx.TransportError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
