"""A claim asks for permissions, credits, money and calls; what there is no room for is held, and says until when."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace

from govern.access import Access
from govern.database import rows
from govern.domain.accounts import Account
from govern.domain.credentials import BASE_SCOPES, MissingScopes
from govern.domain.media import Image, MediaType
from govern.domain.members import PUBLISHER
from govern.domain.messages import Kind, Message
from govern.domain.publications import Outcome
from govern.domain.x_limits import Family, RateSeen
from govern.domain.x_prices import Ceilings
from govern.services.answers import Result
from govern.services.ceilings import set_ceiling
from govern.services.passing import Passed
from govern.services.policies import Policies
from govern.services.rate_windows import take_one
from govern.services.room import wish_of
from govern.services.sending import Claim
from govern.services.use_case import use_case
from govern.services.x_app import CREDITS_AGAIN
from govern.settings import Settings
from govern.tables import RateWindow, XCost, XSpend
from tests.asserts import actions, assert_audited
from tests.factories import NOW, receive_dm, receive_mention
from tests.sending import LATER, Desk, make_desk, publication_of, until_waiting


@pytest.fixture
async def desk(database: None, owner: asyncpg.Connection, access: Access, policies: Policies, config: Settings) -> Desk:
    return await make_desk(owner, access, policies, config)


def with_limits(policies: Policies, **limits: int) -> Policies:
    x = policies.screening.x
    return with_x(policies, limits=replace(x.limits, **limits))


def with_ceilings(policies: Policies, **ceilings: int) -> Policies:
    return with_x(policies, ceilings=Ceilings(**ceilings))


def with_x(policies: Policies, **parts: Any) -> Policies:
    screening = policies.screening
    return replace(policies, screening=replace(screening, x=replace(screening.x, **parts)))


async def windows() -> dict[tuple[str, bool], dict[str, Any]]:
    """The rate windows by name, the app's apart."""
    found = rows(await RateWindow.select())
    return {(row["bucket"], row["account"] is None): row for row in found}


async def settled(desk: Desk, *, now: Any = LATER, **result: Any) -> None:
    claim = await desk.take(now=now)
    await desk.settle(
        claim, Result(**{"outcome": Outcome.SENT, "x_id": str(claim.attempt.int % 10**18), **result}), now=now
    )


async def write_answer(desk: Desk, text: str = "Your parcel arrives today.") -> Message:
    mention = await receive_mention(desk.company.help, at=NOW - timedelta(minutes=1))
    return await desk.write(text, author=desk.company.leo, kind=Kind.REPLY, in_reply_to=mention)


async def test_claim_takes_one_call_and_a_spent_window_holds_until_it_opens(desk: Desk) -> None:
    desk.policies = with_limits(desk.policies, post=2, answers_percent=0)
    first, second, third = [
        await desk.write(text, now=NOW + timedelta(seconds=after))
        for after, text in enumerate(("One.", "Two.", "Three."))
    ]
    await settled(desk)
    assert (await windows())[("post", False)]["remaining"] == 1
    await settled(desk)
    assert await desk.claim() == Passed(reason="limit")
    assert [await desk.state(each) for each in (first, second, third)] == ["sent", "sent", "approved"]
    held, window = await publication_of(third), (await windows())[("post", False)]
    assert held["hold"] == "limit"
    assert window["reset_at"] <= held["wake_at"] < window["reset_at"] + timedelta(seconds=5)
    assert "takes no more posts of this account before" in held["hold_reason"]
    assert await desk.claim() is None, "it is not asked again before"
    await settled(desk, now=held["wake_at"])
    assert await desk.state(third) == "sent"


async def test_posts_leave_answers_their_part_of_a_window(desk: Desk) -> None:
    desk.policies = with_limits(desk.policies, post=5, answers_percent=20)
    for number in range(5):
        await desk.write(f"Post number {number}.")
    answer = await write_answer(desk)
    await settled(desk)
    assert await desk.state(answer) == "sent", "an answer comes before five posts that were there first"
    for _ in range(3):
        await settled(desk)
    assert await desk.claim() == Passed(reason="limit")
    second = await write_answer(desk, "Yes, until six.")
    await settled(desk)
    assert await desk.state(second) == "sent"


async def test_message_to_who_waits_for_nothing_is_no_answer(desk: Desk) -> None:
    await receive_dm(desk.company.help)
    answer = await desk.write_dm()
    assert (await publication_of(answer))["lane"] == 0
    await settled(desk)
    further = await desk.write_dm("By the way, we open on Sundays as well.")
    assert (await publication_of(further))["lane"] == 2
    await receive_dm(desk.company.help, text="And on Mondays?", at=LATER + timedelta(minutes=1))
    assert (await publication_of(await desk.write_dm("Closed on Mondays.")))["lane"] == 0
    assert (await publication_of(await write_answer(desk)))["lane"] == 0
    assert (await publication_of(await desk.write("Plain.")))["lane"] == 2
    assert (await publication_of(await desk.write("Timed.", scheduled_at=NOW + timedelta(hours=1))))["lane"] == 1


async def test_last_private_message_of_the_whole_app_goes_to_one_of_two_accounts(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    limits = replace(desk.policies.screening.x.limits, dm_app_day=1)

    async def take(account: Account) -> str | None:
        async with use_case(actor=PUBLISHER, now=LATER):
            full = await take_one(account.id, Kind.DM, 0, limits=limits, now=LATER)
        return None if full is None else full.sentence

    async with owner.transaction():
        await owner.execute("LOCK TABLE rate_window IN SHARE MODE")
        both = [asyncio.create_task(take(each)) for each in (desk.company.help, desk.company.news)]
        await until_waiting(owner, 2)
    said = await asyncio.gather(*both)
    assert sorted(each is None for each in said) == [False, True]
    assert "of all accounts together" in next(each for each in said if each)
    found = await windows()
    assert found[("dm_day", True)]["remaining"] == 0
    assert sum(row["quota"] - row["remaining"] for row in rows(await RateWindow.select()) if row["bucket"] == "dm") == 1


async def test_accounts_do_not_wait_for_each_others_windows(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.write("One.")
    await settled(desk)
    mention = await receive_mention(desk.company.news, at=NOW)
    await desk.write("It is.", account="News", author=desk.company.noa, kind=Kind.REPLY, in_reply_to=mention)
    async with owner.transaction():
        await owner.execute("SELECT 1 FROM rate_window WHERE account = $1 FOR UPDATE", desk.company.help.id)
        claim = await asyncio.wait_for(desk.claim(account=desk.company.news), 4)
    assert isinstance(claim, Claim)


@pytest.mark.parametrize("family", Family)
async def test_what_x_says_of_a_window_wins(desk: Desk, family: Family) -> None:
    await desk.write("One.")
    reset = LATER + timedelta(minutes=4)
    await settled(desk, rates=(RateSeen(family=family, limit=200, remaining=0, reset_at=reset),))
    name = "post" if family is Family.WINDOW else "post_day"
    window = (await windows())[(name, family is Family.APP_DAY)]
    assert (window["quota"], window["remaining"], window["reset_at"], window["seen_at"]) == (200, 0, reset, LATER)
    message = await desk.write("Two.")
    assert await desk.claim() == Passed(reason="limit")
    assert (await publication_of(message))["wake_at"] >= reset
    await desk.claim(now=reset + timedelta(seconds=6))
    window = (await windows())[(name, family is Family.APP_DAY)]
    assert (window["quota"], window["remaining"]) == (200, 199), "a new window has the quota X told"


async def test_header_that_makes_no_sense_stops_nobody_for_years(desk: Desk) -> None:
    await desk.write("One.")
    far = NOW + timedelta(days=365 * 50)
    await settled(desk, rates=(RateSeen(family=Family.WINDOW, limit=10**12, remaining=0, reset_at=far),))
    assert (await windows())[("post", False)]["reset_at"] == LATER + timedelta(minutes=15)


async def test_what_never_left_used_no_call(desk: Desk) -> None:
    await desk.write("One.")
    await settled(desk, outcome=Outcome.NOT_SENT, x_id=None, code="dns", again_at=LATER)
    window = (await windows())[("post", False)]
    assert window["remaining"] == window["quota"]
    assert rows(await XCost.select()) == []


async def test_what_is_sent_and_what_may_be_out_costs_and_what_x_refused_does_not(desk: Desk) -> None:
    await desk.write("All of it is at https://www.brand.com/help")
    await settled(desk)
    await desk.write("Two.")
    await settled(desk, outcome=Outcome.UNKNOWN, x_id=None, code="timeout")
    await desk.write("Three.")
    await settled(desk, outcome=Outcome.REFUSED, x_id=None, code="forbidden", reason="no")
    await write_answer(desk)
    await settled(desk)
    costs = [(row["kind"], row["micro_usd"]) for row in rows(await XCost.select().order_by(XCost.micro_usd))]
    assert costs == [("summoned_reply", 10_000), ("post", 15_000), ("post_with_url", 200_000)]
    (spend,) = rows(await XSpend.select())
    assert (spend["sends"], spend["month"].isoformat()) == (225_000, "2026-11-01")


@pytest.mark.parametrize("whose", ["account", "company"])
async def test_spent_ceiling_holds_posts_at_once_and_answers_after_their_reserve(desk: Desk, whose: str) -> None:
    desk.policies = with_ceilings(desk.policies, **{whose: 1, "answers_reserve_percent": 2})
    await desk.write("One.")
    await settled(desk)
    await XSpend.update({XSpend.sends: 985_000}).where(XSpend.sends > 0)
    await desk.write("Exactly at the ceiling.")
    await settled(desk)
    post = await desk.write("Above it.")
    assert await desk.claim() == Passed(reason="budget")
    held = await publication_of(post)
    assert (
        f"ceiling {'of the company' if whose == 'company' else 'of this account'} is reached (1 USD"
        in held["hold_reason"]
    )
    assert held["wake_at"] == LATER + timedelta(minutes=15)
    for text in ("First answer.", "Second answer."):
        answer = await write_answer(desk, text)
        await settled(desk)
        assert await desk.state(answer) == "sent"
    assert await desk.claim() is None
    await write_answer(desk, "Third answer.")
    assert await desk.claim() == Passed(reason="budget"), "the reserve is spent as well"
    assert (await actions()).count("publication.held") == 2


async def test_raised_ceiling_wakes_what_waited_for_it(desk: Desk) -> None:
    desk.policies = with_ceilings(desk.policies, account=0)
    message = await desk.write()
    assert await desk.claim() == Passed(reason="budget")
    await set_ceiling(
        "Help", ceiling=1, version=desk.company.help.version, actor=desk.company.ada, access=desk.access, now=LATER
    )
    assert isinstance(await desk.claim(), Claim)
    assert await desk.state(message) == "sending"


async def test_without_credits_all_accounts_wait_one_tries_and_admins_are_told_once(desk: Desk) -> None:
    first, second = await desk.write("One."), await desk.write("Two.")
    await settled(desk, x_id=None, outcome=Outcome.REFUSED, code="no_credits", reason="none", again_at=LATER)
    assert await desk.claim() == Passed(reason="credits")
    assert await desk.claim() == Passed(reason="credits")
    assert await desk.claim() is None
    until = (await publication_of(second))["wake_at"]
    assert until == LATER + CREDITS_AGAIN
    probe = await desk.take(now=until)
    await desk.settle(
        probe,
        Result(outcome=Outcome.REFUSED, code="no_credits", reason="none", again_at=until + CREDITS_AGAIN),
        now=until,
    )
    later = until + timedelta(minutes=1)
    assert await desk.claim(now=later) == Passed(reason="credits"), "one message tries, not all"
    assert (await actions()).count("x.credits_spent") == 1
    again = until + CREDITS_AGAIN
    await settled(desk, now=again)
    await assert_audited("x.credits_back")
    await settled(desk, now=again + timedelta(minutes=1))
    assert {await desk.state(first), await desk.state(second)} == {"sent"}


async def test_account_without_the_permission_is_refused_at_submit_and_held_in_the_claim(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    message = await desk.write()
    scopes = [scope for scope in BASE_SCOPES if scope != "tweet.write"]
    await owner.execute("UPDATE account_credential SET kind = 'oauth2', scopes = $1", scopes)
    with pytest.raises(MissingScopes, match=r"without tweet\.write"):
        await desk.write("Another text.")
    assert await desk.claim() == Passed(reason="scope")
    assert "tweet.write" in (await publication_of(message))["hold_reason"]
    await owner.execute("UPDATE account_credential SET scopes = $1", list(BASE_SCOPES))
    assert isinstance(await desk.claim(now=LATER + timedelta(minutes=1)), Claim)


async def test_described_image_is_counted_with_its_message(desk: Desk) -> None:
    message = await desk.write()
    image = Image(
        id=message.id,
        position=1,
        digest=b"",
        media_type=next(iter(MediaType)),
        width=1,
        height=1,
        size=1,
        alt_text="Our shop",
    )
    pictured = replace(message, revision=replace(message.revision, images=(image,)))
    wish = await wish_of(message.id, pictured, lane=2, not_after=LATER, policies=desk.policies)
    assert [(line.kind.value, line.units, line.micro_usd) for line in wish.cost.lines] == [
        ("post", 1, 15_000),
        ("media_metadata", 1, 5_000),
    ]
