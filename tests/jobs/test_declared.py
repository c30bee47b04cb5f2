"""Every job says which action it is, or why it asks nobody."""

import asyncio
import pkgutil
from datetime import timedelta
from types import ModuleType

import pytest
from arq.connections import ArqRedis
from msgspec.structs import replace

import govern.jobs
from govern.domain.actions import Action
from govern.jobs import connect, deliver, ingest, publish, recheck, renew, revoke, subscribe, sweep, tidy
from govern.jobs.declared import MODULES, UndeclaredJobError, check_declared
from govern.settings import Settings
from govern.worker import going, make_worker, rounds_of
from govern.worker_jobs import Jobs


def job(**declared: object) -> ModuleType:
    module = ModuleType("job")
    vars(module).update(declared)
    return module


@pytest.fixture
def jobs(config: Settings) -> Jobs:
    return Jobs(replace(config, x_base_url="http://127.0.0.1:1"))


async def test_every_job_of_the_worker_declares_its_action(jobs: Jobs, redis: ArqRedis) -> None:
    names = {*make_worker(jobs, redis).functions, *rounds_of(jobs, redis)}
    assert names == set(MODULES) - {"sequence"}
    check_declared(names)


def test_only_what_hands_messages_to_x_or_keeps_keys_asks_the_policy() -> None:
    assert publish.ACTION is Action.MESSAGE_PUBLISH
    assert connect.ACTION is Action.ACCOUNT_CONNECT
    assert [module.WHY for module in (deliver, ingest, recheck, renew, revoke, subscribe, sweep, tidy)]
    no_jobs = {"declared", "rounds", "upload"}
    assert set(MODULES) == {found.name for found in pkgutil.iter_modules(govern.jobs.__path__)} - no_jobs


def test_undeclared_jobs_are_all_named() -> None:
    modules = {
        "silent": job(),
        "empty": job(WHY=""),
        "text": job(ACTION="message.publish"),
        "both": job(ACTION=Action.MESSAGE_PUBLISH, WHY="it asks nobody"),
        "asks": job(ACTION=Action.MESSAGE_PUBLISH),
        "own": job(WHY="it asks nobody"),
    }
    with pytest.raises(UndeclaredJobError) as refused:
        check_declared([*modules, "unknown"], modules)
    assert str(refused.value) == "both, empty, silent, text, unknown"


async def test_worker_with_an_undeclared_round_does_not_start(jobs: Jobs, redis: ArqRedis) -> None:
    gone: list[str] = []

    async def forgotten() -> None:
        gone.append("round")

    rounds = {**rounds_of(jobs, redis), "forgotten": (timedelta(0), forgotten)}
    with pytest.raises(UndeclaredJobError, match="forgotten"):
        async with going(rounds, jobs):
            await asyncio.sleep(0)
    assert not gone


async def test_arq_only_wakes(jobs: Jobs, redis: ArqRedis) -> None:
    worker = make_worker(jobs, redis)
    spent = jobs.settings.send_write_window + jobs.settings.send_timeout
    assert (worker.max_tries, worker.retry_jobs, worker.keep_result_s) == (1, False, 0)
    assert spent.total_seconds() < worker._job_completion_wait < worker.job_timeout_s
    assert worker.job_timeout_s < jobs.settings.attempt_deadline.total_seconds()
