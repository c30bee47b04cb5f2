"""The sweep needs only the database to know what is due, late or lost."""

import asyncio
from datetime import timedelta

from arq.connections import ArqRedis

from govern.embedded import free_port
from govern.jobs.sweep import sweep
from govern.services import outbox
from govern.services.publications import accounts_due
from tests.asserts import actions, assert_audited
from tests.factories import NOW, make_message
from tests.sending import LATER, Desk


async def woken(redis: ArqRedis) -> list[str]:
    return [job.kwargs["account"] for job in await redis.queued_jobs()]


async def test_due_account_is_woken_although_its_wake_up_was_lost(desk: Desk, redis: ArqRedis) -> None:
    await desk.write()
    await outbox.push_due(redis, now=LATER)
    await redis.flushall()
    await sweep(redis, now=LATER)
    assert await woken(redis) == [str(desk.company.help.id)]


async def test_account_is_woken_again_later_but_not_twice_at_a_time(desk: Desk, redis: ArqRedis) -> None:
    await desk.write()
    await outbox.push_due(redis, now=LATER)
    await redis.flushall()
    for _ in range(3):
        await sweep(redis, now=LATER)
    assert len(await woken(redis)) == 1
    await sweep(redis, now=LATER + timedelta(seconds=5))
    assert len(await woken(redis)) == 2


async def test_account_with_a_send_in_flight_is_left_alone(desk: Desk, redis: ArqRedis) -> None:
    await desk.write("First.")
    await desk.write("Second.")
    await desk.take()
    await outbox.push_due(redis, now=LATER)
    await redis.flushall()
    await sweep(redis, now=LATER)
    assert await woken(redis) == []
    assert await accounts_due(now=LATER) == []


async def test_overdue_attempt_becomes_unknown_and_late_approval_expires(desk: Desk, redis: ArqRedis) -> None:
    sending = await desk.write("On its way.")
    await desk.take()
    waiting = await make_message(
        desk.company.ana, access=desk.access, policies=desk.policies, scheduled_at=NOW + timedelta(hours=1)
    )
    await asyncio.gather(*(sweep(redis, now=NOW + timedelta(hours=2)) for _ in range(3)))
    assert (await desk.state(sending), await desk.state(waiting)) == ("outcome_unknown", "expired")
    await assert_audited("message.expired", outcome="failed", reason="no_decision")
    recorded = await actions()
    assert (recorded.count("publication.unknown"), recorded.count("message.expired")) == (1, 1)


async def test_without_valkey_overdue_attempts_are_settled_all_the_same(desk: Desk) -> None:
    message = await desk.write()
    await desk.take()
    nobody = outbox.client(f"redis://127.0.0.1:{free_port()}")
    await sweep(nobody, now=NOW + timedelta(hours=2))
    await nobody.aclose()
    assert await desk.state(message) == "outcome_unknown"
