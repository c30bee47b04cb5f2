import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from govern.embedded import PartFailed, Process

SLEEPER = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)",
]
PARENT = """
import sys, time
from pathlib import Path
from govern.embedded import Process
child = Process("child", [sys.executable, "-c", "import time; time.sleep(600)"], log=Path(sys.argv[1]))
child.start()
print(child.pid, flush=True)
time.sleep(600)
"""


def wrote(process: Process, text: str) -> bool:
    return text in process.log.read_text()


def gone(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def test_a_process_runs_until_it_is_stopped(tmp_path: Path) -> None:
    process = Process("sleeper", SLEEPER, log=tmp_path / "log")
    process.start()
    process.wait_until(lambda: wrote(process, "here"), limit=10)
    assert process.running
    process.stop()
    assert process.exit_code == -signal.SIGTERM


def test_a_process_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    process = Process("deaf", STUBBORN, log=tmp_path / "log", grace=0.2)
    process.start()
    process.wait_until(lambda: wrote(process, "deaf"), limit=10)
    process.stop()
    assert process.exit_code == -signal.SIGKILL


@pytest.mark.skipif(sys.platform != "linux", reason="the leash is a promise on Linux")  # lint: allow skip: says why
def test_a_process_ends_with_its_parent_even_when_that_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, tmp_path / "log"], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    with parent.stdout as printed:
        child = int(printed.readline())
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 10
    while not gone(child):
        assert time.monotonic() < deadline


def test_the_end_of_a_process_is_told_with_its_last_lines(tmp_path: Path) -> None:
    process = Process("tired", [sys.executable, "-c", "raise SystemExit('no more')"], log=tmp_path / "log")
    with pytest.raises(PartFailed, match=r"(?s)tired did not start: it ended with exit code 1.*no more"):
        process.finish(limit=10)


def test_a_process_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    process = Process("slow", SLEEPER, log=tmp_path / "log")
    with pytest.raises(PartFailed, match="not done after"):
        process.finish(limit=0.3)
    assert not process.running


def test_nobody_waits_for_a_process_after_a_wish_to_stop(tmp_path: Path) -> None:
    process = Process("slow", SLEEPER, log=tmp_path / "log")
    process.finish(limit=60, stopped=lambda: True)
    assert not process.running


def test_what_it_is_fed_reaches_it_and_its_output_goes_where_it_should(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w+b") as out:
        code = "import sys; print(input()); print('aside', file=sys.stderr)"
        process = Process("echo", [sys.executable, "-c", code], log=tmp_path / "log", feed="secret\n", stdout=out)
        process.finish(limit=10)
    assert (tmp_path / "out").read_text() == "secret\n"
    assert (tmp_path / "log").read_text() == "aside\n"
    assert (tmp_path / "log").stat().st_mode & 0o077 == 0
