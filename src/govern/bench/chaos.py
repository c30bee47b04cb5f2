"""`govern bench chaos`: messages over several accounts while workers, engines and X break; then what is on X is compared."""

import tempfile
import time
from collections.abc import Callable, Sequence

import msgspec

from govern.bench.chaos_disturbing import Chaos
from govern.bench.chaos_oracle import READ_BELIEFS, Belief, Verdict, compare
from govern.bench.chaos_people import Plan
from govern.bench.chaos_report import Report, Run, summarise
from govern.bench.sending_stage import STARTING, Stage, Worker, running_stage
from govern.embedded import Login, Process
from govern.embedded.postgres import DATABASE

FROZEN = 11.5
"""Seconds a worker stands still: more than an attempt's deadline."""
_OPEN = """
SELECT count(*) FROM message WHERE state IN ('pending_approval', 'approved', 'scheduled', 'sending', 'outcome_unknown')
"""
_MOVING = """
SELECT count(*) FROM publication p JOIN message m ON m.id = p.message
 WHERE p.closed_at IS NULL AND p.wake_at < now() + interval '3 seconds'
   AND m.state IN ('approved', 'scheduled', 'sending')
"""
# What waits for minutes, as for its fourth try, need not be waited for here.
_HURRY = "UPDATE publication SET wake_at = now() WHERE closed_at IS NULL AND wake_at > now() + interval '3 seconds'"


class NotOverError(Exception):
    """Messages were still on their way when the time to wait was over."""


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """How large a run is; `limit` is how many seconds each half may take: the breaking, and what follows in peace."""

    messages: int
    accounts: int
    workers: int
    limit: float = 600.0


def run_chaos(size: Size, seeds: Sequence[int], *, say: Callable[[str], None]) -> Report:
    """Make a run per seed, each with engines of its own, and sum up."""
    return summarise([_run(size, seed, say=say) for seed in seeds], workers=size.workers, accounts=size.accounts)


def _run(size: Size, seed: int, *, say: Callable[[str], None]) -> Run:
    begun = time.monotonic()
    with running_stage() as stage, tempfile.TemporaryFile() as printed:
        say(f"Seed {seed}: engines, sandbox and company …")
        plan = Plan(
            accounts=tuple(f"Chaos{number}" for number in range(size.accounts)),
            messages=size.messages,
            seed=seed,
            folder=str(stage.folder),
        )
        people = stage.process(
            "people",
            "govern.bench.chaos_people",
            env=stage.environment(Login.WORKER),
            feed=msgspec.json.encode(plan).decode(),
            stdout=printed,
        )
        workers = [stage.worker(number) for number in range(size.workers)]
        try:
            people.start()
            people.wait_until(lambda: plan.is_told("founded"), limit=STARTING + size.messages)
            chaos = _break(stage, workers, people, plan, limit=size.limit, say=say)
            _settle(stage, chaos, people, plan, limit=size.limit, say=say)
        finally:
            people.stop()
            for worker in workers:
                worker.stop()
        printed.seek(0)
        settled = msgspec.json.decode(printed.read(), type=int)
        beliefs = read_beliefs(stage)
        return Run(
            seed=seed,
            verdict=compare(beliefs, stage.on_x()),
            states=_states(beliefs),
            disturbances=dict(chaos.done),
            attempts=sum(belief.attempts for belief in beliefs),
            unknown=sum(belief.unknown for belief in beliefs),
            settled_by_hand=settled,
            seconds=time.monotonic() - begun,
        )


def _break(
    stage: Stage, workers: list[Worker], people: Process, plan: Plan, *, limit: float, say: Callable[[str], None]
) -> Chaos:
    """Let the workers work, and break things until all is written and most of it went out."""
    chaos = Chaos(stage, workers, seed=plan.seed, frozen=FROZEN)
    chaos.begin()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.wait()
    say(f"Seed {plan.seed}: {plan.messages} messages while everything breaks …")
    few, until = max(2, plan.messages // 20), time.monotonic() + limit
    while not (plan.is_told("written") and _count(stage, _MOVING) <= few and chaos.had_each):
        chaos.disturb()
        if time.monotonic() > until:
            raise NotOverError(f"{_count(stage, _MOVING)} messages of seed {plan.seed} still move")
        if not people.running:
            raise people.failed(f"it ended with exit code {people.exit_code}")
    return chaos


def _settle(
    stage: Stage, chaos: Chaos, people: Process, plan: Plan, *, limit: float, say: Callable[[str], None]
) -> None:
    """Let everything come to its end in peace."""
    say(f"Seed {plan.seed}: calm, {_count(stage, _OPEN)} still open …")
    chaos.calm()
    plan.tell("calm")
    until = time.monotonic() + limit
    while left := _count(stage, _OPEN):
        if time.monotonic() > until:
            raise NotOverError(f"{left} messages of seed {plan.seed} are still open")
        stage.engines.postgres.sql(_HURRY, DATABASE)
        chaos.rest(0.5)
    plan.tell("over")
    people.wait_until(lambda: not people.running, limit=STARTING)


def read_beliefs(stage: Stage) -> list[Belief]:
    """Return what the database says of every message."""
    return msgspec.json.decode(stage.engines.postgres.sql(READ_BELIEFS, DATABASE), type=list[Belief])


def _count(stage: Stage, query: str) -> int:
    return int(stage.engines.postgres.sql(query, DATABASE))


def _states(beliefs: Sequence[Belief]) -> dict[str, int]:
    states = sorted(belief.state.value for belief in beliefs)
    return {state: states.count(state) for state in states}


__all__ = ["Report", "Size", "Verdict", "run_chaos"]
