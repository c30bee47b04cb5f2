"""Several posts or users at once, single messages, hidden replies, and the new names of the same fields."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

Keys = dict[str, str]
Inbound = Callable[..., Awaitable[str]]


async def publish(client: httpx.AsyncClient, text: str) -> str:
    return str((await client.post("/2/tweets", json={"text": text})).json()["data"]["id"])


async def test_several_posts_are_looked_up_and_those_missing_are_named(acme2: httpx.AsyncClient) -> None:
    first, second = await publish(acme2, "One"), await publish(acme2, "Two")
    found = (await acme2.get("/2/tweets", params={"ids": f"{second},12,{first}"})).json()
    assert [post["id"] for post in found["data"]] == [second, first]
    assert [error["resource_id"] for error in found["errors"]] == ["12"]


async def test_several_users_are_looked_up_and_those_missing_are_named(
    acme2: httpx.AsyncClient, inbound: Inbound, keys: Keys
) -> None:
    await inbound("dm", "hello")
    julie = (await acme2.get("/2/users/by/username/julie")).json()["data"]["id"]
    found = (await acme2.get("/2/users", params={"ids": f"{keys['id']},{julie},12", "user.fields": "verified"})).json()
    assert [(user["username"], user["verified"]) for user in found["data"]] == [("acme", True), ("julie", False)]
    assert len(found["errors"]) == 1


@pytest.mark.parametrize("ids", ["", "x", "1,,2", ",".join(map(str, range(1, 102)))])
@pytest.mark.parametrize("path", ["/2/tweets", "/2/users"])
async def test_a_list_of_ids_has_one_to_a_hundred(acme: httpx.AsyncClient, path: str, ids: str) -> None:
    assert (await acme.get(path, params={"ids": ids})).status_code == 400


async def test_a_reply_is_hidden_and_shown_by_whom_it_answers(
    acme2: httpx.AsyncClient, web: httpx.AsyncClient, inbound: Inbound
) -> None:
    ours = await publish(acme2, "News")
    reply = await inbound("mention", "Nonsense", in_reply_to=ours)
    assert (await acme2.put(f"/2/tweets/{reply}/hidden", json={"hidden": True})).status_code == 403
    made = await web.post("/_sandbox/tokens", json={"handle": "acme", "scopes": _MODERATE})
    acme2.headers["Authorization"] = f"Bearer {made.json()['access_token']}"
    for hidden in (True, False):
        answer = await acme2.put(f"/2/tweets/{reply}/hidden", json={"hidden": hidden})
        assert answer.json() == {"data": {"hidden": hidden}}
        assert (await web.get("/_sandbox/state")).json()["posts"][1]["hidden"] is hidden
    mention = await inbound("mention", "@acme hello")
    for other in (ours, mention, "12"):
        assert (await acme2.put(f"/2/tweets/{other}/hidden", json={"hidden": True})).status_code == 403


_MODERATE = "tweet.read tweet.moderate.write users.read"


async def test_a_message_is_read_by_its_two_sides_only(
    acme2: httpx.AsyncClient,
    inbound: Inbound,
    granted: Callable[..., Awaitable[httpx.AsyncClient]],
    provision: Callable[[str], Awaitable[Keys]],
) -> None:
    await provision("bravo")
    event = await inbound("dm", "hello")
    params = {"dm_event.fields": "sender_id", "expansions": "sender_id"}
    found = (await acme2.get(f"/2/dm_events/{event}", params=params)).json()
    assert (found["data"]["text"], found["includes"]["users"][0]["username"]) == ("hello", "julie")
    bravo = await granted(handle="bravo")
    assert "errors" in (await bravo.get(f"/2/dm_events/{event}")).json()


async def test_who_asks_for_posts_is_answered_about_posts(acme2: httpx.AsyncClient, inbound: Inbound) -> None:
    question = await inbound("mention", "@acme hello")
    reply = {"text": "Hello", "reply": {"in_reply_to_tweet_id": question}}
    made = (await acme2.post("/2/tweets", json=reply)).json()["data"]["id"]
    new = {"post.fields": "referenced_posts", "expansions": "referenced_posts"}
    found = (await acme2.get(f"/2/tweets/{made}", params=new)).json()
    assert found["data"]["referenced_posts"] == [{"type": "replied_to", "id": question}]
    assert found["data"]["edit_history_post_ids"] == [made]
    assert found["includes"]["posts"][0]["id"] == question
    old = {"tweet.fields": "referenced_tweets", "expansions": "referenced_tweets.id"}
    found = (await acme2.get(f"/2/tweets/{made}", params=old)).json()
    assert found["data"]["referenced_tweets"] == [{"type": "replied_to", "id": question}]
    assert found["includes"]["tweets"][0]["edit_history_tweet_ids"] == [question]


async def test_mentions_in_a_text_are_entities(acme2: httpx.AsyncClient, keys: Keys) -> None:
    post = await publish(acme2, "<We> are @acme, not @nobody")
    data = (await acme2.get(f"/2/tweets/{post}", params={"tweet.fields": "entities"})).json()["data"]
    (mention,) = data["entities"]["mentions"]
    assert (mention["username"], mention["id"]) == ("acme", keys["id"])
    assert data["text"][mention["start"] : mention["end"]] == "@acme"
