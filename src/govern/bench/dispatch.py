"""`govern bench dispatch`: what sending once costs, against bare calls of tweepy to the same sandbox in the same run."""

import tempfile
from collections.abc import Callable, Sequence

import msgspec

from govern.bench.dispatch_people import LIMIT, Effort, Plan, Times
from govern.bench.dispatch_queue import fill_queue
from govern.bench.dispatch_report import Found, Report, Spread, read_measures
from govern.bench.sending_stage import Stage, Worker, running_stage
from govern.embedded import Login, Process
from govern.embedded.postgres import DATABASE

TIMES = {"GOVERN_POLL_EVERY": "3600", "GOVERN_SWEEP_EVERY": "2"}
FULL = Effort()
QUICK = Effort(alone=5, accounts=4, each=2, latencies=4, campaign=12, queue=2_000)
_UNSENT = "SELECT count(*) FROM message WHERE state <> 'sent'"
# From the first claim to the last answer: how long a worker takes to start is no matter of sending.
_RATE = """
SELECT count(*) / extract(epoch FROM max(finished_at) - min(started_at)) FROM attempt WHERE worker <> 'bench'
"""
_LATENCIES = """
SELECT coalesce(json_agg(extract(epoch FROM p.closed_at - p.created_at)), '[]') FROM publication p
 WHERE p.created_at > '{since}' AND p.closed_at IS NOT NULL
"""
_BETWEEN = """
SELECT count(*) FROM attempt t JOIN publication p ON p.id = t.publication JOIN message m ON m.id = p.message
  JOIN (SELECT p2.account, p2.created_at AS approved, t2.started_at AS sent FROM publication p2
          JOIN message m2 ON m2.id = p2.message JOIN attempt t2 ON t2.publication = p2.id WHERE m2.kind = 'reply') r
    ON r.account = t.account
 WHERE m.kind = 'post' AND t.started_at > r.approved AND t.started_at < r.sent
"""


def run_dispatch(effort: Effort, *, say: Callable[[str], None]) -> Report:
    """Measure everything, on engines of its own that write to this machine's disk."""
    with running_stage(times=TIMES, fast=False) as stage, tempfile.TemporaryFile() as printed:
        plan = Plan(effort=effort, folder=str(stage.folder))
        people = stage.process(
            "people",
            "govern.bench.dispatch_people",
            env=stage.environment(Login.WORKER),
            feed=msgspec.json.encode(plan).decode(),
            stdout=printed,
        )
        worker = stage.worker(0)
        people.start()
        try:
            rate, latencies, between = _follow(stage, people, worker, plan, say=say)
        finally:
            people.stop()
            worker.stop()
        printed.seek(0)
        times = msgspec.json.decode(printed.read(), type=Times)
    found = Found(times=times, per_second=rate, latency=Spread.of(latencies), between=between)
    return Report(accounts=effort.accounts, measures=tuple(read_measures(found, effort)))


def _follow(
    stage: Stage, people: Process, worker: Worker, plan: Plan, *, say: Callable[[str], None]
) -> tuple[float, Sequence[float], int]:
    """Start and stop the worker as the people want it, and read what the database says of each step."""
    effort = plan.effort
    say(f"{effort.alone} messages one by one, and {effort.accounts} accounts at once with tweepy alone …")
    _wait(people, plan, "all_at_once")
    say(f"The same {effort.accounts} accounts at once, with one worker …")
    worker.start()
    people.wait_until(lambda: _ask(stage, _UNSENT) == "0", limit=LIMIT)
    rate = float(_ask(stage, _RATE))
    since = _ask(stage, "SELECT now()")
    plan.tell("all_sent")
    say(f"From approved to sent, {effort.latencies} times …")
    _wait(people, plan, "latencies")
    latencies = msgspec.json.decode(_ask(stage, _LATENCIES.format(since=since)), type=list[float])
    say(f"An answer behind {effort.campaign} posts …")
    _wait(people, plan, "answered")
    worker.stop()
    between = int(_ask(stage, _BETWEEN))
    plan.tell("alone_again")
    say(f"Sweeps and claims, with {effort.queue:,} scheduled messages and without …")
    _wait(people, plan, "fill")
    fill_queue(stage, effort.queue)
    plan.tell("filled")
    people.wait_until(lambda: not people.running, limit=LIMIT)
    return rate, latencies, between


def _wait(people: Process, plan: Plan, step: str) -> None:
    people.wait_until(lambda: plan.is_told(step), limit=LIMIT)


def _ask(stage: Stage, query: str) -> str:
    return stage.engines.postgres.sql(query, DATABASE)
