"""The parts of `govern up` as processes: what each is told, and when it counts as ready."""

import base64
import secrets
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

import httpx
import msgspec

from govern import settings
from govern.embedded import Engines, Login, Process

WORKER_READY = "worker.ready"  # the worker writes it into the data folder once it works
SEQUENCER_READY = "sequencer.ready"  # likewise the sequencer
WORKER_GRACE = 50.0  # longer than a send may take: a stop never cuts one off
COMMAND = [sys.executable, "-P", "-m", "govern.cli"]


class Member(msgspec.Struct, frozen=True):
    """A sign-in of the demo company."""

    email: str
    password: str
    roles: list[str]
    token: str


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Builds each part's process for one data folder and two ports."""

    engines: Engines
    port: int
    sandbox_port: int
    demo: bool

    @property
    def panel(self) -> str:
        return f"http://localhost:{self.port}/admin"  # a name: browsers keep no passkeys for an address

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v1"

    @property
    def ready(self) -> str:
        return f"http://127.0.0.1:{self.port}/health/ready"

    @property
    def x(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    def settings_for(self, login: Login) -> dict[str, str]:
        """What one process is told. Only the worker and the demo's seeding get the keys of X credentials (`x.md` 3)."""
        folder = self.engines.folder
        worker = login is Login.WORKER
        return {
            **self._everywhere(),
            "GOVERN_DATABASE_URL": self.engines.database_url(login),
            "GOVERN_MIGRATE_DATABASE_URL": self.engines.database_url(login) if login is Login.OWNER else "",
            "GOVERN_REDIS_URL": self.engines.redis_url,
            "GOVERN_SECRET_KEY": folder.secret("secret_key"),
            "GOVERN_TOKEN_KEYS": folder.secret("token_keys", _token_keys) if worker else "",
            "GOVERN_X_CLIENT_ID": folder.secret("x_client_id"),
            "GOVERN_X_WEBHOOK_SECRETS": folder.secret("x_api_secret") if login is Login.WEB else "",
            **(self._x_app() if worker else {}),
        }

    def _everywhere(self) -> dict[str, str]:
        return {
            "GOVERN_ENV": settings.Env.DEVELOPMENT,
            "GOVERN_DATA_DIR": str(self.engines.folder.path),
            "GOVERN_PUBLIC_URL": f"http://localhost:{self.port}",
            "GOVERN_X_BASE_URL": self.x,
            "GOVERN_X_WEBHOOK_URL": f"http://127.0.0.1:{self.port}",
            "GOVERN_POLL_EVERY": settings.environment({}).get(
                "GOVERN_POLL_EVERY", "5"
            ),  # the sandbox is near, and free
            "GOVERN_DEMO": "1" if self.demo else "",
            **({"GOVERN_COMPANY": "Maison Aldane"} if self.demo else {}),
        }

    def _x_app(self) -> dict[str, str]:
        secret = self.engines.folder.secret
        names = ("x_api_key", "x_api_secret", "x_client_id", "x_client_secret")
        return {f"GOVERN_{name.upper()}": secret(name) for name in names}

    def migrations(self) -> Process:
        return self._process("migrations", self.settings_for(Login.OWNER), "migrate", "--renew-policy")

    def log(self) -> Process:
        return self._process("audit log", self.settings_for(Login.OWNER), "audit", "init")

    def sequencer(self) -> Process:
        (self.engines.folder.path / SEQUENCER_READY).unlink(missing_ok=True)
        return self._process("sequencer", self.settings_for(Login.SEQUENCER), "audit", "sequence")

    def sequencer_ready(self) -> bool:
        return (self.engines.folder.path / SEQUENCER_READY).exists()

    def sandbox(self) -> Process:
        state = self.engines.folder.path / "sandbox.jsonl"
        command = ("sandbox", "--port", str(self.sandbox_port), "--state", str(state))
        return self._process("sandbox", {**self._everywhere(), **self._x_app()}, *command)

    def web(self) -> Process:
        return self._process("web", self.settings_for(Login.WEB), "serve", "--port", str(self.port), grace=15)

    def worker(self) -> Process:
        (self.engines.folder.path / WORKER_READY).unlink(missing_ok=True)
        return self._process("worker", self.settings_for(Login.WORKER), "worker", grace=WORKER_GRACE)

    def worker_ready(self) -> bool:
        return (self.engines.folder.path / WORKER_READY).exists()

    def seed(self, stopped: Callable[[], bool]) -> list[Member]:
        """Make the demo company, or find it as it was. Its passwords come back in a nameless file, never in a log."""
        with tempfile.TemporaryFile() as printed:
            told = self.settings_for(Login.WORKER)
            process = self._process("demo company", told, "demo-seed", "--json", stdout=printed)
            process.finish(limit=120, stopped=stopped)
            printed.seek(0)
            return [] if stopped() else msgspec.json.decode(printed.read(), type=list[Member])

    def _process(
        self, name: str, told: dict[str, str], *command: str, grace: float = 10.0, stdout: BinaryIO | None = None
    ) -> Process:
        return Process(
            name,
            [*COMMAND, *command],
            log=self.engines.folder.log(name.replace(" ", "-")),
            env=settings.environment(told),
            stdout=stdout,
            grace=grace,
        )


def answers(url: str) -> Callable[[], bool]:
    """Return the question whether an address answers with a success."""

    def ask() -> bool:
        try:
            return httpx.get(url, timeout=2, trust_env=False).is_success
        except httpx.HTTPError:
            return False

    return ask


def _token_keys() -> str:
    return f"local:{base64.b64encode(secrets.token_bytes(32)).decode()}"
