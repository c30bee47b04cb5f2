"""Web processes that are asked while rights change, and the changes, typed as plain SQL."""

import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx

from govern.domain.members import Actor
from govern.embedded import free_port

KILL_LISTENERS = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'govern access listener'"
)
GIVE = (
    "INSERT INTO role_grant (id, member, role, scope, granted_at, reason, starts_at, expires_at)"
    " VALUES ($1, $2, $3, 'account:Help', now(), 'by hand', $4, $5)"
)
TAKE = (
    "UPDATE role_grant SET revoked_at = clock_timestamp(), revoke_reason = 'by hand'"
    " WHERE member = $1 AND role = $2 AND revoked_at IS NULL"
)
STATE = "UPDATE member SET state = $2 WHERE id = $1"
Window = tuple[float, float]


class Web:
    """One web process, asked by a program that may write as @Help, or may not."""

    def __init__(self, token: str, log: Path) -> None:
        self.port = free_port()
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "govern.cli", "serve", "--port", str(self.port)],
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.port}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=20,
            trust_env=False,
        )
        self.answers: list[tuple[Window, int]] = []

    async def is_ready(self) -> bool:
        assert self.process.poll() is None, "the web process ended"
        try:
            return (await self.client.get("/health/ready")).status_code == 200
        except httpx.TransportError:
            return False

    async def ask(self) -> int:
        """Ask for what only writers get and changes nothing."""
        started = time.monotonic()
        text = {"account": "Help", "kind": "post", "text": "We open at ten."}
        status = (await self.client.post("/api/v1/screen", json=text)).status_code
        self.answers.append(((started, time.monotonic()), status))
        return status

    async def end(self) -> None:
        await self.client.aclose()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)


class Changes:
    """Changes Ana's rights with plain SQL, and notes from when to when which answer is due."""

    def __init__(self, owner: asyncpg.Connection, ana: Actor) -> None:
        self.owner, self.ana = owner, ana.member
        self.chance, self.killed = random.Random(3), 0
        self.due: list[tuple[Window, bool]] = [((0.0, time.monotonic()), True)]

    async def make(self, sql: str, *values: object, right: bool) -> None:
        if self.chance.random() < 0.7:
            self.killed += await self.owner.fetchval(KILL_LISTENERS)
        begun = time.monotonic()
        await self.owner.execute(sql, *values)
        self.due.append(((begun, time.monotonic()), right))

    async def give(self, role: str, *, right: bool) -> None:
        await self.make(GIVE, uuid4(), self.ana, role, datetime.now(UTC) - timedelta(days=1), None, right=right)

    async def take(self, role: str, *, right: bool) -> None:
        await self.make(TAKE, self.ana, role, right=right)

    async def put(self, state: str, *, right: bool) -> None:
        await self.make(STATE, self.ana, state, right=right)

    def expected(self, asked: Window) -> bool | None:
        """Return the right of a request that no change overlaps; None if one does."""
        ends = [*(begun for (begun, _end), _right in self.due[1:]), float("inf")]
        for ((_begun, committed), right), until_ in zip(self.due, ends, strict=True):
            if committed <= asked[0] and asked[1] <= until_:
                return right
        return None
