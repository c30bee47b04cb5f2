"""What an attempt came to: X's answer, no answer, or a person's word; each exactly once."""

import asyncio
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest
from msgspec.structs import replace

from govern.access import Access
from govern.domain.messages import Message
from govern.domain.publications import Hold, Outcome
from govern.services.answers import Result, lose_overdue
from govern.services.attempts import read_attempt
from govern.services.outcomes import settle_outcome
from govern.services.policies import Policies
from govern.settings import Settings
from tests.asserts import actions, assert_audited, assert_nothing_changed
from tests.factories import NOW
from tests.sending import LATER, Desk, attempts, make_desk, publication_of, read_nothing, until_waiting

SENT = Result(outcome=Outcome.SENT, x_id="1900000000000000001", connected=True, status=201, transaction_id="t-1")
UNKNOWN = Result(outcome=Outcome.UNKNOWN, code="timeout", reason="No answer.", connected=True)
NOT_SENT = Result(
    outcome=Outcome.NOT_SENT, code="connect", reason="Nothing left.", again_at=LATER + timedelta(seconds=5)
)
REFUSED = Result(outcome=Outcome.REFUSED, code="too_long", reason="The text is longer than X allows.", status=403)
DUPLICATE = Result(outcome=Outcome.REFUSED, code="duplicate", reason="X has it already.", duplicate=True, status=403)
LIMITED = replace(REFUSED, code="rate_limited", again_at=LATER + timedelta(minutes=3), status=429)
NO_CREDITS = replace(LIMITED, code="no_credits", hold=Hold.CREDITS, status=402, again_at=LATER + timedelta(minutes=5))
AUTH_LOST = replace(LIMITED, code="auth_lost", hold=Hold.AUTH, status=401)


@pytest.fixture
async def desk(database: None, owner: asyncpg.Connection, access: Access, policies: Policies, config: Settings) -> Desk:
    return await make_desk(owner, access, policies, config)


@pytest.mark.parametrize(
    ("result", "state", "action", "recorded", "closed"),
    [
        (SENT, "sent", "publication.sent", "done", True),
        (UNKNOWN, "outcome_unknown", "publication.unknown", "failed", False),
        (NOT_SENT, "scheduled", "publication.failed", "failed", False),
        (REFUSED, "failed", "publication.refused", "failed", True),
        (DUPLICATE, "failed", "publication.refused", "failed", True),
        (LIMITED, "scheduled", "publication.refused", "failed", False),
        (NO_CREDITS, "scheduled", "publication.refused", "failed", False),
        (AUTH_LOST, "scheduled", "publication.refused", "failed", False),
    ],
)
async def test_each_outcome_has_its_state_and_its_entry(
    desk: Desk, result: Result, state: str, action: str, recorded: str, *, closed: bool
) -> None:
    message = await desk.write()
    settled = await desk.settle(await desk.take(), result)
    assert settled.state.value == state
    assert settled.failure == result.reason
    await assert_audited(action, outcome=recorded, actor="worker:publisher", attempt=1)
    row, (attempt,) = await publication_of(message), await attempts()
    assert (row["closed_at"] is not None) is closed
    assert row["hold"] == (result.hold.value if result.hold else None)
    assert (attempt["outcome"], attempt["status"]) == (result.outcome.value, result.status)
    assert settled.x_id == result.x_id


@pytest.mark.parametrize("result", [NOT_SENT, LIMITED, NO_CREDITS])
async def test_what_surely_did_not_leave_goes_again_under_a_new_attempt(desk: Desk, result: Result) -> None:
    await desk.write()
    first = await desk.take()
    await desk.settle(first, result)
    assert result.again_at is not None
    assert await desk.claim(now=result.again_at - timedelta(seconds=1)) is None
    second = await desk.take(now=result.again_at)
    assert (second.tries, second.attempt != first.attempt) == (2, True)


@pytest.mark.parametrize("result", [SENT, UNKNOWN, REFUSED, DUPLICATE])
async def test_what_is_out_or_may_be_or_was_refused_never_goes_again_by_itself(desk: Desk, result: Result) -> None:
    await desk.write()
    await desk.settle(await desk.take(), result)
    assert await desk.claim(now=NOW + timedelta(hours=1)) is None


async def test_an_answer_told_twice_counts_once(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.write()
    claim = await desk.take()
    await desk.settle(claim, SENT)
    async with assert_nothing_changed(owner):
        await desk.settle(claim, SENT)
        await desk.settle(claim, UNKNOWN)
    assert (await actions()).count("publication.sent") == 1


async def test_settling_wakes_the_accounts_next(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.write()
    claim = await desk.take()
    await owner.execute("DELETE FROM outbox")
    await desk.settle(claim, SENT)
    assert await owner.fetchval("SELECT args->>'account' FROM outbox") == str(desk.company.help.id)


async def test_lost_credentials_stop_the_account_and_say_so(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.write()
    await desk.settle(await desk.take(), AUTH_LOST)
    assert await owner.fetchval("SELECT state FROM account WHERE handle = 'Help'") == "needs_reauth"
    assert await owner.fetchval("SELECT state FROM account WHERE handle = 'News'") == "connected"
    assert await owner.fetchval(
        "SELECT c.state FROM account_credential c JOIN account a ON a.id = c.account WHERE a.handle = 'Help'"
    ) == ("needs_reauth")
    await assert_audited("account.disconnected", reason="auth_lost")


async def test_no_answer_before_the_deadline_is_an_unknown_outcome(desk: Desk, config: Settings) -> None:
    message = await desk.write()
    await desk.take()
    deadline = LATER + config.attempt_deadline
    assert await lose_overdue(now=deadline) == 0
    assert await desk.state(message) == "sending"
    assert await lose_overdue(now=deadline + timedelta(seconds=1)) == 1
    assert await lose_overdue(now=deadline + timedelta(seconds=1)) == 0
    assert await desk.state(message) == "outcome_unknown"
    await assert_audited("publication.unknown", outcome="failed", cause="deadline")


async def test_two_sweeps_at_once_lose_an_attempt_once(desk: Desk, config: Settings) -> None:
    await desk.write()
    await desk.take()
    late = LATER + 2 * config.attempt_deadline
    await asyncio.gather(*(lose_overdue(now=late) for _ in range(4)))
    assert (await actions()).count("publication.unknown") == 1


async def test_success_after_the_deadline_settles_the_question(desk: Desk, config: Settings) -> None:
    message = await desk.write()
    claim = await desk.take()
    late = LATER + 2 * config.attempt_deadline
    await lose_overdue(now=late)
    settled = await desk.settle(claim, SENT, now=late)
    assert (settled.state.value, settled.x_id, settled.failure) == ("sent", SENT.x_id, None)
    (attempt,) = await attempts()
    assert (attempt["outcome"], attempt["resolved"], attempt["x_id"]) == ("unknown", "sent", int(SENT.x_id or 0))
    await assert_audited("publication.sent", x_id=SENT.x_id)
    assert (await publication_of(message))["closed_at"] is not None


async def test_sweep_does_not_wait_for_what_is_being_settled(
    desk: Desk, config: Settings, owner: asyncpg.Connection
) -> None:
    message = await desk.write()
    claim = await desk.take()
    late = LATER + 2 * config.attempt_deadline
    async with owner.transaction():
        await owner.execute("SELECT 1 FROM message WHERE id = $1 FOR NO KEY UPDATE", message.id)
        settling = asyncio.create_task(desk.settle(claim, SENT, now=late))
        await until_waiting(owner, 1)
        assert await lose_overdue(now=late) == 0
    await settling
    assert await desk.state(message) == "sent"


async def test_duplicate_after_an_unknown_attempt_is_unknown_again(desk: Desk) -> None:
    await desk.write()
    first = await desk.take()
    await desk.settle(first, UNKNOWN)
    await say(desk, first.attempt, is_out=False)
    second = await desk.settle(await desk.take(), DUPLICATE)
    assert second.state.value == "outcome_unknown"


async def say(
    desk: Desk, attempt: UUID, *, is_out: bool, x_id: str | None = None, reason: str = "Seen on X"
) -> Message:
    await read_nothing(desk, attempt)
    return await settle_outcome(
        (await read_attempt(attempt)).message,
        is_out=is_out,
        x_id=x_id,
        reason=reason,
        actor=desk.company.mia,
        access=desk.access,
        now=LATER,
    )
