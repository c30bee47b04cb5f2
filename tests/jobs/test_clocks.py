"""X's clock and ours minutes apart: what goes out is settled by its id, and a limit is waited for, never run into."""

from datetime import timedelta

import pytest

from govern.jobs.ingest import ingest
from tests.jobs.conftest import Live, clock
from tests.jobs.test_sandbox import post, run
from tests.sending import attempts, publication_of

APART = [-300, 300]
"""Seconds that X's clock is ahead of ours."""


@pytest.mark.parametrize("seconds", APART)
async def test_post_goes_out_once_in_its_window_by_our_own_clock(live: Live, seconds: int) -> None:
    live.sandbox.order("clock", seconds=seconds)
    message = await post(live, "The workshop opens at ten on Saturday.")
    await run(live)
    (attempt,) = await attempts()
    assert (await live.desk.state(message), attempt["outcome"]) == ("sent", "sent")
    assert attempt["finished_at"] <= attempt["deadline_at"]
    behind = max(0, -seconds) * 1_000  # a clock ahead of ours hides nothing from a reading
    assert abs(attempt["clock_offset_ms"] - behind) < 5_000
    assert live.sandbox.posts() == ["The workshop opens at ten on Saturday."]


@pytest.mark.parametrize("seconds", APART)
async def test_limit_is_waited_for_and_not_asked_again_at_once(live: Live, seconds: int) -> None:
    live.sandbox.order("clock", seconds=seconds)
    live.sandbox.order("faults", kind="rate_limit", times=1, seconds=2)
    message = await post(live)
    await run(live)
    wake_at = (await publication_of(message))["wake_at"]
    assert await live.desk.state(message) == "scheduled"
    assert clock() < wake_at < clock() + timedelta(seconds=310)
    assert await run(live) is None
    assert live.sandbox.posts() == []


@pytest.mark.parametrize("seconds", APART)
async def test_customer_who_writes_meanwhile_is_read_once(live: Live, seconds: int) -> None:
    account = live.desk.company.help
    live.sandbox.order("clock", seconds=seconds)
    live.customer("dm", "Where is my parcel?")
    assert await ingest(account, live.client(account), policies=live.desk.policies, clock=clock) == 1
    assert await ingest(account, live.client(account), policies=live.desk.policies, clock=clock) == 0
