"""Limits, money and rules where X itself speaks: the sandbox's headers, 429 of each family, 402, and what reading costs."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import asyncpg
import pytest

from govern import settings
from govern.database import rows
from govern.domain.accounts import Account
from govern.domain.messages import Kind
from govern.domain.x_prices import CostKind
from govern.services.passing import Passed
from govern.services.spending import is_poll_due, record_reads
from govern.services.x_app import read_app
from govern.tables import RateWindow, XCost, XSpend
from govern.worker_jobs import Jobs
from tests.asserts import actions, assert_audited
from tests.jobs.conftest import Live, clock
from tests.jobs.test_sandbox import post, run
from tests.sending import publication_of
from tests.services.test_room import with_ceilings


async def poll(live: Live, account: Account) -> None:
    """Read what was written to an account, as the worker's round does."""
    jobs = Jobs(live.desk.config)
    await jobs._for(account, jobs._ingest)


async def window(bucket: str = "post") -> dict[str, object]:
    return rows(await RateWindow.select().where(RateWindow.bucket == bucket))[0]


async def test_headers_of_an_answer_win_over_the_file(live: Live) -> None:
    live.sandbox.order("rules", rate_limits={"POST /2/tweets": 7})
    await post(live)
    await run(live)
    found = await window()
    assert (found["quota"], found["remaining"]) == (7, 6)
    assert found["seen_at"] is not None


@pytest.mark.parametrize(
    ("kind", "bucket", "quota"),
    [("rate_limit", "post", 100), ("rate_limit_88", "post", 100), ("rate_limit_day", "post_day", 100)],
)
async def test_429_of_each_family_empties_its_window_and_all_wait_for_it(
    live: Live, kind: str, bucket: str, quota: int
) -> None:
    live.sandbox.order("faults", kind=kind, times=1, seconds=30)
    first, second = await post(live), await post(live, "Another text.")
    await run(live)
    found = await window(bucket)
    assert (found["quota"], found["remaining"]) == (quota, 0)
    assert timedelta(0) < found["reset_at"] - clock() <= timedelta(seconds=31)  # type: ignore[operator]
    assert await run(live) is None, "the other one is not tried: X would refuse it as well"
    held = await publication_of(second)
    assert (held["hold"], held["wake_at"] >= found["reset_at"]) == ("limit", True)
    assert await live.desk.state(first) == "scheduled"
    assert live.sandbox.posts() == []


@pytest.mark.parametrize("kind", ["no_credits", "usage_cap"])
async def test_without_credits_no_account_sends(live: Live, kind: str) -> None:
    live.sandbox.order("faults", kind=kind, times=1)
    await post(live)
    mention = live.customer("mention", "@News is that so?", to="News")
    await poll(live, live.desk.company.news)
    news = live.desk.company
    answer = await post(live, "It is.", account="News", author=news.noa, kind=Kind.REPLY, in_reply_to=mention)
    await run(live)
    assert await live.desk.claim(account=news.news, now=clock()) == Passed(reason="credits")
    assert (await publication_of(answer))["hold"] == "credits"
    assert live.sandbox.posts() == ["@News is that so?"]
    assert (await actions()).count("x.credits_spent") == 1
    assert (await window())["remaining"] != 0, "the window still has calls: credits are another thing"


async def test_what_we_count_is_what_the_sandbox_bills(live: Live) -> None:
    live.sandbox.order("rules", credit=10_000_000)
    mention = live.customer("mention", "@Help where is my parcel?")
    live.customer("dm", "And where is my other one?")
    await poll(live, live.desk.company.help)
    await post(live, "On its way.", author=live.desk.company.leo, kind=Kind.REPLY, in_reply_to=mention)
    await run(live)
    await post(live, "All of it is at https://www.brand.com/help")
    await run(live)
    kinds = {row["kind"]: row["units"] for row in rows(await XCost.select())}
    assert kinds == {"read_post": 1, "read_dm": 1, "read_user": 2, "summoned_reply": 1, "post_with_url": 1}
    before = rows(await XSpend.select())[0]["reads"]
    await poll(live, live.desk.company.help)
    assert rows(await XSpend.select())[0]["reads"] == before, "X bills a thing once a day"


async def test_spent_reading_is_done_more_rarely(live: Live) -> None:
    help_id, prices = live.desk.company.help.id, live.desk.policies.screening.x.prices
    rules = with_ceilings(live.desk.policies, reads=1).screening.x
    assert await is_poll_due(help_id, rules=rules, now=clock())
    await poll(live, live.desk.company.help)
    assert await is_poll_due(help_id, rules=rules, now=clock())
    await record_reads(help_id, {CostKind.READ_USER: 100}, prices=prices, now=clock())
    assert not await is_poll_due(help_id, rules=rules, now=clock())
    assert await is_poll_due(help_id, rules=rules, now=clock() + timedelta(minutes=15))


@pytest.fixture
def contract(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """`contract("self_serve")`: from now on that is the contract with X."""

    def sign(tier: str) -> None:
        monkeypatch.setenv("GOVERN_X_APP_TIER", tier)
        settings.current.cache_clear()

    yield sign
    monkeypatch.undo()
    settings.current.cache_clear()


async def test_what_the_contract_forbids_waits_and_is_not_lost(
    live: Live, contract: Callable[[str], None], owner: asyncpg.Connection
) -> None:
    mention = live.customer("mention", "@Help is it true?")
    await poll(live, live.desk.company.help)
    quote = await post(live, "A question we hear often.", kind=Kind.QUOTE, in_reply_to=mention)
    contract("self_serve")
    for _ in range(2):
        await owner.execute("UPDATE publication SET wake_at = now() - interval '1 second'")
        assert await run(live) is None
    held = await publication_of(quote)
    assert (held["hold"], held["hold_reason"]) == ("rule", "With this API contract X refuses quote posts.")
    screened = "SELECT count(*) FROM screening WHERE moment = 'send'"
    assert await owner.fetchval(screened) == 1, "kept once, not each time it is asked"
    contract("enterprise")
    await owner.execute("UPDATE publication SET wake_at = now() - interval '1 second'")
    await run(live)
    assert await live.desk.state(quote) == "sent"


async def test_refusal_that_contradicts_our_rules_is_told_once(live: Live, owner: asyncpg.Connection) -> None:
    await owner.execute("UPDATE account SET length_limit = 25000")
    for number in (1, 2):
        message = await post(live, f"A long story, part {number}. " + "It goes on and on. " * 20)
        await run(live)
        assert await live.desk.state(message) == "failed"
    assert (await actions()).count("x.rules_outdated") == 1
    digest = live.desk.policies.screening.digest
    await assert_audited("x.rules_outdated", outcome="failed", rule="X-LENGTH", reason="too_long", policy=digest)
    assert (await read_app()).outdated_digest == digest
