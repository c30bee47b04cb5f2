"""Everything that sends, on this machine and for a while: engines, log, sequencer, sandbox; workers and people on demand."""

import base64
import os
import re
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from govern import settings
from govern.embedded import Engines, Login, Process, free_port, start_engines

COMMAND = [sys.executable, "-P", "-m"]
STARTING = 60.0
"""Seconds a part may take to start."""
GRACE = 50.0
"""Seconds a worker that is told to stop has for what it is sending."""
QUICK_TIMES: Mapping[str, str] = {
    "GOVERN_SEND_WRITE_WINDOW": "3",
    "GOVERN_SEND_TIMEOUT": "2",
    "GOVERN_ATTEMPT_DEADLINE": "10",
    "GOVERN_SWEEP_EVERY": "0.5",
    "GOVERN_POLL_EVERY": "20",
    "GOVERN_RECONCILE_READS": "1,2.5,4",
}
"""The times of sending in seconds, where the usual ones are minutes."""


_LIMIT = re.compile(r"^(post|dm|dm_day|dm_app_day|company|reads) = (?:15|100|1_000|1_440|5_000)$", re.MULTILINE)


class Worker:
    """A worker process that may be killed, frozen and woken."""

    def __init__(self, process: Process, ready: Path) -> None:
        self._process = process
        self._ready = ready
        self.frozen = False

    def start(self) -> None:
        """Start it, once; `wait` says when it works."""
        self._ready.unlink(missing_ok=True)
        self._process.start()

    def wait(self) -> None:
        self._process.wait_until(self._ready.exists, limit=STARTING)

    def kill(self) -> None:
        """End it as a power cut does."""
        self._tell(signal.SIGKILL)
        self.frozen = False

    def freeze(self) -> None:
        """Let it stand still, in the middle of whatever it does."""
        self._tell(signal.SIGSTOP)
        self.frozen = True

    def wake(self) -> None:
        self._tell(signal.SIGCONT)
        self.frozen = False

    @property
    def running(self) -> bool:
        return self._process.running

    def stop(self) -> None:
        if self.frozen:
            self.wake()
        self._process.stop()

    def _tell(self, what: signal.Signals) -> None:
        if self._process.pid is not None and self._process.running:
            os.kill(self._process.pid, what)


def without_limits(policies: Path, folder: Path) -> Path:
    """Copy the policies as shipped, but for X's windows and the month's ceilings: a run sends more than a real account may."""
    shutil.copytree(policies, folder)
    rules = folder / "x.toml"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(_LIMIT.sub(r"\1 = 10_000_000", text), encoding="utf-8")
    return folder


class Stage:
    """Where messages are sent: what runs, its addresses, and ways to start more of it."""

    def __init__(self, engines: Engines, folder: Path, times: Mapping[str, str]) -> None:
        self.engines = engines
        self.folder = folder
        self.sandbox_url = f"http://127.0.0.1:{free_port()}"
        self._times = times
        self._keys = {name: secrets.token_hex(16) for name in ("X_API_KEY", "X_API_SECRET")}
        self._token_keys = f"bench:{base64.b64encode(secrets.token_bytes(32)).decode()}"
        self._policies = without_limits(settings.shipped("policies"), folder / "policies")
        self._control = httpx.Client(base_url=f"{self.sandbox_url}/_sandbox", trust_env=False, timeout=30)

    def environment(self, login: Login) -> dict[str, str]:
        """Return what a process is told that signs in as `login`."""
        url = self.engines.database_url(login)
        log_files = {name: str(self.folder / "log" / name) for name in ("key", "guard", "verifier")}
        return settings.environment(
            {
                "GOVERN_ENV": settings.Env.DEVELOPMENT,
                "GOVERN_DATABASE_URL": url,
                "GOVERN_MIGRATE_DATABASE_URL": url if login is Login.OWNER else "",
                "GOVERN_SEQUENCER_DATABASE_URL": "",
                "GOVERN_WORKER_DATABASE_URL": "",
                "GOVERN_REDIS_URL": self.engines.redis_url,
                "GOVERN_DATA_DIR": str(self.folder / "data"),
                "GOVERN_POLICIES": str(self._policies),
                "GOVERN_TOKEN_KEYS": self._token_keys,
                "GOVERN_X_BASE_URL": self.sandbox_url,
                **{f"GOVERN_AUDIT_{name.upper()}": file for name, file in log_files.items()},
                **{f"GOVERN_{name}": value for name, value in self._keys.items()},
                **self._times,
            }
        )

    def order(self, what: str, **body: object) -> dict[str, Any]:
        """Ask the sandbox's control API for something."""
        answer = self._control.post(f"/{what}", json=body).raise_for_status()
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found

    def end_faults(self) -> None:
        self._control.delete("/faults").raise_for_status()

    def on_x(self) -> dict[str, list[dict[str, Any]]]:
        """Return every post and direct message of the sandbox, oldest first."""
        found: dict[str, list[dict[str, Any]]] = self._control.get("/state").raise_for_status().json()
        return found

    def worker(self, number: int) -> Worker:
        """Return a worker that is not started yet."""
        data = self.folder / f"worker-{number}"
        told = {**self.environment(Login.WORKER), "GOVERN_DATA_DIR": str(data)}
        process = self.process(f"worker {number}", "govern.cli", "worker", env=told, grace=GRACE)
        return Worker(process, data / "worker.ready")

    def process(self, name: str, module: str, *options: str, env: Mapping[str, str], **more: Any) -> Process:
        """Return a process of our own, not started yet."""
        log = self.folder / "logs" / f"{name.replace(' ', '-')}.log"
        return Process(name, [*COMMAND, module, *options], log=log, env=env, **more)

    def start(self, ending: ExitStack) -> None:
        """Migrate, begin the log, and start what all of it needs."""
        ending.callback(self._control.close)
        owner = self.environment(Login.OWNER)
        self.process("migrations", "govern.cli", "migrate", env=owner).finish(limit=300)
        self.process("audit log", "govern.cli", "audit", "init", env=owner).finish(limit=STARTING)
        sequencer = self.process("sequencer", "govern.cli", "audit", "sequence", env=self.environment(Login.SEQUENCER))
        port = self.sandbox_url.rpartition(":")[2]
        sandbox = self.process("sandbox", "govern.cli", "sandbox", "--port", port, env=self.environment(Login.WEB))
        for process in (sequencer, sandbox):
            ending.callback(process.stop)
            process.start()
        sandbox.wait_until(self._sandbox_answers, limit=STARTING)
        sequencer.wait_until((self.folder / "data" / "sequencer.ready").exists, limit=STARTING)

    def restart_database(self) -> None:
        """Stop PostgreSQL as an operator does, and start it again."""
        postgres = self.engines.postgres
        postgres.process.stop()
        postgres.start()

    def _sandbox_answers(self) -> bool:
        try:
            return self._control.get("/health").is_success
        except httpx.HTTPError:
            return False


@contextmanager
def running_stage(*, times: Mapping[str, str] = QUICK_TIMES, fast: bool = True) -> Iterator[Stage]:
    """Give a stage in a folder that is gone afterwards; whatever was started on it ends with it."""
    with ExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="govern-")))
        engines = start_engines(folder / "engines", fast=fast)
        ending.callback(engines.stop)
        stage = Stage(engines, folder, times)
        stage.start(ending)
        yield stage
