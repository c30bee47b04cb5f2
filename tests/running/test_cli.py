import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from govern import __version__, settings
from govern.cli.parts import COMMAND


def govern(*command: str, cwd: Path, **told: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GOVERN_")}
    return subprocess.run(
        [*COMMAND, *command], cwd=cwd, env={**kept, **told}, capture_output=True, text=True, check=False, timeout=60
    )


def test_version_is_printed(tmp_path: Path) -> None:
    done = govern("version", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"{__version__}\n")


def test_each_fault_of_the_settings_is_one_line_without_a_traceback(tmp_path: Path) -> None:
    done = govern("serve", cwd=tmp_path, GOVERN_SECRET_KEY="short", GOVERN_POLICIES=str(tmp_path / "none"))
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "GOVERN_SECRET_KEY is too short: at least 32 characters.",
        "GOVERN_POLICIES names a folder that does not exist.",
    ]


def test_up_is_refused_in_production(tmp_path: Path) -> None:
    done = govern("up", cwd=tmp_path, GOVERN_ENV="production")
    assert done.returncode == 2
    assert done.stderr.startswith("GOVERN_ENV is production; `govern up` is for one machine with the sandbox.")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["serve", "worker", "migrate"])
def test_production_is_refused_with_default_secret_sandbox_and_demo_data(command: str, tmp_path: Path) -> None:
    done = govern(command, cwd=tmp_path, GOVERN_ENV="production", GOVERN_DEMO="1")
    assert done.returncode == 2
    for name in ("GOVERN_SECRET_KEY", "GOVERN_DEMO", "GOVERN_X_BASE_URL", "GOVERN_PUBLIC_URL"):
        assert sum(line.startswith(name) for line in done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("option", ["--port", "--sandbox-port"])
def test_a_port_in_use_names_the_option_that_changes_it(option: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = govern("up", option, port, cwd=tmp_path)
    assert done.returncode == 1
    assert f"Port {port} is in use" in done.stderr
    assert done.stderr.rstrip().endswith(f"choose another with {option}.")


def test_both_parts_at_one_port_are_refused(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    done = govern("up", "--port", port, "--sandbox-port", port, cwd=tmp_path)
    assert (done.returncode, done.stderr.startswith("up.port_in_use")) == (1, True)


def test_a_command_reaches_the_engines_that_up_runs_in_this_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = tmp_path / "running.json"
    running.write_text(json.dumps({"GOVERN_DATABASE_URL": "postgresql://here", "GOVERN_COMPANY": "Acme"}))
    monkeypatch.delenv("GOVERN_DATABASE_URL", raising=False)
    monkeypatch.setenv("GOVERN_COMPANY", "Other")
    settings.adopt(running)
    assert settings.load().database_url == "postgresql://here"
    assert settings.load().company == "Other"


def test_a_database_that_is_named_is_never_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running = tmp_path / "running.json"
    running.write_text(json.dumps({"GOVERN_DATABASE_URL": "postgresql://here"}))
    monkeypatch.setenv("GOVERN_DATABASE_URL", "postgresql://there")
    settings.adopt(running)
    assert settings.load().database_url == "postgresql://there"


def test_the_console_script_is_the_same_program() -> None:
    script = Path(sys.executable).with_name("govern")
    assert script.exists(), "install the project: make install"
    done = subprocess.run([script, "version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == __version__
