"""The promise of sending once is the database's own: two indexes, each of which stops what the code must never do."""

from datetime import timedelta

import asyncpg
import pytest

from govern.access import Access
from govern.domain.publications import Outcome
from govern.services.answers import Result
from govern.services.policies import Policies
from govern.settings import Settings
from tests.sending import LATER, Desk, make_desk, publication_of

_COPY = """
INSERT INTO attempt (id, publication, account, content_digest, started_at, write_before, deadline_at, worker)
SELECT gen_random_uuid(), $1, account, content_digest, started_at, write_before, deadline_at, worker FROM attempt
"""
X_ID = "1900000000000000001"
UNKNOWN = Result(outcome=Outcome.UNKNOWN, code="timeout", reason="No answer.")
NOT_SENT = Result(outcome=Outcome.NOT_SENT, code="dns", reason="Nobody there.", again_at=LATER + timedelta(seconds=5))


@pytest.fixture
async def desk(database: None, owner: asyncpg.Connection, access: Access, policies: Policies, config: Settings) -> Desk:
    return await make_desk(owner, access, policies, config)


async def _again(owner: asyncpg.Connection, publication: object) -> str | None:
    """Begin another attempt past the services; return the index that keeps it out."""
    try:
        await owner.execute(_COPY, publication)
    except asyncpg.UniqueViolationError as error:
        return str(error.constraint_name)
    return None


async def test_account_has_one_attempt_in_flight(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.write("One.")
    second = await desk.write("Two.")
    await desk.take()
    assert await _again(owner, (await publication_of(second))["id"]) == "attempt_one_in_flight"


@pytest.mark.parametrize("result", [UNKNOWN, Result(outcome=Outcome.SENT, x_id=X_ID)])
async def test_publication_that_is_out_or_may_be_gets_no_second_attempt(
    desk: Desk, owner: asyncpg.Connection, result: Result
) -> None:
    message = await desk.write()
    await desk.settle(await desk.take(), result)
    assert await _again(owner, (await publication_of(message))["id"]) == "attempt_one_possible"


async def test_publication_that_surely_did_not_leave_may_be_tried_again(desk: Desk, owner: asyncpg.Connection) -> None:
    message = await desk.write()
    await desk.settle(await desk.take(), NOT_SENT)
    assert await _again(owner, (await publication_of(message))["id"]) is None
