"""The process that is measured by `govern bench inbound`: the real web on a port of its own, readers and polls beside it."""

import asyncio
import base64
import hashlib
import hmac
import random
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

import asyncpg
import httpx
import msgspec
import uvicorn

from govern import log
from govern.app import create_app
from govern.bench.inbound_report import Kept, Times
from govern.database import pool
from govern.domain.accounts import Account
from govern.domain.members import system_actor
from govern.jobs.deliver import deliver
from govern.services.accounts import find_account
from govern.services.deliveries import LEFT, deliveries_left
from govern.services.policies import Policies, load_policies
from govern.services.receiving import store_mentions
from govern.settings import Settings, current
from govern.web.auth import AnyRequest
from govern.web.webhook import PATH, receive_delivery
from govern.xapi.client import Mention
from govern.xapi.snowflake import snowflake_floor, snowflake_time

SECRET = "bench-secret"  # noqa: S105 - of a service that lives for minutes
HANDLE = "Bench"
INSERT = "/bench/insert"
PEOPLE, READERS, AT_ONCE, STEP = 200, 3, 8, 200
BENCH = system_actor("bench")

_PLAIN = """
INSERT INTO webhook_delivery (id, event_uuid, event_type, about, body, received_at, done_at)
VALUES ($1, $2, 'bench', '', $3, $4, now())
"""


class Flood(NamedTuple):
    """What was sent, and how long it took until all was read."""

    ids: list[str]
    deliveries: int
    seconds: float


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured."""

    pairs: int
    deliveries: int


def insert_with(plain: asyncpg.Pool) -> Any:
    """Return what the webhook is compared with: one INSERT of what was sent, in the same web stack."""

    async def insert_one(request: AnyRequest) -> str:
        body = await request.body()
        await plain.execute(_PLAIN, uuid4(), uuid4().hex, body, datetime.now(UTC))
        return ""

    return insert_one


async def measure(wanted: Wanted) -> tuple[Times, Kept]:
    """Time the webhook beside the INSERT, then flood it while readers and a poll work."""
    settings = msgspec.structs.replace(current(), x_webhook_secrets=SECRET)
    async with (
        asyncpg.create_pool(settings.database_url, min_size=2, max_size=4) as plain,
        _serving(settings, plain) as address,
        httpx.AsyncClient(base_url=address, trust_env=False, timeout=60) as x,
    ):
        account = await find_account(HANDLE)
        times = await _time(x, account, wanted.pairs)
        await plain.execute("DELETE FROM webhook_delivery")
        found = await _flood(x, account, wanted.deliveries, policies=load_policies(settings.policies))
        return times, _kept(found, [str(row["x_id"]) for row in await plain.fetch("SELECT x_id FROM inbound")])


@asynccontextmanager
async def _serving(settings: Settings, plain: asyncpg.Pool) -> AsyncIterator[str]:
    app = create_app(settings)
    make: Any = type(receive_delivery)  # a POST of the framework, which only the web may name
    app.register(make(INSERT, status_code=200, opt={"public": "a benchmark"})(insert_with(plain)))
    config = uvicorn.Config(app, port=0, lifespan="off", log_config=None, access_log=False, ws="none")
    server = uvicorn.Server(config)
    async with pool(size=12):
        task = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        server.should_exit = True
        await task
    await app.state.waker.close()


async def _time(x: httpx.AsyncClient, account: Account, pairs: int) -> Times:
    """Send to one and the other in turn; the first tenth only warms up."""
    taken: dict[str, list[float]] = {PATH: [], INSERT: []}
    now = datetime.now(UTC)
    for turn, body in enumerate(_bodies(account, _ids(pairs + pairs // 10, now))):
        for path in (PATH, INSERT) if turn % 2 else (INSERT, PATH):
            begun = time.perf_counter()
            (await x.post(path, content=body, headers=_signed(body))).raise_for_status()
            if turn >= pairs // 10:
                taken[path].append(time.perf_counter() - begun)
    return Times(webhook=taken[PATH], insert=taken[INSERT])


async def _flood(x: httpx.AsyncClient, account: Account, deliveries: int, *, policies: Policies) -> Flood:
    """Deliver a fifth twice, all shuffled, while half is also polled; everything is to be kept once."""
    chance, now, begun = random.Random(6), datetime.now(UTC), time.perf_counter()  # noqa: S311 - an order
    ids = _ids(deliveries * 5 // 6, now)
    bodies = list(_bodies(account, ids))
    bodies += chance.sample(bodies, deliveries - len(bodies))
    chance.shuffle(bodies)
    polled = sorted(chance.sample(range(len(ids)), len(ids) // 2))
    arriving = asyncio.gather(*(_deliver(x, bodies[lane::AT_ONCE]) for lane in range(AT_ONCE)))
    reading = [asyncio.create_task(_read(arriving, policies, lane)) for lane in range(READERS)]
    for at in range(0, len(polled), STEP):
        found = [_mention(number, ids[number]) for number in reversed(polled[at : at + STEP])]
        await store_mentions(account, found, policies=policies, actor=BENCH, now=datetime.now(UTC))
    await arriving
    await asyncio.gather(*reading)
    return Flood(ids=ids, deliveries=len(bodies), seconds=time.perf_counter() - begun)


def _kept(flood: Flood, kept: Sequence[str]) -> Kept:
    return Kept(
        deliveries=flood.deliveries,
        expected=len(flood.ids),
        lost=len(set(flood.ids) - set(kept)),
        doubled=len(kept) - len(set(kept)),
        strange=len(set(kept) - set(flood.ids)),
        seconds=flood.seconds,
    )


async def _deliver(x: httpx.AsyncClient, bodies: Sequence[bytes]) -> None:
    for body in bodies:
        (await x.post(PATH, content=body, headers=_signed(body))).raise_for_status()


async def _read(arriving: "asyncio.Future[Any]", policies: Policies, lane: int) -> None:
    """Read what waits until all has arrived and nothing waits; two readers may take the same, as workers may."""
    while True:
        last = arriving.done()
        waiting = await deliveries_left(now=datetime.now(UTC) + LEFT)
        for delivery in waiting[lane::READERS] or waiting:
            await deliver(delivery, policies=policies, clock=lambda: datetime.now(UTC))
        if not waiting:
            if last:
                return
            await asyncio.sleep(0.01)


def _ids(count: int, now: datetime) -> list[str]:
    """Return ids as X would have made them within the last hour."""
    step = timedelta(hours=1) / count
    return [str(int(snowflake_floor(now - step * number)) + 1) for number in range(count)]


def _bodies(account: Account, ids: Sequence[str]) -> Iterator[bytes]:
    for number, x_id in enumerate(ids):
        person = number % PEOPLE
        payload = {"id": x_id, "text": f"@{HANDLE} hello {number}", "author_id": str(9000 + person)}
        users = [{"id": str(9000 + person), "username": f"person{person}", "name": f"Person {person}"}]
        data = {"event_uuid": x_id, "event_type": "post.mention.create", "payload": payload}
        data |= {"filter": {"user_id": account.x_user_id}}
        yield msgspec.json.encode({"data": data, "includes": {"users": users}})


def _mention(number: int, x_id: str) -> Mention:
    person = number % PEOPLE
    return Mention(
        x_id=x_id,
        author_id=str(9000 + person),
        author_handle=f"person{person}",
        author_name=f"Person {person}",
        text=f"@{HANDLE} hello {number}",
        in_reply_to=None,
        conversation_id=None,
        created_at=snowflake_time(x_id),
    )


def _signed(body: bytes) -> dict[str, str]:
    digest = hmac.digest(SECRET.encode(), body, hashlib.sha256)
    return {"x-twitter-webhooks-signature": f"sha256={base64.b64encode(digest).decode()}"}


def main() -> None:
    """Measure what standard input asks for, and print it."""
    log.set_up(json=True, level="CRITICAL")
    wanted = msgspec.json.decode(sys.stdin.buffer.read(), type=Wanted)
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(measure(wanted))))


if __name__ == "__main__":
    main()
