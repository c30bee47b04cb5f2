"""The page of limits and costs, the alarms of the overview, and what the composer says of a link."""

from datetime import UTC, datetime

import asyncpg
import httpx

from govern.domain.x_limits import X_APP
from govern.services.accounts import find_account
from tests.asserts import assert_audited
from tests.web.conftest import Api
from tests.web.panel.conftest import SignIn, Write, links, words

DOLLAR = 1_000_000


async def spend(owner: asyncpg.Connection, *, dollars: int = 0, reads: int = 0, account: str = "Help") -> None:
    """Let this month have cost so much already."""
    await owner.execute(
        "INSERT INTO x_spend (id, x_app, account, month, sends, unplanned, reads) VALUES"
        " (gen_random_uuid(), $1, $2, date_trunc('month', now() AT TIME ZONE 'UTC')::date, $3, $3, $4)",
        X_APP,
        (await find_account(account)).id,
        dollars * DOLLAR,
        reads * DOLLAR,
    )


async def test_page_shows_what_is_left_and_what_the_month_costs(browser: SignIn, owner: asyncpg.Connection) -> None:
    await spend(owner, dollars=12)
    ada = await browser("ada")
    page = await ada.get("/admin/limits")
    assert page.status_code == 200, words(page)
    said = words(page)
    assert "Posts, replies and quotes in 15 minutes 0 of 100" in said
    assert "Direct messages of all accounts in 24 hours 0 of 1,440" in said
    assert "432 kept for answers" in said
    assert "All accounts, this month $12.00 of $5,000.00" in said
    assert "warned at 80%" in said
    assert "X's bill is the truth" in said.replace("&#39;", "'")
    assert "The same with a link $0.200" in said
    assert page.text.count('class="gauge"') == 3 + 3 * 4


async def test_page_is_for_admins_and_in_their_navigation_only(browser: SignIn) -> None:
    for name, allowed in (("ada", True), ("mia", False), ("leo", False)):
        person = await browser(name)
        assert ("/admin/limits" in links(await person.get("/admin/settings"))) is allowed
        assert (await person.get("/admin/limits")).status_code == (200 if allowed else 403)


async def test_ceiling_is_set_on_the_page_and_recorded(browser: SignIn) -> None:
    ada = await browser("ada")
    version = (await find_account("Help")).version
    page = await ada.follow(await ada.post("/admin/limits/Help/ceiling", version=version, ceiling="40"))
    assert "$0.00 of $40.00" in words(page)
    entry = await assert_audited("account.edited")
    assert entry["change"] == {"monthly_ceiling": {"before": None, "after": 40}}
    answer = await ada.post("/admin/limits/Help/ceiling", version=version, ceiling="50")
    assert answer.status_code == 409
    answer = await ada.post("/admin/limits/Help/ceiling", version=version + 1, ceiling="-1")
    assert answer.status_code == 422
    await ada.follow(await ada.post("/admin/limits/Help/ceiling", version=version + 1, ceiling=""))
    assert (await find_account("Help")).monthly_ceiling is None
    mia = await browser("mia")
    assert (await mia.post("/admin/limits/Help/ceiling", version=version + 2, ceiling="9")).status_code == 403


async def test_admin_says_try_again_when_there_are_credits(browser: SignIn, owner: asyncpg.Connection) -> None:
    ada = await browser("ada")
    assert (await ada.post("/admin/limits/try-again")).status_code == 409
    await owner.execute(
        "INSERT INTO x_app (name, spent_at, probe_at) VALUES ($1, now(), now() + interval '5 minutes')", X_APP
    )
    assert "no account sends" in words(await ada.get("/admin"))
    assert "One message tries again at" in words(await ada.get("/admin/limits"))
    page = await ada.follow(await ada.post("/admin/limits/try-again"))
    assert "The next message that is due tries again." in words(page)
    await assert_audited("x.credits_tried")
    leo = await browser("leo")
    assert (await leo.post("/admin/limits/try-again")).status_code == 403


async def test_near_ceiling_is_an_alarm_once_for_those_who_can_act(browser: SignIn, owner: asyncpg.Connection) -> None:
    await owner.execute("UPDATE account SET monthly_ceiling = 100 WHERE handle = 'Help'")
    await spend(owner, dollars=79)
    ada = await browser("ada")
    assert "of its monthly ceiling" not in words(await ada.get("/admin"))
    await owner.execute("UPDATE x_spend SET sends = 80000000")
    assert words(await ada.get("/admin")).count("@Help has spent 80% of its monthly ceiling.") == 1
    leo = await browser("leo")
    assert "of its monthly ceiling" not in words(await leo.get("/admin"))
    await owner.execute("UPDATE x_spend SET reads = 1200000000")
    assert "Reading from X has cost 120% of its monthly ceiling." in words(await ada.get("/admin"))


async def test_late_unknown_and_lost_keys_are_alarms_once_per_cause(
    browser: SignIn, write: Write, owner: asyncpg.Connection
) -> None:
    leo = await browser("leo")
    assert "/admin/messages?state=scheduled" not in links(await leo.get("/admin"))
    for text in ("One thing.", "Another thing."):
        message = await write("ana", text=text)
        mia = await browser("mia")
        await mia.post(f"/admin/messages/{message.id}/decide", what="approve", revision="1")
    await owner.execute("UPDATE account SET state = 'needs_reauth' WHERE handle = 'Help'")
    await owner.execute("UPDATE message SET state = 'outcome_unknown', updated_at = now() - interval '16 minutes'")
    said = words(await leo.get("/admin"))
    assert said.count("Nobody knows for over 15 minutes whether 2 messages are out.") == 1
    assert said.count("@Help must be connected to X again.") == 1
    noa = await browser("noa")
    assert "must be connected to X again" not in words(await noa.get("/admin")), "of another account"


async def test_composer_says_what_a_link_costs(browser: SignIn) -> None:
    ana = await browser("ana")
    fields = {"account": "Help", "kind": "post", "do": "check"}
    page = await ana.post("/admin/compose", **fields, text="All of it is at https://www.brand.com/help")
    assert "13 times a plain post" in words(page)
    page = await ana.post("/admin/compose", **fields, text="All of it is in our shops.")
    assert "13 times a plain post" not in words(page)


async def test_api_tells_the_same(api: Api, owner: asyncpg.Connection) -> None:
    await spend(owner, dollars=3, reads=2)
    answer = await api("ada").get("/limits")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert {each["account"] for each in told["accounts"]} == {"Help", "News", "Shop"}
    ours = next(each for each in told["accounts"] if each["account"] == "Help")
    assert ours["month"]["spent_micro_usd"] == 3 * DOLLAR
    assert ours["windows"][0] == {
        "bucket": "post",
        "limit": 100,
        "remaining": 100,
        "kept_for_answers": 20,
        "reset_at": ours["windows"][0]["reset_at"],
        "counted_by_x": False,
    }
    assert told["app"]["reads"]["spent_micro_usd"] == 2 * DOLLAR
    assert told["app"]["month"]["ceiling_usd"] == 5_000
    assert datetime.fromisoformat(told["month_ends"]) > datetime.now(UTC)
    refused: httpx.Response = await api("mia").get("/limits")
    assert refused.status_code == 403
