"""Another policy decides from the next question on; a faulty one never does, and nobody is surprised by it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest

from govern.access import Access, PolicyFault, read_bundle
from govern.access.bundle import read_folder
from govern.access.engine import Engine
from govern.access.simulate import Difference
from govern.domain.actions import Action, Target
from govern.domain.ids import message_number
from govern.domain.members import Actor
from govern.errors import Unavailable
from govern.services.grant_source import PostgresGrants
from govern.services.policy_activation import (
    Activation,
    PolicyAlreadyActive,
    PolicyReasonRequired,
    SimulationOutdated,
    activate_policy,
    activate_shipped,
    find_active,
)
from govern.services.policy_simulation import Stranded, UnknownPolicy, find_engine, simulate_policy
from govern.settings import shipped
from tests.asserts import assert_audited, assert_denied, assert_nothing_changed, assert_one_winner, assert_refused, race
from tests.factories import make_member
from tests.services.conftest import Office

SHIPPED = read_folder(shipped("policies") / "access")
WRITE = b"p, viewer, message.write_post, always, allow, viewer.message.write_post\n"
FAULTY = {**SHIPPED, "roles/viewer.csv": b"p, viewer, message.read, always, Allow, viewer.message.read\n"}
WRITING = {**SHIPPED, "roles/viewer.csv": SHIPPED["roles/viewer.csv"] + WRITE}
NOTHING_ACTIVE = """
DO $$ BEGIN
  SET LOCAL session_replication_role = replica;
  UPDATE access_state SET policy_digest = NULL, version = version + 1;
  INSERT INTO access_change (version, subject, kind) SELECT version, '*', 'all' FROM access_state;
  DELETE FROM policy_activation;
  DELETE FROM policy_bundle;
END $$
"""
BY_HAND = """
WITH kept AS (INSERT INTO policy_bundle (digest, files) VALUES ($1, '{"model.conf": "r = sub"}') RETURNING digest)
INSERT INTO policy_activation (id, digest, activated_at, reason) SELECT gen_random_uuid(), digest, now(), 'test' FROM kept
"""


@pytest.fixture(autouse=True)
async def shipped_again(office: Office) -> AsyncIterator[None]:
    """Leave the shipped policy in force to the tests that follow."""
    yield
    await activate_shipped(SHIPPED, renew=True, now=datetime.now(UTC))


async def activate(
    office: Office,
    files: dict[str, bytes],
    *,
    by: Actor | None = None,
    reason: str = "Viewers write now",
    shown: Difference | None = None,
) -> Activation:
    return await activate_policy(
        files,
        reason=reason,
        shown=shown,
        actor=by or office.people.ada,
        access=office.access,
        now=datetime.now(UTC),
    )


async def writes(access: Access, actor: Actor) -> bool:
    return await access.allows(actor, Action.MESSAGE_WRITE_POST, Target("account:Help"))


async def test_activated_policy_decides_at_once_in_every_process(office: Office) -> None:
    other = Access(read_bundle(SHIPPED), PostgresGrants())
    vera = office.people.vera
    assert not await writes(office.access, vera)
    assert not await writes(other, vera)
    done = await activate(office, WRITING)
    assert await writes(office.access, vera)
    assert await writes(other, vera)
    assert other.bundle.digest == done.digest == await find_active()


async def test_activation_is_in_the_log_with_who_gains_and_who_loses(office: Office) -> None:
    before = await find_active()
    done = await activate(office, {**SHIPPED, "roles/viewer.csv": _without_reports(WRITING["roles/viewer.csv"])})
    entry = await assert_audited(
        "policy.activated", actor=office.people.ada.id, digest=done.digest, previous=before, gains=1, losses=1
    )
    assert entry["ctx"]["rule"] == "admin.policy.activate"
    assert entry["ctx"]["digest"] == before
    assert [(line.member, line.action) for line in done.difference.gains] == [
        (str(office.people.vera.member), "message.write_post")
    ]


def _without_reports(rows: bytes) -> bytes:
    return b"".join(row for row in rows.splitlines(keepends=True) if b"report.read" not in row)


async def test_files_are_kept_so_that_an_old_policy_can_be_explained_and_compared(office: Office) -> None:
    done = await activate(office, WRITING)
    await activate_shipped(SHIPPED, renew=True, now=datetime.now(UTC))
    old = await find_engine(done.digest, access=Access(read_bundle(SHIPPED), PostgresGrants()))
    assert old.bundle.digest == done.digest
    with pytest.raises(UnknownPolicy):
        await find_engine(f"sha256:{'0' * 64}", access=office.access)


async def test_who_may_not_is_refused(office: Office, owner: asyncpg.Connection) -> None:
    async with assert_denied(owner, office.people.cleo, "policy.activate"):
        await activate(office, WRITING, by=office.people.cleo)


@pytest.mark.parametrize(
    "files", [FAULTY, {}, {**SHIPPED, "tests/x.yaml": b"a\n\xff"}, {**SHIPPED, "tests/x.yaml": b"a\n\0"}]
)
async def test_faulty_policy_is_refused_and_the_active_one_stays(
    office: Office, owner: asyncpg.Connection, files: dict[str, bytes]
) -> None:
    async with assert_refused(PolicyFault, owner):
        await activate(office, files)
    assert not await writes(office.access, office.people.vera)


async def test_policy_in_force_cannot_be_activated_again(office: Office, owner: asyncpg.Connection) -> None:
    async with assert_refused(PolicyAlreadyActive, owner):
        await activate(office, SHIPPED)


@pytest.mark.parametrize("reason", ["", "  x ", "no"])
async def test_activation_needs_a_reason(office: Office, owner: asyncpg.Connection, reason: str) -> None:
    async with assert_refused(PolicyReasonRequired, owner):
        await activate(office, WRITING, reason=reason)


async def test_simulation_that_is_no_longer_right_must_be_read_again(office: Office, owner: asyncpg.Connection) -> None:
    shown = (await simulate_policy(Engine(read_bundle(WRITING)), access=office.access)).difference
    await make_member("vic", ("viewer", "account:Help"))
    async with assert_refused(SimulationOutdated, owner):
        await activate(office, WRITING, shown=shown)
    now = (await simulate_policy(Engine(read_bundle(WRITING)), access=office.access)).difference
    assert len(now.gains) == len(shown.gains) + 1
    await activate(office, WRITING, shown=now)


async def test_of_two_at_once_one_activates(office: Office) -> None:
    assert_one_winner(await race(activate(office, WRITING), activate(office, WRITING)))


async def test_simulation_names_people_rules_and_what_nobody_could_approve(office: Office) -> None:
    message = await office.write(office.people.ana)
    closed = SHIPPED["guards.csv"].replace(b"message.approve, is_author,", b"message.approve, always,")
    new = Engine(read_bundle({**WRITING, "guards.csv": closed}))
    found = await simulate_policy(new, access=office.access)
    assert found.stranded == (Stranded(number=message_number(message.number), account="Help"),)
    assert {line.action for line in found.difference.losses} == {"message.approve"}
    assert found.names[str(office.people.vera.member)] == "Vera <vera@example.com>"
    back = await simulate_policy(Engine(read_bundle(SHIPPED)), old=new, access=office.access)
    assert back.stranded == ()
    assert {line.action for line in back.difference.gains} == {"message.approve"}


async def test_first_policy_of_a_company_is_put_in_force_by_the_system(
    office: Office, owner: asyncpg.Connection
) -> None:
    await owner.execute(NOTHING_ACTIVE)
    done = await activate_shipped(SHIPPED, now=datetime.now(UTC))
    assert done is not None
    assert (done.previous, done.difference) == (None, Difference())
    await assert_audited("policy.activated", actor="system:policy-loader", digest=done.digest, gains=0, losses=0)
    assert await find_active() == done.digest
    assert await activate_shipped(SHIPPED, now=datetime.now(UTC)) is None


async def test_of_two_processes_that_start_at_once_one_activates(office: Office, owner: asyncpg.Connection) -> None:
    await owner.execute(NOTHING_ACTIVE)
    now = datetime.now(UTC)
    done = await race(activate_shipped(SHIPPED, now=now), activate_shipped(SHIPPED, now=now))
    assert sorted(type(each).__name__ for each in done) == ["Activation", "NoneType"]


async def test_system_replaces_an_active_policy_only_where_it_is_told_to(
    office: Office, owner: asyncpg.Connection
) -> None:
    async with assert_nothing_changed(owner):
        assert await activate_shipped(WRITING, now=datetime.now(UTC)) is None
    done = await activate_shipped(WRITING, renew=True, now=datetime.now(UTC))
    assert done is not None
    assert len(done.difference.gains) == 1
    assert await writes(office.access, office.people.vera)


async def test_policy_that_this_version_cannot_read_denies_everything_until_it_is_replaced(
    office: Office, owner: asyncpg.Connection
) -> None:
    await owner.execute(BY_HAND, f"sha256:{'0' * 64}")
    with pytest.raises(Unavailable):
        await activate(office, WRITING)
    assert not await writes(office.access, office.people.ana)
    done = await activate_shipped(SHIPPED, now=datetime.now(UTC))
    assert done is not None
    assert await writes(office.access, office.people.ana)
