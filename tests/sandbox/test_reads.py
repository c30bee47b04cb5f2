"""Users, timelines and mentions."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

Keys = dict[str, str]
Inbound = Callable[..., Awaitable[str]]


async def test_a_user_is_found_by_handle_in_any_case_and_by_id(acme: httpx.AsyncClient, inbound: Inbound) -> None:
    await inbound("dm", "hello", sender="Julie_B")
    found = (await acme.get("/2/users/by/username/julie_b")).json()["data"]
    assert found["username"] == "Julie_B"
    assert (await acme.get(f"/2/users/{found['id']}")).json()["data"] == found


@pytest.mark.parametrize("path", ["/2/users/by/username/nobody", "/2/users/12345"])
async def test_an_unknown_user_is_an_error_with_status_200(acme: httpx.AsyncClient, path: str) -> None:
    answer = await acme.get(path)
    assert answer.status_code == 200
    assert answer.json()["errors"][0]["title"] == "Not Found Error"


async def test_a_handle_x_would_not_have_is_refused(acme: httpx.AsyncClient) -> None:
    assert (await acme.get("/2/users/by/username/far-too-long-a-handle")).status_code == 400


async def test_the_timeline_is_newest_first_and_can_leave_out_replies(
    acme: httpx.AsyncClient, inbound: Inbound, keys: Keys
) -> None:
    question = await inbound("mention", "@acme hello")
    first = (await acme.post("/2/tweets", json={"text": "One"})).json()["data"]["id"]
    body = {"text": "Two", "reply": {"in_reply_to_tweet_id": question}}
    second = (await acme.post("/2/tweets", json=body)).json()["data"]["id"]
    answer = (await acme.get(f"/2/users/{keys['id']}/tweets")).json()
    assert [post["id"] for post in answer["data"]] == [second, first]
    assert answer["meta"] == {"result_count": 2, "newest_id": second, "oldest_id": first}
    plain = (await acme.get(f"/2/users/{keys['id']}/tweets", params={"exclude": "replies"})).json()
    assert [post["id"] for post in plain["data"]] == [first]


async def test_mentions_since_an_id_are_only_those_after_it(
    acme: httpx.AsyncClient, inbound: Inbound, keys: Keys
) -> None:
    first = await inbound("mention", "@ACME one")
    second = await inbound("mention", "two without a handle")
    path = f"/2/users/{keys['id']}/mentions"
    everything = (await acme.get(path, params={"expansions": "author_id", "tweet.fields": "author_id"})).json()
    assert [post["id"] for post in everything["data"]] == [second, first]
    assert everything["data"][0]["text"] == "@acme two without a handle"
    assert everything["includes"]["users"][0]["username"] == "julie"
    newer = (await acme.get(path, params={"since_id": first})).json()
    assert [post["id"] for post in newer["data"]] == [second]
    assert (await acme.get(path, params={"since_id": second})).json() == {"meta": {"result_count": 0}}
    older = (await acme.get(path, params={"until_id": second})).json()
    assert [post["id"] for post in older["data"]] == [first]


async def test_a_reply_to_our_post_is_a_mention_even_without_the_handle(
    acme: httpx.AsyncClient, inbound: Inbound, keys: Keys
) -> None:
    ours = (await acme.post("/2/tweets", json={"text": "News"})).json()["data"]["id"]
    reply = await inbound("mention", "Great", in_reply_to=ours)
    found = (await acme.get(f"/2/users/{keys['id']}/mentions")).json()["data"]
    assert [(post["id"], post["text"]) for post in found] == [(reply, "@acme Great")]


async def test_a_handle_inside_another_word_is_no_mention(
    acme: httpx.AsyncClient, inbound: Inbound, keys: Keys, provision: Callable[[str], Awaitable[Keys]]
) -> None:
    await provision("acme_fr")
    await inbound("mention", "@acme_fr bonjour", to="acme_fr")
    assert "data" not in (await acme.get(f"/2/users/{keys['id']}/mentions")).json()


async def test_mentions_come_in_pages(acme: httpx.AsyncClient, inbound: Inbound, keys: Keys) -> None:
    written = [await inbound("mention", f"@acme {number}") for number in range(7)]
    path = f"/2/users/{keys['id']}/mentions"
    first = (await acme.get(path, params={"max_results": "5"})).json()
    rest = (await acme.get(path, params={"pagination_token": first["meta"]["next_token"]})).json()
    assert [post["id"] for post in first["data"] + rest["data"]] == written[::-1]
    assert "next_token" not in rest["meta"]


@pytest.mark.parametrize(
    "query",
    [{"max_results": "4"}, {"max_results": "x"}, {"since_id": "x"}, {"start_time": "noon"}, {"end_time": "2026-01-01"}],
)
async def test_a_bad_range_is_refused(acme: httpx.AsyncClient, keys: Keys, query: dict[str, str]) -> None:
    assert (await acme.get(f"/2/users/{keys['id']}/tweets", params=query)).status_code == 400


async def test_a_time_range_bounds_the_timeline(acme: httpx.AsyncClient, keys: Keys) -> None:
    await acme.post("/2/tweets", json={"text": "One"})
    path = f"/2/users/{keys['id']}/tweets"
    assert "data" in (await acme.get(path, params={"start_time": "2020-01-01T00:00:00Z"})).json()
    assert "data" not in (await acme.get(path, params={"end_time": "2020-01-01T00:00:00Z"})).json()
