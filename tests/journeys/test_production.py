"""A production start with what belongs to one machine only is refused, and each fault is named."""

import subprocess
import sys

import pytest

from tests.running.conftest import clean_environment

NEEDED = {
    "GOVERN_ENV": "production",
    "GOVERN_SECRET_KEY": "a secret of our own, long enough for production",
    "GOVERN_PUBLIC_URL": "https://govern.example",
    "GOVERN_X_BASE_URL": "https://api.x.com",
}


def serve(**settings: str) -> subprocess.CompletedProcess[str]:
    given = {**clean_environment(), **NEEDED, **settings}
    command = [sys.executable, "-m", "govern.cli", "serve", "--port", "1"]
    return subprocess.run(command, env=given, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [("GOVERN_SECRET_KEY", ""), ("GOVERN_DEMO", "1"), ("GOVERN_X_BASE_URL", "http://127.0.0.1:8765")],
)
def test_a_production_start_names_the_setting_it_refuses(name: str, value: str) -> None:
    ended = serve(**{name: value})
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == [line for line in ended.stderr.splitlines() if line.startswith(name)]
    assert ended.stderr


def test_a_production_start_names_all_faults_at_once() -> None:
    ended = serve(GOVERN_SECRET_KEY="", GOVERN_DEMO="1", GOVERN_X_BASE_URL="http://127.0.0.1:8765")
    assert ended.returncode == 2
    named = [line.partition(" ")[0] for line in ended.stderr.splitlines()]
    assert named == ["GOVERN_SECRET_KEY", "GOVERN_DEMO", "GOVERN_X_BASE_URL"]


@pytest.mark.parametrize(
    ("keys", "said"), [("", "GOVERN_AUDIT_KEKS is not set"), ("a:AAAA", "GOVERN_AUDIT_KEKS: key 1 must be")]
)
def test_a_production_start_without_fit_keys_for_personal_content_is_refused(keys: str, said: str) -> None:
    engines = {"GOVERN_DATABASE_URL": "postgresql://127.0.0.1:1/none", "GOVERN_REDIS_URL": "redis://127.0.0.1:1/0"}
    ended = serve(GOVERN_AUDIT_KEKS=keys, **engines)
    assert ended.returncode == 2
    assert ended.stderr.startswith(said)
    assert "AAAA" not in ended.stderr
