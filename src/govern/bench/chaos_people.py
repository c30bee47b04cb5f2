"""The people of a chaos run, in a process of their own: they write and approve while everything breaks around them.

An admin connects accounts again that lost their keys; when it is calm, somebody settles what is left at the desk. The
plan comes in as JSON on standard input. How far they are is said by empty files in the plan's folder.
"""

import asyncio
import random
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid5

import asyncpg
import msgspec

from govern import log
from govern.bench.chaos_desk import Desk
from govern.bench.sending_company import Company, Writing, clock
from govern.bench.sending_texts import make_text
from govern.database import AWAY, pool
from govern.domain.accounts import AccountState
from govern.domain.messages import Kind
from govern.errors import Conflict, Unavailable
from govern.services.accounts import find_account
from govern.services.outbox import Waker
from govern.services.x_app import CreditsThere, try_again
from govern.settings import current

T = TypeVar("T")
AT_ONCE = 4
PATIENCE = 60.0
"""Seconds a person tries again what failed only because an engine is away."""
KINDS = (Kind.POST, Kind.REPLY, Kind.POST, Kind.DM)
_FORMS = UUID("0b6a1c1e-94d2-4a35-9b4b-5b3f1e9f2c77")
logger = log.get(__name__)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is written as which accounts; `folder` has the files that say how far everybody is."""

    accounts: tuple[str, ...]
    messages: int
    seed: int
    folder: str

    def tell(self, step: str) -> None:
        Path(self.folder, step).touch()

    def is_told(self, step: str) -> bool:
        return Path(self.folder, step).exists()


async def persist(work: Callable[[], Awaitable[T]]) -> T:
    """Do it again while engines are away; what is done twice counts once."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await work()
            except (*AWAY, asyncpg.PostgresError, Unavailable, Conflict) as error:
                logger.info("bench.again", error=type(error).__name__, says=str(error)[:200])
                await asyncio.sleep(0.2)


async def prepare(company: Company, plan: Plan) -> list[Writing]:
    """Let customers write what is answered later, and return all that is to be written."""
    rng = random.Random(plan.seed)  # noqa: S311 - the same seed writes the same
    writings = []
    for number in range(plan.messages):
        account, kind = plan.accounts[number % len(plan.accounts)], KINDS[number // len(plan.accounts) % len(KINDS)]
        customer, text = f"customer{number}", make_text(rng, number)
        target = None
        if kind is Kind.REPLY:
            target = await company.hear(account, "mention", customer, f"@{account} where is number {number}?")
        elif kind is Kind.DM:
            await company.hear(account, "dm", customer, f"Where is number {number}?")
            target = customer
        form_key = uuid5(_FORMS, f"{plan.seed}:{number}")
        writings.append(Writing(account=account, kind=kind, text=text, target=target, form_key=form_key))
    for account in plan.accounts:
        await company.read(account)
    return writings


async def write_all(company: Company, writings: list[Writing]) -> None:
    """Write and approve everything, a few at once, and wake the workers as the web does."""
    waker, waiting = Waker(company.settings.redis_url), iter(writings)

    async def write() -> None:
        for writing in waiting:
            await persist(lambda writing=writing: company.write(writing))  # type: ignore[misc]
            await persist(lambda: waker.wake_due(now=clock()))

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(write())
    await waker.close()


async def keep_connected(company: Company) -> None:
    """Give accounts their keys again that X took away, and the X app its credits, as often as it does, until cancelled."""
    while True:
        await persist(lambda: buy_credits(company))
        for handle in company.accounts:
            account = await persist(lambda handle=handle: find_account(handle))  # type: ignore[misc]
            if account.state is not AccountState.CONNECTED:
                await persist(lambda handle=handle: company.connect(handle))  # type: ignore[misc]
        await asyncio.sleep(1)


async def buy_credits(company: Company) -> None:
    """See to it that the next message tries at once whether there are credits."""
    with suppress(CreditsThere):
        await try_again(actor=company.people["admin"], access=company.access, now=clock())


async def live(plan: Plan) -> int:
    """Do all of it; return how many messages a person had to settle."""
    company = Company(current())
    async with pool(size=AT_ONCE + 3):
        await company.found(plan.accounts)
        writings = await prepare(company, plan)
        plan.tell("founded")
        admin = asyncio.create_task(keep_connected(company))
        try:
            await write_all(company, writings)
            plan.tell("written")
            while not plan.is_told("calm"):  # noqa: ASYNC110 - another process says it
                await asyncio.sleep(0.1)
            desk = Desk(company)
            while not plan.is_told("over"):
                await persist(desk.look)
                await asyncio.sleep(0.3)
            return desk.settled
        finally:
            admin.cancel()
            await asyncio.gather(admin, return_exceptions=True)
            await company.sandbox.close()


def main() -> None:
    """Live as planned, and print how much was settled by hand."""
    log.set_up(json=False, level="INFO")
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(live(plan))))


if __name__ == "__main__":
    main()
