"""A stop and a send to the same person, at once on two connections: each order ends right, and neither waits for ever."""

import asyncio
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from govern.access import Access
from govern.domain.messages import IllegalTransition, Kind, State, WithdrawnFor
from govern.services.message_views import load_message
from govern.services.passing import Passed
from govern.services.policies import Policies
from govern.services.sending import Claim
from govern.settings import Settings
from tests.asserts import actions
from tests.factories import NOW, receive_dm
from tests.rules import with_rules
from tests.sending import Desk, attempts, make_desk, until_waiting

MINUTE = timedelta(minutes=1)
AT = NOW + MINUTE
_HOLD = "SELECT 1 FROM contact WHERE lower(handle) = 'marion' FOR NO KEY UPDATE"


@pytest.fixture
async def desk(database: None, owner: asyncpg.Connection, access: Access, policies: Policies, config: Settings) -> Desk:
    return await make_desk(owner, access, policies, config)


async def stop(desk: Desk) -> None:
    await receive_dm(desk.company.help, text="STOP", at=AT)


async def test_stop_that_comes_first_is_not_overtaken_by_a_send(desk: Desk, owner: asyncpg.Connection) -> None:
    await receive_dm(desk.company.help)
    message = await desk.write_dm()
    async with owner.transaction():
        await owner.execute(_HOLD)
        stopping = asyncio.create_task(stop(desk))
        await until_waiting(owner, 1)
        claiming = asyncio.create_task(desk.claim(now=AT))
        await until_waiting(owner, 2)
    await stopping
    assert await claiming == Passed(reason="changed")
    assert (await load_message(message.id)).withdrawn_for is WithdrawnFor.OPTED_OUT
    assert await attempts() == []


async def test_stop_that_comes_second_cannot_call_back_the_one_send(desk: Desk, owner: asyncpg.Connection) -> None:
    await receive_dm(desk.company.help)
    message = await desk.write_dm()
    other = await desk.write_dm("And another.")
    async with owner.transaction():
        await owner.execute(_HOLD)
        claiming = asyncio.create_task(desk.claim(now=AT))
        await until_waiting(owner, 1)
        stopping = asyncio.create_task(stop(desk))
        await until_waiting(owner, 2)
    assert isinstance(await claiming, Claim)
    await stopping
    assert {await desk.state(message), await desk.state(other)} == {"sending", "withdrawn"}
    recorded = await actions()
    assert recorded.index("publication.sending") < recorded.index("message.withdrawn")


async def test_stop_and_approval_at_once_leave_nothing_that_goes(desk: Desk, owner: asyncpg.Connection) -> None:
    await receive_dm(desk.company.help)
    async with owner.transaction():
        await owner.execute(_HOLD)
        stopping = asyncio.create_task(stop(desk))
        await until_waiting(owner, 1)
        writing = asyncio.create_task(desk.write_dm())
        await until_waiting(owner, 2)
    await stopping
    with pytest.raises(IllegalTransition):  # blocked: there is nothing to approve
        await writing
    found = await desk.claim(now=AT + MINUTE)
    assert isinstance(found, Claim)  # the confirmation, and it alone
    assert len(await attempts()) == 1


@pytest.mark.parametrize(("at", "leaves"), [(timedelta(hours=24) - MINUTE, True), (timedelta(hours=24), False)])
async def test_window_that_closed_since_the_approval_keeps_the_message_back(
    desk: Desk, at: timedelta, leaves: bool
) -> None:
    await receive_dm(desk.company.help, at=NOW)
    almost = NOW + timedelta(hours=23, minutes=58)
    message = await desk.write(
        "Your parcel arrives today.", author=desk.company.leo, kind=Kind.DM, recipient="marion", now=almost
    )
    found = await desk.claim(now=NOW + at)
    assert isinstance(found, Claim) is leaves
    if not leaves:
        assert found == Passed(reason="withdrawn")
        assert (await load_message(message.id)).withdrawn_for is WithdrawnFor.PERMISSION_LOST


@pytest.mark.parametrize("decision", ["block", "needs_approval", "warn"])
async def test_policy_swapped_since_the_approval_keeps_back_what_it_finds(
    desk: Desk, tmp_path: Path, decision: str
) -> None:
    message = await desk.write()
    stricter = Desk(desk.company, desk.access, with_rules(tmp_path, ("workshop", decision)), desk.vault, desk.config)
    assert await stricter.claim() == Passed(reason="withdrawn")
    now = await load_message(message.id)
    assert (now.state, now.withdrawn_for) == (State.WITHDRAWN, WithdrawnFor.SCREENING_CHANGED)
    assert await attempts() == []


async def test_policy_swapped_for_one_that_finds_nothing_lets_it_go(desk: Desk, tmp_path: Path) -> None:
    await desk.write()
    other = Desk(desk.company, desk.access, with_rules(tmp_path, ("bicycle", "block")), desk.vault, desk.config)
    assert isinstance(await other.claim(), Claim)


async def test_new_finding_of_the_same_weight_keeps_the_message_back(desk: Desk, tmp_path: Path) -> None:
    first = with_rules(tmp_path / "a", ("workshop", "needs_approval"))
    second = with_rules(tmp_path / "b", ("workshop", "needs_approval"), ("saturday", "needs_approval"))
    office = Desk(desk.company, desk.access, first, desk.vault, desk.config)
    message = await office.write(reason="It is our own workshop.")
    assert await Desk(desk.company, desk.access, second, desk.vault, desk.config).claim() == Passed(reason="withdrawn")
    assert (await load_message(message.id)).withdrawn_for is WithdrawnFor.SCREENING_CHANGED
