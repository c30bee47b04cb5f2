"""Two at once, each on its own connection: who comes first is decided by locks, and both orders end right."""

import asyncio
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from govern.access import Access
from govern.domain.backlog import NotWaiting
from govern.domain.messages import IllegalTransition, Kind
from govern.services.messages import schedule_message, withdraw_message
from govern.services.passing import Passed
from govern.services.pauses import PauseEffect, set_pause
from govern.services.policies import Policies
from govern.services.releasing import lift, release_message
from govern.services.sending import Claim
from govern.settings import Settings
from tests.asserts import actions
from tests.factories import NOW
from tests.sending import LATER, Desk, attempts, make_desk, revoke, until_waiting


@pytest.fixture
async def desk(database: None, owner: asyncpg.Connection, access: Access, policies: Policies, config: Settings) -> Desk:
    return await make_desk(owner, access, policies, config)


async def withdraw(desk: Desk, message: UUID) -> None:
    await withdraw_message(message, revision=1, actor=desk.company.ana, access=desk.access, now=LATER)


async def test_withdrawal_that_comes_first_is_not_overtaken_by_a_claim(desk: Desk, owner: asyncpg.Connection) -> None:
    message = await desk.write()
    async with owner.transaction():
        await owner.execute("SELECT 1 FROM message WHERE id = $1 FOR NO KEY UPDATE", message.id)
        withdrawing = asyncio.create_task(withdraw(desk, message.id))
        await until_waiting(owner, 1)
        claiming = asyncio.create_task(desk.claim())
        await until_waiting(owner, 2)
    await withdrawing
    assert await claiming == Passed(reason="changed")
    assert await desk.state(message) == "withdrawn"
    assert await attempts() == []


async def test_withdrawal_that_comes_second_hears_that_it_is_sending(desk: Desk, owner: asyncpg.Connection) -> None:
    message = await desk.write()
    async with owner.transaction():
        await owner.execute("SELECT 1 FROM message WHERE id = $1 FOR NO KEY UPDATE", message.id)
        claiming = asyncio.create_task(desk.claim())
        await until_waiting(owner, 1)
        withdrawing = asyncio.create_task(withdraw(desk, message.id))
        await until_waiting(owner, 2)
    assert isinstance(await claiming, Claim)
    with pytest.raises(IllegalTransition):
        await withdrawing
    assert await desk.state(message) == "sending"


async def test_message_moved_to_later_while_the_claim_waited_does_not_go_now(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    message = await desk.write()
    async with owner.transaction():
        await owner.execute("SELECT 1 FROM message WHERE id = $1 FOR NO KEY UPDATE", message.id)
        moving = asyncio.create_task(
            schedule_message(
                message.id,
                revision=1,
                scheduled_at=NOW + timedelta(hours=3),
                actor=desk.company.mia,
                access=desk.access,
                now=LATER,
            )
        )
        await until_waiting(owner, 1)
        claiming = asyncio.create_task(desk.claim())
        await until_waiting(owner, 2)
    await moving
    assert await claiming == Passed(reason="changed")
    assert await desk.state(message) == "scheduled"


async def test_revocation_waits_for_a_claim_that_was_decided_before(desk: Desk, owner: asyncpg.Connection) -> None:
    message = await desk.write()
    async with owner.transaction():
        await owner.execute("SELECT 1 FROM message WHERE id = $1 FOR NO KEY UPDATE", message.id)
        claiming = asyncio.create_task(desk.claim())
        await until_waiting(owner, 1)
        revoking = asyncio.create_task(revoke(desk, "mia"))
        await until_waiting(owner, 2)
    assert isinstance(await claiming, Claim)
    await revoking
    recorded = await actions()
    assert recorded.index("publication.sending") < recorded.index("role.revoked")


async def test_claim_waits_for_a_revocation_that_came_before(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.write()
    async with owner.transaction():
        await owner.execute("SELECT 1 FROM role_grant FOR NO KEY UPDATE")
        revoking = asyncio.create_task(revoke(desk, "mia"))
        await until_waiting(owner, 1)
        claiming = asyncio.create_task(desk.claim())
        await until_waiting(owner, 2)
    await revoking
    assert await claiming == Passed(reason="access")


async def test_pause_counts_a_claim_it_came_too_late_for_as_in_flight(desk: Desk, owner: asyncpg.Connection) -> None:
    message = await desk.write("On its way.")
    await desk.write("Held back.", now=NOW + timedelta(seconds=1))
    async with owner.transaction():
        await owner.execute("SELECT 1 FROM message WHERE id = $1 FOR NO KEY UPDATE", message.id)
        claiming = asyncio.create_task(desk.claim())
        await until_waiting(owner, 1)
        pausing = asyncio.create_task(
            set_pause(
                scope="company",
                kinds=[Kind.POST],
                reason="Crisis",
                actor=desk.company.ada,
                access=desk.access,
                now=LATER,
            )
        )
        await until_waiting(owner, 2)
    assert isinstance(await claiming, Claim)
    counts = (await pausing).counts
    assert (counts.held, counts.in_flight) == (1, 1)


async def pausing(desk: Desk) -> PauseEffect:
    return await set_pause(
        scope="company", kinds=[Kind.POST], reason="Crisis", actor=desk.company.ada, access=desk.access, now=LATER
    )


async def test_claim_that_comes_after_a_pause_holds_and_the_pause_counted_it(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    message = await desk.write()
    async with owner.transaction():
        await owner.execute("LOCK TABLE pause IN SHARE MODE")  # the pause has the gate, and waits to write
        setting = asyncio.create_task(pausing(desk))
        await until_waiting(owner, 1)
        claiming = asyncio.create_task(desk.claim())
        await until_waiting(owner, 2)
    counts = (await setting).counts
    assert (counts.held, counts.in_flight, counts.unknown) == (1, 0, 0)
    assert await claiming == Passed(reason="pause")
    assert await desk.state(message) == "approved"
    assert await attempts() == []


async def test_release_and_claim_at_once_send_once(desk: Desk, owner: asyncpg.Connection) -> None:
    message = await desk.write()
    which = (await pausing(desk)).pause
    over = LATER + timedelta(minutes=1)
    await lift(which.id, actor=desk.company.cleo, access=desk.access, now=over)
    async with owner.transaction():
        await owner.execute("SELECT 1 FROM account WHERE id = $1 FOR NO KEY UPDATE", desk.company.help.id)
        releasing = [
            asyncio.create_task(release_message(message.id, revision=1, actor=each, access=desk.access, now=over))
            for each in (desk.company.mia, desk.company.max)
        ]
        await until_waiting(owner, 2)
    answers = await asyncio.gather(*releasing, return_exceptions=True)
    assert sorted(isinstance(each, NotWaiting) for each in answers) == [False, True]
    claims = await asyncio.gather(*(desk.claim(now=over) for _ in range(3)))
    assert sum(isinstance(each, Claim) for each in claims) == 1
    assert (await actions()).count("publication.released") == 1
