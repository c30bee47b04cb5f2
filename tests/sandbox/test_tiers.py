"""X's rules by contract, credits, and what X switches off for one account."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

Keys = dict[str, str]
Inbound = Callable[..., Awaitable[str]]
Rules = Callable[..., Awaitable[None]]


@pytest.fixture
def rules(web: httpx.AsyncClient) -> Rules:
    async def change(**wanted: Any) -> None:
        answer = await web.post("/_sandbox/rules", json=wanted)
        assert answer.status_code == 200, answer.text

    return change


async def publish(client: httpx.AsyncClient, text: str, **more: Any) -> httpx.Response:
    return await client.post("/2/tweets", json={"text": text, **more})


def reply(target: str) -> dict[str, Any]:
    return {"reply": {"in_reply_to_tweet_id": target}}


async def test_self_serve_answers_only_who_summoned_it(
    acme2: httpx.AsyncClient, rules: Rules, inbound: Inbound, provision: Callable[[str], Awaitable[Keys]]
) -> None:
    await provision("bravo")
    ours = (await publish(acme2, "News")).json()["data"]["id"]
    mention = await inbound("mention", "@acme hello")
    quote = await inbound("mention", "Look at this", quote=ours)
    theirs = await inbound("mention", "@bravo hello", to="bravo")
    await rules(tier="self_serve")
    for target in (ours, mention, quote):
        assert (await publish(acme2, "Hello", **reply(target))).status_code == 201
    refused = await publish(acme2, "Hello", **reply(theirs))
    assert refused.status_code == 403
    assert refused.json()["detail"].startswith("Reply to this conversation is not allowed because")


async def test_self_serve_quotes_nobody_else(acme2: httpx.AsyncClient, rules: Rules, inbound: Inbound) -> None:
    mention = await inbound("mention", "@acme hello")
    await rules(tier="self_serve")
    refused = await publish(acme2, "Hello", quote_tweet_id=mention)
    assert refused.status_code == 403
    assert refused.json()["detail"].startswith("Quoting this post is not allowed because")
    await rules(tier="enterprise")
    assert (await publish(acme2, "Hello", quote_tweet_id=mention)).status_code == 201


async def test_self_serve_has_one_cashtag_a_post(acme2: httpx.AsyncClient, rules: Rules) -> None:
    await rules(tier="self_serve")
    assert (await publish(acme2, "$ACME costs $5 or US$6")).status_code == 201
    assert (await publish(acme2, "$ACME and $BRVO.A")).status_code == 403
    await rules(tier="enterprise")
    assert (await publish(acme2, "$ACME and $BRVO.A")).status_code == 201


async def test_the_duplicate_check_can_look_back_for_minutes_only(
    acme2: httpx.AsyncClient, rules: Rules, web: httpx.AsyncClient
) -> None:
    await rules(duplicates=10)
    await publish(acme2, "Twice")
    assert (await publish(acme2, "Twice")).status_code == 403
    await web.post("/_sandbox/clock", json={"seconds": 601})
    assert (await publish(acme2, "Twice")).status_code == 201
    assert (await publish(acme2, "Twice")).status_code == 403


async def test_a_long_post_needs_an_account_that_pays_and_comes_back_cut(
    acme2: httpx.AsyncClient, web: httpx.AsyncClient
) -> None:
    text = "A & b " * 100 + "https://example.com"
    assert (await publish(acme2, text)).status_code == 400
    await web.post("/_sandbox/people", json={"handle": "acme", "long_posts": True})
    made = (await publish(acme2, text)).json()["data"]
    assert "… https://t.co/" in made["text"]
    assert len(made["text"]) < 500
    found = await acme2.get(f"/2/tweets/{made['id']}", params={"tweet.fields": "note_tweet,entities"})
    note = found.json()["data"]["note_tweet"]
    assert note["text"].startswith("A &amp; b A &amp; b")
    assert note["entities"]["urls"][0]["expanded_url"] == "https://example.com"
    assert (await publish(acme2, "x" * 25_001)).status_code == 400


async def test_every_call_is_billed_at_xs_prices(
    acme2: httpx.AsyncClient, web: httpx.AsyncClient, inbound: Inbound
) -> None:
    question = await inbound("mention", "@acme hello")
    await publish(acme2, "Plain")
    await publish(acme2, "See example.com")
    await publish(acme2, "Hello", **reply(question))
    await acme2.get(f"/2/tweets/{question}")
    await acme2.get("/2/users/by/username/julie")
    bill = (await web.get("/_sandbox/bill")).json()
    assert bill["spent"] == 15_000 + 200_000 + 10_000 + 5_000 + 10_000
    assert bill["counts"]["post_with_url"] == 1
    assert "$0.240" in (await web.get("/")).text


async def test_without_credits_nothing_is_done_or_read(acme2: httpx.AsyncClient, rules: Rules) -> None:
    await rules(credit=20_000)
    assert (await publish(acme2, "One")).status_code == 201
    assert (await publish(acme2, "Two")).status_code == 201
    answer = await publish(acme2, "Three")
    assert (answer.status_code, answer.json()["title"]) == (402, "CreditsDepleted")
    assert (await acme2.get("/2/users/me")).status_code == 402
    await rules(credit=None)
    assert (await publish(acme2, "Three")).status_code == 201


async def test_a_suspended_account_can_do_nothing_and_is_not_there_for_others(
    acme2: httpx.AsyncClient, as_app: httpx.AsyncClient, web: httpx.AsyncClient, keys: Keys
) -> None:
    await web.post("/_sandbox/people", json={"handle": "acme", "suspended": True})
    answer = await publish(acme2, "One")
    assert (answer.status_code, "suspended" in answer.json()["detail"]) == (403, True)
    seen = (await as_app.get(f"/2/users/{keys['id']}")).json()
    assert seen["errors"][0]["detail"] == f"User has been suspended: [{keys['id']}]."
    await web.post("/_sandbox/people", json={"handle": "acme", "suspended": False})
    assert (await publish(acme2, "One")).status_code == 201


@pytest.mark.parametrize("change", [{"tier": "free"}, {"duplicates": 0}, {"credit": "much"}, {"summoned": True}])
async def test_a_rule_that_makes_no_sense_is_refused(web: httpx.AsyncClient, change: dict[str, Any]) -> None:
    before = (await web.get("/_sandbox/rules")).json()
    assert (await web.post("/_sandbox/rules", json=change)).status_code == 400
    assert (await web.get("/_sandbox/rules")).json() == before
