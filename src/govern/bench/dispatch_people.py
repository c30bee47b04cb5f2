"""One of the processes of `govern bench dispatch`: writes what is sent, and times our own sending beside tweepy alone.

Steps are told to whoever started it by empty files in a folder: when a worker is wanted, and when none.
"""

import asyncio
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import msgspec

from govern import log
from govern.bench.dispatch_queue import Costs, measure_costs
from govern.bench.dispatch_sending import claim_as, finish
from govern.bench.sending_company import Company, Writing, clock
from govern.bench.sending_texts import make_text
from govern.database import pool
from govern.domain.messages import Kind
from govern.services.message_views import get_message
from govern.services.outbox import Waker
from govern.settings import current
from govern.xapi.bare import BareClient

WRITERS = 4
LIMIT = 600.0
PAUSE = 0.1


class Effort(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured."""

    alone: int = 200
    """Messages of one account, one after the other, and as many calls of tweepy."""
    accounts: int = 32
    each: int = 10
    """Messages of each account when all send at once."""
    latencies: int = 100
    campaign: int = 500
    queue: int = 100_000


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to measure, and the folder for the steps."""

    effort: Effort
    folder: str

    def tell(self, step: str) -> None:
        Path(self.folder, step).touch()

    def is_told(self, step: str) -> bool:
        return Path(self.folder, step).exists()

    async def wait(self, step: str) -> None:
        async with asyncio.timeout(LIMIT):
            while not self.is_told(step):  # noqa: ASYNC110 - another process says it
                await asyncio.sleep(PAUSE)


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds, and calls in a second."""

    ours: float
    bare: float
    bare_per_second: float
    without: Costs
    """Of those who look for what is due, with hardly anything scheduled."""
    queued: Costs
    """The same with a long queue."""


class Author:
    """Writes one text after the other, none like another."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._rng = random.Random(1)  # noqa: S311 - texts only
        self._count = 0

    def text(self) -> str:
        self._count += 1
        return make_text(self._rng, self._count)

    async def write(self, handles: Sequence[str]) -> list[str]:
        """Write and approve a post as each of these accounts; return their ids."""
        waiting, written = iter(handles), list[str]()

        async def write() -> None:
            for handle in waiting:
                message = await self._company.write(Writing(account=handle, kind=Kind.POST, text=self.text()))
                written.append(str(message.id))

        async with asyncio.TaskGroup() as group:
            for _ in range(WRITERS):
                group.create_task(write())
        return written


async def time_alone(company: Company, author: Author, *, rounds: int) -> tuple[float, float]:
    """Return the median seconds of claim, POST and settling, and of tweepy's call alone, in turn."""
    handle = next(iter(company.accounts))
    await author.write([handle] * rounds)
    ours, theirs = list[float](), list[float]()
    async with BareClient(company.keys[handle], base_url=company.settings.x_base_url) as bare:
        for _ in range(rounds):
            begun = time.perf_counter()
            await bare.post(author.text())
            theirs.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            await finish(company, handle, await claim_as(company, handle))
            ours.append(time.perf_counter() - begun)
    return median(ours), median(theirs)


async def time_bare(company: Company, author: Author, *, each: int) -> float:
    """Return how many calls of tweepy all accounts at once do in a second."""

    async def call(handle: str) -> None:
        async with BareClient(company.keys[handle], base_url=company.settings.x_base_url) as bare:
            for _ in range(each):
                await bare.post(author.text())

    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for handle in company.accounts:
            group.create_task(call(handle))
    return len(company.accounts) * each / (time.perf_counter() - begun)


async def write_in_life(company: Company, author: Author, *, count: int) -> None:
    """Write one message after the other while a worker works, and wake it as the web does."""
    waker, handles = Waker(company.settings.redis_url), list(company.accounts)
    for number in range(count):
        (written,) = await author.write([handles[number % len(handles)]])
        await waker.wake_due(now=clock())
        await until_sent(company, written)
    await waker.close()


async def until_sent(company: Company, message: str) -> None:
    reader = company.people["brand_manager"]
    async with asyncio.timeout(LIMIT):
        while (await get_message(message, actor=reader, access=company.access, now=clock())).state.value != "sent":  # noqa: ASYNC110 - the database says it
            await asyncio.sleep(0.02)


async def answer_amid_campaign(company: Company, author: Author, *, count: int) -> None:
    """Queue a campaign on one account faster than it goes out, and let an answer come in between."""
    handle = list(company.accounts)[-1]  # not the one whose claims are measured
    mention = await company.hear(handle, "mention", "marion", f"@{handle} where is my parcel?")
    await company.read(handle)
    await author.write([handle] * count)
    answer = Writing(account=handle, kind=Kind.REPLY, text="On its way, it arrives today.", target=mention)
    await until_sent(company, str((await company.write(answer)).id))


async def measure(plan: Plan) -> Times:
    """Go through all steps."""
    effort, company = plan.effort, Company(current())
    async with pool(size=WRITERS + 2):
        await company.found([f"Bench{number}" for number in range(effort.accounts)])
        await company.sandbox.order(
            "rules", rate_limits={"POST /2/tweets": 1_000_000, "GET /2/users/{}/mentions": 1_000_000}
        )
        author = Author(company)
        ours, bare = await time_alone(company, author, rounds=effort.alone)
        await author.write([handle for handle in company.accounts for _ in range(effort.each)])
        bare_per_second = await time_bare(company, author, each=effort.each)
        plan.tell("all_at_once")
        await plan.wait("all_sent")
        await write_in_life(company, author, count=effort.latencies)
        plan.tell("latencies")
        await answer_amid_campaign(company, author, count=effort.campaign)
        plan.tell("answered")
        await plan.wait("alone_again")
        without = await measure_costs(company, lambda handle: author.write([handle]))
        plan.tell("fill")
        await plan.wait("filled")
        queued = await measure_costs(company, lambda handle: author.write([handle]))
        await company.sandbox.close()
    return Times(ours=ours, bare=bare, bare_per_second=bare_per_second, without=without, queued=queued)


def main() -> None:
    """Measure as planned, and print the times as JSON."""
    log.set_up(json=False, level="ERROR")
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(measure(plan))))


if __name__ == "__main__":
    main()
