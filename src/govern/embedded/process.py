"""One child process: started on a leash, its output in a file, stopped in order."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from govern.embedded.errors import PartFailed

LEASH = Path(__file__).with_name("leash.py")
LOG_LIMIT = 10 * 1024 * 1024


def never() -> bool:
    return False


class Process:
    """A part that runs beside this process and never longer than it.

    It gets a session of its own, so that Ctrl-C in a terminal reaches this process alone, which then stops
    its parts in order. Start it from the main thread: Linux ties the leash to the thread that started it.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdout: BinaryIO | None = None,
        feed: str = "",
        user: str = "",
        stop_signal: signal.Signals = signal.SIGTERM,
        grace: float = 10.0,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.log = log
        self.env = env
        self.cwd = cwd
        self.stdout = stdout  # None: into the log, with its errors
        self.feed = feed  # written to its standard input: secrets stay out of the process list
        self.user = user
        self.stop_signal = stop_signal
        self.grace = grace
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._child.poll() if self._child else None

    def start(self) -> None:
        leash = [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), str(int(self.stop_signal)), self.user]
        with _open_log(self.log) as output:
            self._child = subprocess.Popen(  # noqa: S603 - every command is written in this program
                [*leash, *self.command],
                stdin=subprocess.PIPE,
                stdout=self.stdout or output,
                stderr=output,
                env=self.env,
                cwd=self.cwd,
                start_new_session=True,
            )
        with suppress(BrokenPipeError):
            self._feed(self._child)

    def wait_until(self, ready: Callable[[], bool], *, limit: float, stopped: Callable[[], bool] = never) -> None:
        """Wait until `ready()`, or until `stopped()` says that nobody waits any more.

        Raises:
            PartFailed: the process ended first, or `limit` seconds went by.
        """
        deadline = time.monotonic() + limit
        while not (stopped() or ready()):
            if not self.running:
                raise self.failed(f"it ended with exit code {self.exit_code}")
            if time.monotonic() > deadline:
                raise self.failed(f"no answer after {limit:.0f} s")
            time.sleep(0.05)

    def finish(self, *, limit: float, stopped: Callable[[], bool] = never) -> None:
        """Start it and wait for its end; it is stopped when nobody waits any more.

        Raises:
            PartFailed: its exit code is not 0, or it takes longer than `limit` seconds.
        """
        self.start()
        try:
            with suppress(PartFailed):
                self.wait_until(lambda: not self.running, limit=limit, stopped=stopped)
            if self.running and not stopped():
                raise self.failed(f"not done after {limit:.0f} s")
        finally:
            self.stop()
        if self.exit_code and not stopped():
            raise self.failed(f"it ended with exit code {self.exit_code}")

    def ask_to_stop(self) -> None:
        if self._child and self.running:
            self._child.send_signal(self.stop_signal)

    def stop(self) -> None:
        """End it: ask, wait for `grace` seconds, then kill it and whatever it started."""
        if not self._child:
            return
        self.ask_to_stop()
        try:
            self._child.wait(self.grace)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGKILL)

    def failed(self, reason: str) -> PartFailed:
        return PartFailed(part=self.name, reason=reason, log=self.log, tail=self._tail())

    def _feed(self, child: subprocess.Popen[bytes]) -> None:
        if child.stdin:
            with child.stdin as stdin:
                stdin.write(self.feed.encode())

    def _tail(self, lines: int = 12) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def _open_log(path: Path) -> BinaryIO:
    """Open for appending, for our eyes only; a log that has grown large is put aside at a start."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_suffix(".old.log"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")
