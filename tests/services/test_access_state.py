"""The version of access: it rises with every change, nobody overtakes it, and nobody decides on half of one."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from uuid import UUID

import asyncpg
import pytest

from govern.access import Access, load_bundle
from govern.database import rows, transaction
from govern.domain.actions import Action, Target
from govern.domain.members import Actor
from govern.services.access_listener import follow_access
from govern.services.grant_source import PostgresGrants
from govern.services.grants import assign_role, revoke_role
from govern.settings import Settings, shipped
from govern.tables import AccessState, Member, RoleGrant, Scope
from tests.factories import NOW, Company, make_company, make_grant
from tests.hand import by_hand
from tests.sending import until_waiting

WRITE, HERE = Action.MESSAGE_WRITE_POST, Target("account:Help")
DIRECT = Target("account:Help", {"plain_reply": True, "direct_allowed": True, "within_hours": True})


@pytest.fixture
async def company(database: None) -> Company:
    return await make_company()


@pytest.fixture
def other_process(company: Company) -> Access:
    """A policy with a snapshot of its own, as another process has it."""
    return Access(load_bundle(shipped("policies") / "access"), PostgresGrants())


async def _version() -> int:
    return int(rows(await AccessState.select(AccessState.version))[0]["version"])


async def _grant_of(actor: Actor) -> UUID:
    row = await RoleGrant.select(RoleGrant.id).where(RoleGrant.member == actor.member).first()
    assert row is not None
    return UUID(str(row["id"]))


async def _decide(access: Access, actor: Actor) -> bool:
    """Decide an action with effect, as services do: in a transaction."""
    async with transaction():
        return (await access.decide(actor, Action.MESSAGE_DIRECT_REPLY, DIRECT)).allowed


REVOKE = "UPDATE role_grant SET revoked_at = now(), revoke_reason = 'by hand' WHERE id = $1"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE role_grant SET revoked_at = now(), revoke_reason = 'by hand' WHERE role = 'agent'",
        "UPDATE member SET state = 'suspended' WHERE name = 'Leo'",
        "INSERT INTO scope (key, kind, parent) VALUES ('brand:new', 'brand', 'company')",
        "INSERT INTO role_grant (id, member, role, scope, granted_at, reason, starts_at)"
        " SELECT gen_random_uuid(), id, 'viewer', 'company', now(), 'by hand', now() FROM member WHERE name = 'Leo'",
    ],
)
async def test_sql_typed_by_hand_raises_the_version_too(
    company: Company, owner: asyncpg.Connection, change: str
) -> None:
    before = await _version()
    await owner.execute(change)
    assert await _version() > before


async def test_what_does_not_concern_access_raises_nothing(company: Company, owner: asyncpg.Connection) -> None:
    before = await _version()
    await owner.execute("UPDATE member SET name = 'Leonie', language = 'fr' WHERE name = 'Leo'")
    assert await _version() == before


@pytest.mark.parametrize("table", ["role_grant", "policy_activation", "policy_bundle"])
async def test_history_cannot_be_emptied(company: Company, owner: asyncpg.Connection, table: str) -> None:
    with pytest.raises(asyncpg.PostgresError):
        await owner.execute(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize(
    "change",
    ["INSERT INTO scope_parent (scope, parent, valid_from) VALUES ('account:Help', 'company', now())",
     "DELETE FROM scope_parent", "UPDATE scope_parent SET valid_to = now()", "TRUNCATE scope_parent"],
)  # fmt: skip
async def test_the_history_of_the_tree_is_written_by_its_trigger_alone(
    company: Company, owner: asyncpg.Connection, change: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await owner.execute(change)


async def test_moving_an_account_closes_one_line_of_history_and_opens_another(
    company: Company, owner: asyncpg.Connection
) -> None:
    await owner.execute("UPDATE scope SET parent = 'brand:press' WHERE key = 'account:Help'")
    found = await owner.fetch("SELECT parent, valid_to FROM scope_parent WHERE scope = 'account:Help' ORDER BY id")
    assert [(row["parent"], row["valid_to"] is None) for row in found] == [("brand:care", False), ("brand:press", True)]


async def test_a_revocation_counts_for_the_next_question_of_every_process(
    company: Company, access: Access, other_process: Access, owner: asyncpg.Connection
) -> None:
    assert await access.allows(company.leo, Action.MESSAGE_WRITE_REPLY, HERE)
    assert await other_process.allows(company.leo, Action.MESSAGE_WRITE_REPLY, HERE)
    await owner.execute(REVOKE, await _grant_of(company.leo))
    for process in (access, other_process):
        assert not await process.allows(company.leo, Action.MESSAGE_WRITE_REPLY, HERE)


async def test_a_revocation_commits_while_a_decider_waits_and_the_decider_sees_it(
    company: Company, access: Access, owner: asyncpg.Connection
) -> None:
    assert await _decide(access, company.leo)
    async with owner.transaction():
        await owner.execute(REVOKE, await _grant_of(company.leo))
        deciding = asyncio.create_task(_decide(access, company.leo))
        await until_waiting(owner, 1)
    assert not await deciding


async def test_a_revocation_waits_for_who_decides_already(
    company: Company, access: Access, owner: asyncpg.Connection
) -> None:
    grant = await _grant_of(company.leo)
    async with transaction():
        assert (await access.decide(company.leo, Action.MESSAGE_DIRECT_REPLY, DIRECT)).allowed
        revoking = asyncio.create_task(_revoke(grant, company, access), context=Context())
        await until_waiting(owner, 1)
        assert (await access.decide(company.leo, Action.MESSAGE_DIRECT_REPLY, DIRECT)).allowed
    await revoking
    assert not await _decide(access, company.leo)


async def _revoke(grant: UUID, company: Company, access: Access) -> None:
    await revoke_role(grant, reason="no longer here", actor=company.ada, access=access, now=NOW)


async def test_two_who_give_roles_at_once_both_succeed(company: Company, access: Access) -> None:
    async def give(email: str) -> None:
        await assign_role(
            email=email, role="viewer", scope="brand:press", reason="both", actor=company.ada, access=access, now=NOW
        )

    await asyncio.gather(*(asyncio.create_task(give(f"{name}@example.com")) for name in ("leo", "ana", "mia", "noa")))
    assert await RoleGrant.count().where(RoleGrant.reason == "both") == 4


async def test_a_revocation_ends_under_steady_load(company: Company, access: Access) -> None:
    ended = asyncio.Event()

    async def decide() -> None:
        while not ended.is_set():
            await _decide(access, company.bo)

    deciders = [asyncio.create_task(decide()) for _ in range(6)]
    try:
        await asyncio.wait_for(_revoke(await _grant_of(company.leo), company, access), 10)
    finally:
        ended.set()
        await asyncio.wait(deciders)
    assert not await _decide(access, company.leo)


async def test_a_transaction_that_changed_access_decides_nothing_more(company: Company, access: Access) -> None:
    before = await access.snapshot()

    async def change(decide: Callable[[], Awaitable[object]]) -> None:
        async with transaction():
            await access.lock()
            await make_grant(_id(company.leo), "brand_manager", "company")
            await decide()

    for ask in (
        lambda: access.decide(company.leo, Action.MESSAGE_DIRECT_REPLY, DIRECT),
        lambda: access.decide(company.leo, Action.MESSAGE_READ, HERE),
        lambda: access.snapshot(company.leo),
    ):
        with pytest.raises(RuntimeError, match="decides nothing more"):
            await change(ask)
    after = await access.snapshot()
    assert after.grants == before.grants, "what rolled back is in no snapshot"


def _id(actor: Actor) -> UUID:
    assert actor.member is not None
    return actor.member


@pytest.mark.parametrize(
    "isolation",
    ["SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"],
)
async def test_access_is_decided_in_read_committed_alone(company: Company, access: Access, isolation: str) -> None:
    async def under(ask: Callable[[], Awaitable[object]]) -> None:
        async with transaction():
            await Scope.raw(isolation)
            await ask()

    for ask in (lambda: access.decide(company.leo, Action.MESSAGE_DIRECT_REPLY, DIRECT), access.lock):
        with pytest.raises(RuntimeError, match="READ COMMITTED"):
            await under(ask)


async def test_the_lock_needs_a_transaction(company: Company, access: Access) -> None:
    with pytest.raises(RuntimeError, match="there is none"):
        await access.lock()


async def test_a_member_who_is_suspended_and_reinstated_loses_and_regains_everything(
    company: Company, access: Access
) -> None:
    for state, allowed in (("suspended", False), ("active", True), ("left", False)):
        await by_hand(Member.update({Member.state: state}).where(Member.id == company.leo.member))
        assert await access.allows(company.leo, Action.MESSAGE_WRITE_REPLY, HERE) is allowed


async def test_the_past_is_read_from_the_history(company: Company, access: Access, owner: asyncpg.Connection) -> None:
    grant = await _grant_of(company.leo)
    before = await owner.fetchval("SELECT clock_timestamp()")
    await _revoke_by_hand(owner, grant)
    then, now = await access.as_of(before), await access.snapshot()
    leo = str(company.leo.member)
    assert then.engine.decide(then.requester(leo), Action.MESSAGE_WRITE_REPLY, HERE).allowed
    assert not now.engine.decide(now.requester(leo), Action.MESSAGE_WRITE_REPLY, HERE).allowed


async def test_the_past_of_this_moment_is_the_present(
    company: Company, access: Access, owner: asyncpg.Connection
) -> None:
    then, now = await access.as_of(await owner.fetchval("SELECT clock_timestamp()")), await access.snapshot()
    assert (then.grants, then.parents, then.digest) == (now.grants, now.parents, now.digest)


async def test_a_suspension_is_part_of_the_past_from_its_moment_on(
    company: Company, access: Access, owner: asyncpg.Connection
) -> None:
    before = await owner.fetchval("SELECT clock_timestamp()")
    await owner.execute("UPDATE member SET state = 'suspended' WHERE id = $1", company.leo.member)
    leo = str(company.leo.member)
    assert leo in (await access.as_of(before)).grants
    then, now = await access.as_of(await owner.fetchval("SELECT clock_timestamp()")), await access.snapshot()
    assert leo not in then.grants
    assert then.grants == now.grants


async def _revoke_by_hand(owner: asyncpg.Connection, grant: UUID) -> None:
    await owner.execute(
        "UPDATE role_grant SET revoked_at = clock_timestamp(), revoke_reason = 'hand' WHERE id = $1", grant
    )


async def test_the_listener_brings_the_snapshot_up_to_date_and_survives_being_killed(
    company: Company, other_process: Access, owner: asyncpg.Connection, config: Settings
) -> None:
    following = asyncio.create_task(follow_access(other_process, url=config.database_url))
    try:
        await _until_version(other_process)
        await make_grant(_id(company.leo), "viewer", "company")
        await _until_version(other_process)
        await owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'govern access listener'"
        )
        await owner.execute(REVOKE, await _grant_of(company.leo))
        assert not await other_process.allows(company.leo, Action.MESSAGE_WRITE_REPLY, HERE), "without any hint"
        await make_grant(_id(company.leo), "author", "company")
        await _until_version(other_process)
    finally:
        following.cancel()


async def _until_version(access: Access) -> None:
    """Wait until the process has read the newest version by itself."""
    wanted = await _version()
    for _ in range(200):
        current = access._snapshots.current  # a question would bring it about
        if current is not None and current.version >= wanted:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"version {wanted} did not arrive")
