"""One account per point and kind, each with a message on its way; a blow hits all of them at once."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import msgspec

from govern import database
from govern.bench.sending_company import Company, Writing
from govern.bench.sending_texts import make_text
from govern.domain.messages import Kind
from govern.embedded import Engines, Login
from tests.crash.points import AT_THE_NETWORK, Blow, Point
from tests.crash.relay import Relay
from tests.crash.worker import Plan
from tests.sending import until
from tests.xapi.conftest import Sandbox

KINDS = (Kind.POST, Kind.REPLY, Kind.DM)
LIMIT = 60.0
TIMES = {
    "GOVERN_SEND_WRITE_WINDOW": "3",
    "GOVERN_SEND_TIMEOUT": "5",
    "GOVERN_ATTEMPT_DEADLINE": "16",
    "GOVERN_SWEEP_EVERY": "0.3",
    "GOVERN_POLL_EVERY": "60",
    "GOVERN_RECONCILE_READS": "1,2,3",
}
_LATE = "SELECT count(*) = 0 FROM attempt WHERE outcome IS NULL"
_ENDED = """
SELECT a.handle, m.state, p.x_id::text AS x_id,
       array(SELECT coalesce(t.outcome, 'none') FROM attempt t WHERE t.publication = p.id ORDER BY t.started_at) AS outcomes
  FROM message m JOIN account a ON a.id = m.account JOIN publication p ON p.message = m.id
"""
# What stays unknown is with a person once X was read three times for it.
_MOVING = """
SELECT (SELECT count(*) FROM message WHERE state IN ('approved', 'scheduled', 'sending'))
     + (SELECT count(*) FROM attempt t WHERE t.outcome = 'unknown' AND t.resolved IS NULL
           AND (SELECT count(*) FROM attempt_read r WHERE r.attempt = t.id AND r.counts) < 3)
"""
Cell = tuple[Point, Kind]


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one message: its state, how often it is on X, and its attempts' outcomes, oldest first."""

    state: str
    out: int
    outcomes: tuple[str, ...]


def handle_of(point: Point, kind: Kind) -> str:
    return f"{kind}_{point}"[:15]  # as long as X lets it be


class Scene:
    """The company, its accounts by point and kind, and the processes."""

    def __init__(
        self,
        company: Company,
        engines: Engines,
        sandbox: Sandbox,
        relay: Relay,
        owner: asyncpg.Connection,
        folder: Path,
    ) -> None:
        self.company = company
        self.sandbox = sandbox
        self.owner = owner
        self._engines = engines
        self._relay = relay
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self._cells = [(point, kind) for point in Point for kind in KINDS]

    async def set_up(self) -> None:
        """Give each point and kind an account of its own with one message that is due."""
        self.sandbox.order("rules", duplicates=False)
        company, rng = self.company, random.Random(1)
        await company.found([handle_of(point, kind) for point, kind in self._cells])
        for number, (point, kind) in enumerate(self._cells):
            handle, customer = handle_of(point, kind), f"customer{number}"
            target = None
            if kind is not Kind.POST:
                asked = f"@{handle} where is my parcel?"
                heard = await company.hear(handle, "dm" if kind is Kind.DM else "mention", customer, asked)
                await company.read(handle)
                target = customer if kind is Kind.DM else heard
            await company.write(Writing(account=handle, kind=kind, text=make_text(rng, number), target=target))
            if point in AT_THE_NETWORK:
                self._relay.points[company.keys[handle].access_token] = point

    async def strike(self, blow: Blow) -> None:
        """Bring every send to its point, strike, and let an ordinary worker do the rest."""
        sender = self._start("tests.crash.worker", X_BASE_URL=f"http://127.0.0.1:{self._relay.port}", plan=self._plan())
        await until(self._all_stand, limit=LIMIT)
        self._relay.drop = blow is not Blow.DATABASE  # what had not reached X is lost with its connection
        if blow is Blow.KILL:
            sender.kill()
        elif blow is Blow.CANCEL:
            sender.send_signal(signal.SIGUSR1)
            sender.send_signal(signal.SIGUSR2)
        elif blow is Blow.DATABASE:
            async with self._database_away():
                sender.send_signal(signal.SIGUSR2)
                self._relay.open.set()
        else:
            sender.send_signal(signal.SIGSTOP)
        self._start("govern.cli", "worker", X_BASE_URL=self.sandbox.address)
        if blow is Blow.FREEZE:
            await until(self._nothing_runs, limit=LIMIT)
            sender.send_signal(signal.SIGUSR2)
            sender.send_signal(signal.SIGCONT)
        self._relay.open.set()
        await until(self._nothing_moves, limit=LIMIT)

    async def ended(self) -> Mapping[Cell, Ended]:
        """Return what became of every message."""
        state = self.sandbox.state()
        out = [post["account"] for post in state["posts"]] + [dm["sender"] for dm in state["dms"]]
        rows = {row["handle"]: row for row in await self.owner.fetch(_ENDED)}
        found = {}
        for point, kind in self._cells:
            row = rows[handle_of(point, kind)]
            found[point, kind] = Ended(
                state=row["state"], out=out.count(row["handle"]), outcomes=tuple(row["outcomes"])
            )
        return found

    def end(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait(10)

    def _plan(self) -> Plan:
        points = {str(self.company.accounts[handle_of(*cell)].id): cell[0] for cell in self._cells}
        return Plan(points=points, folder=str(self._folder))

    def _start(self, module: str, *options: str, plan: Plan | None = None, **told: str) -> "subprocess.Popen[bytes]":
        environ = {
            **os.environ,
            **TIMES,
            "GOVERN_DATABASE_URL": self._engines.database_url(Login.WORKER),
            "GOVERN_REDIS_URL": self._engines.redis_url,
            "GOVERN_X_API_KEY": self.company.settings.x_api_key,
            "GOVERN_X_API_SECRET": self.company.settings.x_api_secret,
            "GOVERN_DATA_DIR": str(self._folder / "data"),
            **{f"GOVERN_{name}": value for name, value in told.items()},
        }
        said = self._folder / f"{module}.log"
        with said.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *options],
                env=environ,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
            )
        self._processes.append(process)
        assert process.stdin is not None
        with process.stdin as stdin:
            stdin.write(msgspec.json.encode(plan) if plan else b"")
        return process

    async def _all_stand(self) -> bool:
        assert self._processes[-1].poll() is None, (self._folder / "tests.crash.worker.log").read_text()
        standing = {path.name for path in self._folder.iterdir()}
        by_token = {keys.access_token: handle for handle, keys in self.company.keys.items()}
        at_the_network = {by_token[token] for token in self._relay.reached}
        return all(
            str(account.id) in standing or handle in at_the_network for handle, account in self.company.accounts.items()
        )

    async def _nothing_runs(self) -> bool:
        return bool(await self.owner.fetchval(_LATE))

    async def _nothing_moves(self) -> bool:
        return int(await self.owner.fetchval(_MOVING)) == 0

    @asynccontextmanager
    async def _database_away(self) -> AsyncIterator[None]:
        postgres = self._engines.postgres
        postgres.process.stop()
        try:
            yield
        finally:
            postgres.process.start()
            postgres.process.wait_until(postgres._ready, limit=LIMIT)
            await database.engine().pool.expire_connections()  # type: ignore[union-attr]  # this process's own are dead
            self.owner = await asyncpg.connect(self._engines.database_url(Login.OWNER))
