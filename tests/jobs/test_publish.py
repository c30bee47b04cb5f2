"""The job that sends: it begins with a claim, makes one call, and settles it whatever happens."""

import asyncio
from datetime import timedelta
from functools import partial

import asyncpg
import pytest

from govern.domain.messages import Kind
from govern.domain.publications import FIRST_RETRY
from govern.jobs.publish import publish, read_error
from govern.services.answers import Result
from govern.services.consent import EVIDENCE, record_opt_in
from govern.services.pauses import set_pause
from govern.services.sending import Claim
from govern.services.x_app import CREDITS_AGAIN
from govern.xapi import errors
from govern.xapi.client import Exchange, OutgoingDm, XClient
from tests.asserts import actions, assert_audited, assert_nothing_changed
from tests.factories import receive_dm
from tests.fakes import FakeX, HangingX
from tests.sending import LATER, Desk, attempts, publication_of, until_waiting

SENT = Exchange(connected=True)
NEVER_LEFT = Exchange(connected=False)
RESET = LATER + timedelta(minutes=4)


async def run(desk: Desk, x: XClient) -> Result | None:
    return await publish(
        desk.company.help.id,
        worker="test:1",
        connect=lambda _claim: x,
        access=desk.access,
        policies=desk.policies,
        vault=desk.vault,
        settings=desk.config,
        clock=lambda: LATER,
    )


async def test_due_message_goes_out_once_however_often_the_job_runs(desk: Desk) -> None:
    message = await desk.write()
    x = FakeX("1900000000000000001")
    assert await run(desk, x) is not None
    for _ in range(3):
        assert await run(desk, x) is None
    assert len(x.sent) == 1
    assert await desk.state(message) == "sent"
    assert (await actions())[-2:] == ["publication.sending", "publication.sent"]


async def test_ten_jobs_at_once_send_once(desk: Desk) -> None:
    await desk.write()
    x = FakeX("1900000000000000001")
    await asyncio.gather(*(run(desk, x) for _ in range(10)))
    assert len(x.sent) == 1


async def test_each_run_sends_one_message(desk: Desk) -> None:
    for text in ("One.", "Two.", "Three."):
        await desk.write(text)
    x = FakeX("1901", "1902", "1903")
    for count in (1, 2, 3, 3):
        await run(desk, x)
        assert len(x.sent) == count


@pytest.mark.parametrize(
    ("error", "state", "code", "again"),
    [
        (errors.NotSent("dns", exchange=NEVER_LEFT), "scheduled", "dns", FIRST_RETRY),
        (errors.RateLimited(RESET, "send_post/window", exchange=SENT), "scheduled", "rate_limited", None),
        (errors.NoCredits(exchange=SENT), "scheduled", "no_credits", CREDITS_AGAIN),
        (errors.AuthLost(exchange=SENT), "scheduled", "auth_lost", FIRST_RETRY),
        (errors.DuplicateClaimed(exchange=SENT), "failed", "duplicate", None),
        (errors.Refused("too_long", "The text is too long", exchange=SENT), "failed", "too_long", None),
        (errors.OutcomeUnknown("timeout", exchange=SENT), "outcome_unknown", "timeout", None),
        (RuntimeError("nobody thought of this"), "outcome_unknown", "internal", None),
    ],
)
async def test_each_failure_means_what_the_design_says(
    desk: Desk, error: Exception, state: str, code: str, again: timedelta | None
) -> None:
    message = await desk.write()
    x = FakeX(error)
    result = await run(desk, x)
    assert result is not None
    assert (await desk.state(message), result.code) == (state, code)
    assert again is None or (await publication_of(message))["wake_at"] == LATER + again
    assert await run(desk, x) is None, "one call, no retry by itself"
    assert len(x.sent) == 1


async def test_refusal_is_told_in_plain_words(desk: Desk) -> None:
    message = await desk.write()
    await run(desk, FakeX(errors.Refused("account_locked", "suspended", exchange=SENT)))
    assert "locked or suspended" in str((await publication_of(message))["failure"])


async def test_rate_limit_is_waited_for_and_a_little_longer(desk: Desk) -> None:
    message = await desk.write()
    await run(desk, FakeX(errors.RateLimited(RESET, "send_post/window", exchange=SENT)))
    wake_at = (await publication_of(message))["wake_at"]
    assert RESET + timedelta(seconds=1) <= wake_at <= RESET + timedelta(seconds=5)


async def test_what_never_leaves_is_tried_more_and_more_rarely(desk: Desk) -> None:
    await desk.write()
    x = FakeX(*(errors.NotSent("connect", exchange=NEVER_LEFT) for _ in range(4)))
    waits, now = [], LATER
    for _ in range(4):
        claim = await desk.take(now=now)
        result = await _meaning_of(x, claim)
        await desk.settle(claim, result, now=now)
        assert result.again_at is not None
        waits.append(result.again_at - LATER)
        now = now + timedelta(minutes=6)
    assert waits == [timedelta(seconds=seconds) for seconds in (5, 10, 20, 40)]


async def _meaning_of(x: FakeX, claim: Claim) -> Result:
    error = x.answers.pop(0)
    assert isinstance(error, errors.XError)
    return read_error(error, claim=claim, now=LATER)


async def test_dm_to_somebody_x_has_not_named_is_refused_before_any_call(desk: Desk) -> None:
    await record_opt_in(
        account="Help",
        contact="newcomer",
        evidence=dict.fromkeys(EVIDENCE, "2026-11-20"),
        actor=desk.company.mia,
        access=desk.access,
        now=LATER - timedelta(minutes=5),
    )
    message = await desk.write_dm(recipient="newcomer")
    x = FakeX()
    await run(desk, x)
    assert x.sent == []
    assert await desk.state(message) == "failed"
    assert "never wrote" in str((await publication_of(message))["failure"])


async def test_dm_goes_out_as_a_dm(desk: Desk) -> None:
    await receive_dm(desk.company.help)
    message = await desk.write_dm()
    x = FakeX("1901")
    await run(desk, x)
    (sent,) = x.sent
    assert isinstance(sent, OutgoingDm)
    assert sent.text == message.revision.text


async def test_held_messages_do_not_keep_others_back_and_end_the_run(desk: Desk) -> None:
    for number in range(25):
        await desk.write(f"Post number {number}.")
    await set_pause(
        scope="company", kinds=[Kind.POST], reason="Crisis", actor=desk.company.ada, access=desk.access, now=LATER
    )
    await receive_dm(desk.company.help)
    await desk.write_dm()
    x = FakeX("1901")
    await run(desk, x)
    assert [type(sent) for sent in x.sent] == [OutgoingDm]
    await run(desk, x)
    await run(desk, x)
    assert (await actions()).count("publication.held") == 25


async def test_cancelled_before_the_connection_it_goes_again(desk: Desk) -> None:
    message = await desk.write()
    assert await cancelled(desk, connected=False) == "not_sent"
    assert await desk.state(message) == "scheduled"


async def test_cancelled_in_the_middle_its_outcome_is_unknown(desk: Desk) -> None:
    message = await desk.write()
    assert await cancelled(desk, connected=True) == "unknown"
    await assert_audited("publication.unknown", outcome="failed", cause="cancelled")
    assert await desk.state(message) == "outcome_unknown"


async def test_cancelled_again_and_again_it_still_settles(desk: Desk, owner: asyncpg.Connection) -> None:
    message = await desk.write()
    lock = partial(owner.execute, "SELECT 1 FROM message WHERE id = $1 FOR NO KEY UPDATE", message.id)
    async with owner.transaction():
        job = asyncio.create_task(run(desk, FakeX("1901", meanwhile=lock)))
        await until_waiting(owner, 1)
        for _ in range(3):
            job.cancel()
            await asyncio.sleep(0)
        assert not job.done()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert await desk.state(message) == "sent"


async def cancelled(desk: Desk, *, connected: bool) -> str:
    """Cancel the job while its call hangs; the cancellation is honoured, after the outcome is written."""
    x = HangingX(connected=connected)
    job = asyncio.create_task(run(desk, x))
    await asyncio.wait_for(x.asked.wait(), 10)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    (attempt,) = await attempts()
    return str(attempt["outcome"])


async def test_answer_is_kept_until_the_database_is_back(desk: Desk, owner: asyncpg.Connection) -> None:
    message = await desk.write()
    cut = partial(owner.execute, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'govern_web'")
    await run(desk, FakeX("1901", meanwhile=cut))
    assert await desk.state(message) == "sent"


async def test_nothing_changes_when_nothing_is_due(desk: Desk, owner: asyncpg.Connection) -> None:
    async with assert_nothing_changed(owner):
        assert await run(desk, FakeX()) is None
