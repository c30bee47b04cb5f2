"""The promise of sending once, kept by two indexes whatever the code does."""

import asyncio
from uuid import UUID

import asyncpg
import pytest

from tests.migrations.rows import (
    Story,
    insert,
    make_account,
    make_attempt,
    make_message,
    make_publication,
    make_revision,
)

ONE_IN_FLIGHT = "attempt_one_in_flight"
ONE_POSSIBLE = "attempt_one_possible"


async def other_publication(owner: asyncpg.Connection, story: Story, *, account: UUID) -> dict[str, UUID]:
    message = await make_message(owner, account=account, author=story.author)
    revision = await make_revision(owner, message=message, editor=story.author, number=1)
    publication = await make_publication(owner, message=message, revision=revision, account=account)
    return {"publication": publication, "account": account}


async def test_an_account_has_one_attempt_in_flight(owner: asyncpg.Connection, story: Story) -> None:
    await make_attempt(owner, story)
    with pytest.raises(asyncpg.UniqueViolationError, match=ONE_IN_FLIGHT):
        await make_attempt(owner, story, **await other_publication(owner, story, account=story.account))


async def test_two_accounts_send_at_the_same_time(owner: asyncpg.Connection, story: Story) -> None:
    await make_attempt(owner, story)
    await make_attempt(owner, story, **await other_publication(owner, story, account=await make_account(owner, "news")))


@pytest.mark.parametrize(
    "first",
    [{"outcome": "sent"}, {"outcome": "unknown"}, {"outcome": "unknown", "resolved": "sent"}],
    ids=["sent", "unknown", "found sent"],
)
async def test_what_may_be_out_is_not_sent_again(
    owner: asyncpg.Connection, story: Story, first: dict[str, str]
) -> None:
    await make_attempt(owner, story, **first)
    with pytest.raises(asyncpg.UniqueViolationError, match=ONE_POSSIBLE):
        await make_attempt(owner, story)


@pytest.mark.parametrize(
    "first",
    [{"outcome": "not_sent"}, {"outcome": "refused"}, {"outcome": "unknown", "resolved": "not_sent"}],
    ids=["not sent", "refused", "found not sent"],
)
async def test_what_is_surely_not_out_may_be_sent_again(
    owner: asyncpg.Connection, story: Story, first: dict[str, str]
) -> None:
    await make_attempt(owner, story, **first)
    await make_attempt(owner, story)


async def test_of_two_workers_at_once_one_starts(owner: asyncpg.Connection, owner_url: str, story: Story) -> None:
    other = await asyncpg.connect(owner_url)
    try:
        async with owner.transaction():
            await make_attempt(owner, story)
            second = asyncio.ensure_future(make_attempt(other, story))
            await _until_waiting(owner, other.get_server_pid())
        with pytest.raises(asyncpg.UniqueViolationError):
            await second
    finally:
        await other.close()
    assert await owner.fetchval("SELECT count(*) FROM attempt") == 1


async def _until_waiting(connection: asyncpg.Connection, pid: int) -> None:
    """Wait until a backend waits for a lock: nothing else tells that it arrived."""
    async with asyncio.timeout(10):
        while not await connection.fetchval("SELECT cardinality(pg_blocking_pids($1)) > 0", pid):
            await asyncio.sleep(0.01)


async def test_a_message_has_one_open_publication(owner: asyncpg.Connection, story: Story) -> None:
    revision = await make_revision(owner, message=story.message, editor=story.author, number=2)
    given = {"message": story.message, "revision": revision, "account": story.account}
    with pytest.raises(asyncpg.UniqueViolationError, match="publication_open"):
        await make_publication(owner, **given)
    await owner.execute("UPDATE publication SET closed_at = now() WHERE id = $1", story.publication)
    await make_publication(owner, **given)


async def test_a_revision_is_published_once(owner: asyncpg.Connection, story: Story) -> None:
    await owner.execute("UPDATE publication SET closed_at = now() WHERE id = $1", story.publication)
    with pytest.raises(asyncpg.UniqueViolationError, match="publication_revision"):
        await make_publication(owner, message=story.message, revision=story.revision, account=story.account)


async def test_a_wake_up_needs_its_time(owner: asyncpg.Connection, database: None) -> None:
    with pytest.raises(asyncpg.NotNullViolationError):
        await insert(owner, "outbox", job="publish")
