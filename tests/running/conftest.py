import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from govern.embedded import Engines, free_port
from govern.sandbox.app import create_sandbox
from govern.sandbox.server import make_server
from tests.factories import Company, make_company

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "govern.cli")
Done = subprocess.CompletedProcess[str]
Govern = Callable[..., Done]


class Up:
    """`govern up` as a person starts it: a process with a data folder, two ports and a ready file."""

    def __init__(
        self, folder: Path, *options: str, command: Sequence[str] = COMMAND, settings: Mapping[str, str] | None = None
    ) -> None:
        self.data = folder / "data"
        self.ready_file = folder / "ready.json"
        self.printed = folder / "printed.txt"
        self.port, self.sandbox_port = free_port(), free_port()
        ports = ("--port", str(self.port), "--sandbox-port", str(self.sandbox_port))
        places = ("--data-dir", str(self.data), "--ready-file", str(self.ready_file))
        with self.printed.open("w") as output:
            self.process = subprocess.Popen(
                [*command, "up", *ports, *places, *options],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**clean_environment(), **(settings or {})},
                cwd=folder,
            )

    def wait_until_ready(self, limit: float = 120) -> dict[str, Any]:
        wait_for(lambda: self.ready_file.exists() or self.process.poll() is not None, limit)
        assert self.ready_file.exists(), self.printed.read_text()
        ready: dict[str, Any] = json.loads(self.ready_file.read_text())
        return ready

    def parts(self) -> list[psutil.Process]:
        """Everything it started that lives."""
        return [part for part in psutil.Process(self.process.pid).children(recursive=True) if alive(part)]

    def wait_for_line(self, text: str) -> None:
        wait_for(lambda: text in self.printed.read_text())

    def wait_for_web(self, *, other_than: int) -> None:
        wait_for(lambda: any(runs(part, "serve") and part.pid != other_than for part in self.parts()))

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(90)

    def end(self) -> None:
        if self.process.poll() is None:
            self.stop(signal.SIGTERM)


def runs(process: psutil.Process, command: str) -> bool:
    """Tell whether a process runs this command; one that has just ended runs nothing."""
    try:
        return command in process.cmdline()
    except psutil.NoSuchProcess:
        return False


def alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_for(condition: Callable[[], bool], limit: float = 30) -> None:
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, f"waited {limit} s in vain"
        time.sleep(0.05)


def clean_environment() -> dict[str, str]:
    """This environment without settings of govern: what a newcomer's shell has."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GOVERN_")}


@pytest.fixture
def govern(engines: Engines, database: None, tmp_path: Path) -> Govern:
    """Run a command in an empty folder, with the test database in its environment."""

    def run(*command: str, given: str | bytes = "", **told: str) -> Done:
        env = {**clean_environment(), "GOVERN_DATABASE_URL": os.environ["GOVERN_DATABASE_URL"], **told}
        text = given.decode() if isinstance(given, bytes) else given
        return subprocess.run(
            [*COMMAND, *command],
            cwd=tmp_path,
            env=env,
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


@pytest.fixture
async def company(database: None) -> Company:
    return await make_company()


def refused(done: Done, code: str) -> None:
    """Exit code 1, one line that begins with the code, and no traceback."""
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{code}: "), done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def start_up(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def start(*options: str, command: Sequence[str] = COMMAND) -> Up:
        started.append(Up(tmp_path, *options, command=command))
        return started[-1]

    yield start
    for up in started:
        up.end()


@pytest.fixture
def sandbox_address() -> Iterator[str]:
    """A fresh X sandbox on a free port."""
    server = make_server(create_sandbox(), port=0, idle_s=1)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_for(lambda: server.started)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
