"""What a person gets from a wheel: everything inside, and `govern up` from an empty virtual environment."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*command: object, cwd: Path) -> None:
    """Run a command as a newcomer's shell would: without a path to this checkout."""
    env = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


def tree(folder: str) -> set[str]:
    """The files of a folder as they are committed."""
    ignored = {"__pycache__"}
    files = (path for path in (ROOT / folder).rglob("*") if path.is_file() and not ignored & set(path.parts))
    return {f"govern/share/{path.relative_to(ROOT).as_posix()}" for path in files}


def test_the_wheel_holds_code_panel_policies_migrations_and_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for folder in ("admin", "policies", "migrations"):
        assert tree(folder), f"{folder}/ is empty"
        assert tree(folder) <= names
    assert {"govern/cli/__init__.py", "govern/embedded/leash.py", "govern/py.typed"} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith("tests/") or ".govern" in name]


def test_the_wheel_runs_in_an_empty_virtual_environment(
    wheel: Path, tmp_path: Path, start_up: Callable[..., Any]
) -> None:
    """Installed by pip from the lock file, with the index that this machine's pip uses, as `make install` was."""
    run(sys.executable, "-m", "venv", tmp_path / "env", cwd=tmp_path)
    python = tmp_path / "env" / "bin" / "python"
    pip = (python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    run(*pip, "--require-hashes", "-r", ROOT / "requirements.lock", cwd=tmp_path)
    run(*pip, "--no-deps", wheel, cwd=tmp_path)
    up = start_up(command=["/usr/bin/env", "-u", "PYTHONPATH", str(python.with_name("govern"))])
    ready = up.wait_until_ready()
    assert ready["members"], json.dumps(ready)
    assert up.stop() == 0
