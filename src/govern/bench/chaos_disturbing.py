"""What goes wrong in a chaos run: workers killed and frozen, engines emptied and restarted, faults of every kind on X."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable

from govern.bench.sending_stage import Stage, Worker
from govern.services import outbox

SHARE = 0.25
"""How many of the writes meet a fault."""
LAG = 0.3
"""How many of the reads do not see the last seconds."""
WRITE_FAULTS: tuple[dict[str, object], ...] = (
    {"kind": "commit_then_drop"},
    {"kind": "commit_then_slow", "seconds": 4},
    {"kind": "bad_json_201"},
    {"kind": "bad_json_201", "commit": False},
    {"kind": "empty_200"},
    {"kind": "empty_200", "commit": False},
    {"kind": "truncated"},
    {"kind": "drop_before_commit"},
    {"kind": "html_503"},
    {"kind": "html_503", "commit": True},
    {"kind": "unavailable"},
    {"kind": "unavailable", "commit": True},
    {"kind": "redirect_307"},
    {"kind": "redirect_307", "commit": True},
    {"kind": "rate_limit", "seconds": 1},
    {"kind": "rate_limit_88", "seconds": 1},
    {"kind": "rate_limit_day", "seconds": 1},
    {"kind": "usage_cap"},
    {"kind": "no_credits"},
    {"kind": "expire_token"},
    {"kind": "revoke_token"},
    {"kind": "suspended"},
    {"kind": "refuse"},
    {"kind": "clock_skew", "seconds": -240},
)
ROUTES = ("POST /2/tweets", "POST /2/dm_conversations/with/{}/messages")
READS = ("GET /2/users/{}/tweets", "GET /2/users/{}/mentions", "GET /2/dm_events")
THREAD = "GET /2/dm_conversations/with/{}/dm_events"
RATE_LIMITS = dict.fromkeys((*ROUTES, *READS, THREAD), 100_000)
"""X's own would end the run after a quarter of an hour's worth of messages."""


class Chaos:
    """Breaks one thing after the other, as the seed has it; each kind of disturbance comes before any comes twice."""

    def __init__(self, stage: Stage, workers: list[Worker], *, seed: int, frozen: float) -> None:
        self.done = Counter[str]()
        self._stage = stage
        self._workers = workers
        self._rng = random.Random(seed)  # noqa: S311 - the same seed breaks the same
        self._frozen = frozen
        self._asleep: list[tuple[float, Worker]] = []
        self._next: list[str] = []
        self._duplicates = True
        self._ways: dict[str, Callable[[], None]] = {
            "killed": self._kill,
            "frozen": self._freeze,
            "valkey_flushed": self._flush,
            "database_restarted": stage.restart_database,
            "duplicate_check_turned": self._turn_duplicates,
        }

    @property
    def had_each(self) -> bool:
        """Whether each kind of disturbance came at least once."""
        return len(self.done) == len(self._ways)

    def begin(self) -> None:
        """Order the faults of X."""
        self._stage.order("rules", rate_limits=RATE_LIMITS, duplicates=self._duplicates)
        share = SHARE / len(WRITE_FAULTS)
        for number, fault in enumerate(WRITE_FAULTS):
            chance = share / (1 - number * share)  # of those that met none before
            for route in ROUTES:
                order = {**fault, "match": {"route": route}, "probability": chance, "seed": self._rng.randrange(2**31)}
                self._stage.order("faults", **order)
        self._stage.order("faults", kind="read_lag", seconds=2, probability=LAG, seed=self._rng.randrange(2**31))

    def disturb(self) -> None:
        """Do one thing, and wait a little."""
        if not self._next:
            self._next = sorted(self._ways)
            self._rng.shuffle(self._next)
        name = self._next.pop()
        self._ways[name]()
        self.done[name] += 1
        self.rest(self._rng.uniform(0.5, 2.5))

    def rest(self, seconds: float) -> None:
        """Let time pass, in which frozen workers wake and dead ones are started again."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._tend()
            time.sleep(0.05)

    def calm(self) -> None:
        """Stop breaking things: faults end, everybody works. Reads of X still lag for a while."""
        self._stage.end_faults()
        for _, worker in self._asleep:
            worker.wake()
        self._asleep.clear()
        self._tend()

    def _tend(self) -> None:
        now = time.monotonic()
        for until, worker in [each for each in self._asleep if each[0] <= now]:
            worker.wake()
            self._asleep.remove((until, worker))
        for worker in self._workers:
            if not worker.running:
                worker.start()

    def _kill(self) -> None:
        worker = self._rng.choice(self._workers)
        self._asleep = [each for each in self._asleep if each[1] is not worker]
        worker.kill()  # a frozen one too

    def _freeze(self) -> None:
        awake = [worker for worker in self._workers if not worker.frozen]
        if awake:
            worker = self._rng.choice(awake)
            worker.freeze()
            self._asleep.append((time.monotonic() + self._frozen, worker))

    def _flush(self) -> None:
        asyncio.run(_flush(self._stage.engines.redis_url))

    def _turn_duplicates(self) -> None:
        self._duplicates = not self._duplicates
        self._stage.order("rules", duplicates=self._duplicates)


async def _flush(url: str) -> None:
    client = outbox.client(url)
    await client.flushall()
    await client.aclose()
