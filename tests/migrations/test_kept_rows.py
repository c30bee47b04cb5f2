"""What was decided, said or tried stays as it was: the database refuses to change it, for every role."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.migrations.rows import NOW, Story, insert, make_approval, make_attempt

Refused = asyncpg.InsufficientPrivilegeError
NEVER = {"revision": "text", "screening": "decision", "consent_event": "purpose", "inbound": "x_kind", "scope": "kind"}
ONCE = {
    "connected": "true",
    "status": "201",
    "transaction_id": "'t'",
    "outcome": "'sent', finished_at = now()",
    "reason": "'r'",
    "x_id": "1",
    "resolved": "'sent', resolved_at = now()",
    "resolved_reason": "'r'",
    "clock_offset_ms": "7",
    "duplicate": "true",
    "late_at": "now(), late_x_id = 1",
}


OTHER = {
    "connected": "false",
    "status": "500",
    "x_id": "2",
    "clock_offset_ms": "8",
    "duplicate": "false",
    "late_at": "now() + interval '1 day'",
}


@asynccontextmanager
async def acting_as(connection: asyncpg.Connection, role: str) -> AsyncIterator[None]:
    """Run a block as another role and undo it."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(f"SET LOCAL ROLE {role}")
        yield
    finally:
        await transaction.rollback()


@pytest.fixture
async def one_of_each(owner: asyncpg.Connection, story: Story) -> Story:
    await insert(
        owner,
        "consent_event",
        created_at=...,
        contact=story.contact,
        account=story.account,
        kind="inbound_dm",
        purpose="service",
        occurred_at=NOW,
        recorded_at=NOW,
        source="x",
        source_event_id="1",
        recorded_by="system:test",
    )
    await insert(
        owner,
        "inbound",
        created_at=...,
        account=story.account,
        contact=story.contact,
        x_kind="dm",
        x_id=1,
        text="Hello",
        written_at=NOW,
        received_at=NOW,
    )
    return story


@pytest.mark.parametrize("role", ["govern_app", "postgres"])
@pytest.mark.parametrize("table", ["revision", "screening", "consent_event"])
async def test_rows_that_prove_something_are_not_changed(
    owner: asyncpg.Connection, one_of_each: Story, table: str, role: str
) -> None:
    for statement in (f"UPDATE {table} SET {NEVER[table]} = {NEVER[table]} || 'x'", f"DELETE FROM {table}"):
        async with acting_as(owner, role):
            with pytest.raises(Refused):
                await owner.execute(statement)
    assert await owner.fetchval(f"SELECT count(*) FROM {table}") == 1


@pytest.mark.parametrize("table", NEVER)
async def test_the_application_may_not_even_ask(owner: asyncpg.Connection, one_of_each: Story, table: str) -> None:
    for statement in (f"UPDATE {table} SET {NEVER[table]} = 'x'", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        async with acting_as(owner, "govern_app"):
            with pytest.raises(Refused, match="permission denied"):
                await owner.execute(statement)


async def test_a_reading_of_x_stays_as_it_was(owner: asyncpg.Connection, story: Story) -> None:
    attempt = await make_attempt(owner, story, outcome="unknown")
    reading = "INSERT INTO attempt_read (attempt, n, read_at, result) VALUES ($1, 1, now(), 'none')"
    await owner.execute(reading, attempt)
    for statement in ("UPDATE attempt_read SET result = 'one'", "DELETE FROM attempt_read", "TRUNCATE attempt_read"):
        with pytest.raises(Refused):
            await owner.execute(statement)
    with pytest.raises(asyncpg.UniqueViolationError):
        await owner.execute(reading, attempt)


@pytest.mark.parametrize("table", ["attempt", "approval", "role_grant"])
async def test_rows_with_a_course_are_not_deleted(owner: asyncpg.Connection, story: Story, table: str) -> None:
    await make_attempt(owner, story)
    await make_approval(owner, story)
    await make_grant(owner, story)
    with pytest.raises(Refused, match="is refused"):
        await owner.execute(f"DELETE FROM {table}")


@pytest.mark.parametrize(("column", "value"), ONCE.items())
async def test_an_attempt_learns_each_fact_once(
    owner: asyncpg.Connection, story: Story, column: str, value: str
) -> None:
    await make_attempt(owner, story)
    await owner.execute(f"UPDATE attempt SET {column} = {value}")
    await owner.execute(f"UPDATE attempt SET {column} = {column}")
    for other in OTHER.get(column, "'unknown'"), "NULL":
        with pytest.raises(Refused, match="may be set once"):
            await owner.execute(f"UPDATE attempt SET {column} = {other}")


@pytest.mark.parametrize(
    "change", ["worker = 'other'", "started_at = now()", "deadline_at = now()", "write_before = now()"]
)
async def test_an_attempt_keeps_what_it_began_with(owner: asyncpg.Connection, story: Story, change: str) -> None:
    await make_attempt(owner, story)
    with pytest.raises(Refused, match="may be set once"):
        await owner.execute(f"UPDATE attempt SET {change}")


async def test_an_approval_is_withdrawn_once_and_says_the_same_for_ever(
    owner: asyncpg.Connection, story: Story
) -> None:
    await make_approval(owner, story)
    for change in ("verdict = 'rejected', reason = 'x'", "approver = revision_editor", "digest = sha256('x')"):
        with pytest.raises(Refused, match="may be set once"):
            await owner.execute(f"UPDATE approval SET {change}")
    await owner.execute("UPDATE approval SET withdrawn_at = now()")
    with pytest.raises(Refused, match="may be set once"):
        await owner.execute("UPDATE approval SET withdrawn_at = NULL")


async def test_a_role_is_revoked_once_and_not_given_anew(owner: asyncpg.Connection, story: Story) -> None:
    await make_grant(owner, story)
    for change in ("role = 'admin'", "scope = 'company'", "expires_at = now() + interval '9 years'", "reason = 'abc'"):
        with pytest.raises(Refused, match="may be set once"):
            await owner.execute(f"UPDATE role_grant SET {change}")
    await owner.execute("UPDATE role_grant SET revoked_at = now(), revoke_reason = 'has left'")
    with pytest.raises(Refused, match="may be set once"):
        await owner.execute("UPDATE role_grant SET revoked_at = NULL, revoke_reason = NULL")


async def test_who_paused_does_not_resume(owner: asyncpg.Connection, story: Story) -> None:
    await insert(
        owner,
        "pause",
        created_at=...,
        scope="company",
        kinds=["post"],
        reason="crisis",
        set_by=story.author,
        set_at=NOW,
    )
    with pytest.raises(asyncpg.CheckViolationError, match="pause_two_persons"):
        await owner.execute("UPDATE pause SET lifted_by = set_by, lifted_at = now()")


async def make_grant(owner: asyncpg.Connection, story: Story) -> None:
    await insert(
        owner,
        "role_grant",
        created_at=...,
        member=story.author,
        role="agent",
        scope="account:help",
        granted_at=NOW,
        reason="for a test",
        starts_at=NOW,
    )
