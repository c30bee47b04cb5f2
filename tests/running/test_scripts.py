import os
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def program(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


def run(script: str, *options: str, **told: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [ROOT / "scripts" / script, *options],
        env={"PATH": "/usr/bin:/bin", **told},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_first_python_that_is_new_enough_is_taken(tmp_path: Path) -> None:
    program(tmp_path, "python3", "exit 1")
    program(tmp_path, "python3.12", '[ "$1" = -c ] || echo "twelve $*"')
    done = run("python", "-m", "venv", PATH=f"{tmp_path}")
    assert (done.returncode, done.stdout) == (0, "twelve -m venv\n")


def test_the_python_somebody_names_comes_first(tmp_path: Path) -> None:
    mine = program(tmp_path, "mine", '[ "$1" = -c ] || echo mine')
    assert run("python", "-V", PYTHON=str(mine)).stdout == "mine\n"


def test_without_a_new_python_one_sentence_says_so(tmp_path: Path) -> None:
    program(tmp_path, "python3", "exit 1")
    done = run("python", "-V", PATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("govern needs Python 3.11 or newer; none was found.")


def test_the_browser_somebody_names_is_taken(tmp_path: Path) -> None:
    mine = program(tmp_path, "my browser", "")
    assert run("browser", GOVERN_CHROMIUM=str(mine)).stdout == f"{mine}\n"


def test_a_browser_that_is_not_there_is_refused() -> None:
    done = run("browser", GOVERN_CHROMIUM="/no/such/browser")
    assert (done.returncode, done.stderr) == (1, "GOVERN_CHROMIUM is /no/such/browser, which is not a program.\n")


def test_a_browser_on_the_path_is_found(tmp_path: Path) -> None:
    found = program(tmp_path, "chromium", "")
    assert run("browser", PATH=f"{tmp_path}:/usr/bin:/bin").stdout == f"{found}\n"


@pytest.mark.parametrize("file", ["scripts/python", "scripts/check", "scripts/browser", ".ci/run", "deploy/logins.sh"])
def test_scripts_can_be_run_and_parse(file: str) -> None:
    path = ROOT / file
    assert path.stat().st_mode & stat.S_IXUSR
    shell = "bash" if "bash" in path.read_text().splitlines()[0] else "sh"
    assert subprocess.run([shell, "-n", path], check=False).returncode == 0


def test_every_target_of_the_makefile_is_explained() -> None:
    done = subprocess.run(
        ["make", "-C", ROOT, "help"], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert all(
        f"make {target}\t" in done.stdout for target in ("install", "up", "check", "test", "hooks", "lock", "clean")
    )
