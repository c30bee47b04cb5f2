"""Posts: what X accepts, what it answers, what it refuses."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

Keys = dict[str, str]
Inbound = Callable[..., Awaitable[str]]


async def publish(client: httpx.AsyncClient, text: str, **more: Any) -> str:
    answer = await client.post("/2/tweets", json={"text": text, **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["id"])


async def test_a_post_gets_a_snowflake_id_of_its_time(acme: httpx.AsyncClient) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    first, second = await publish(acme, "One"), await publish(acme, "Two")
    made = datetime.fromtimestamp(((int(first) >> 22) + 1288834974657) / 1000, UTC)
    assert before <= made <= datetime.now(UTC)
    assert int(second) > int(first)


async def test_the_answer_has_id_text_and_edit_history(acme: httpx.AsyncClient) -> None:
    answer = await acme.post("/2/tweets", json={"text": "Hello"})
    data = answer.json()["data"]
    assert data == {"id": data["id"], "text": "Hello", "edit_history_tweet_ids": [data["id"]]}


async def test_text_comes_back_escaped_and_links_as_t_co(acme: httpx.AsyncClient, control: httpx.AsyncClient) -> None:
    text = "Fish & <chips> at https://example.com/a?b=1&c=2, now"
    post = await publish(acme, text)
    data = (await acme.get(f"/2/tweets/{post}", params={"tweet.fields": "entities"})).json()["data"]
    link = data["entities"]["urls"][0]
    assert re.fullmatch(r"Fish &amp; &lt;chips&gt; at https://t\.co/\w{10}, now", data["text"])
    assert data["text"][link["start"] : link["end"]] == link["url"]
    assert link["expanded_url"] == "https://example.com/a?b=1&c=2"
    state = (await control.get("/_sandbox/state")).json()
    assert state["posts"][0]["text"] == text


async def test_the_same_text_again_is_refused(acme: httpx.AsyncClient) -> None:
    await publish(acme, "Twice")
    answer = await acme.post("/2/tweets", json={"text": " Twice "})
    assert answer.status_code == 403
    assert answer.json()["detail"] == "You are not allowed to create a Tweet with duplicate content."


async def test_the_same_text_is_free_for_others_elsewhere_or_after_deleting(
    acme: httpx.AsyncClient,
    provision: Callable[[str], Awaitable[Keys]],
    as_account: Callable[[Keys], httpx.AsyncClient],
    inbound: Inbound,
) -> None:
    post = await publish(acme, "Thanks!")
    async with as_account(await provision("bravo")) as bravo:
        await publish(bravo, "Thanks!")
    question = await inbound("mention", "@acme hello?")
    await publish(acme, "Thanks!", reply={"in_reply_to_tweet_id": question})
    assert (await acme.delete(f"/2/tweets/{post}")).json() == {"data": {"deleted": True}}
    await publish(acme, "Thanks!")


async def test_the_duplicate_check_can_be_switched_off(acme: httpx.AsyncClient, control: httpx.AsyncClient) -> None:
    assert (await control.post("/_sandbox/rules", json={"duplicates": False})).json()["duplicates"] is False
    assert await publish(acme, "Twice") != await publish(acme, "Twice")


@pytest.mark.parametrize("text", ["a" * 280, "語" * 140, "👩‍👩‍👧‍👦" * 140, "https://example.com/" + "x" * 400])
async def test_a_text_within_280_is_accepted(acme: httpx.AsyncClient, text: str) -> None:
    assert await publish(acme, text)


@pytest.mark.parametrize("text", ["a" * 281, "語" * 141, "a" * 257 + " https://example.com"])
async def test_a_text_over_280_is_refused(acme: httpx.AsyncClient, control: httpx.AsyncClient, text: str) -> None:
    answer = await acme.post("/2/tweets", json={"text": text})
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("Your Tweet text is too long.")
    assert (await control.get("/_sandbox/state")).json()["posts"] == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b'{"text": 5}',
        b'{"text": ""}',
        b'{"text": "   "}',
        b'{"text": null}',
        b'{"text": "ok", "colour": "red"}',
        b'{"text": "ok", "reply": {}}',
        b'{"text": "ok", "reply": {"in_reply_to_tweet_id": "abc"}}',
        b'{"text": "ok", "reply": {"in_reply_to_tweet_id": 5}}',
        b'{"text": "ok", "quote_tweet_id": "-1"}',
        b'{"text": "ok", "media": {"media_ids": ["1"]}}',
        b'{"text": "\xff"}',
        b'{"text": "\\ud800"}',
        b"text=ok",
    ],
)
async def test_a_body_outside_the_schema_is_refused_in_xs_shape(
    acme: httpx.AsyncClient, control: httpx.AsyncClient, body: bytes
) -> None:
    answer = await acme.post("/2/tweets", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    problem = answer.json()
    assert problem["title"] == "Invalid Request"
    assert problem["errors"][0]["message"]
    assert (await control.get("/_sandbox/state")).json()["posts"] == []


async def test_a_reply_answers_its_post_and_is_shown_with_its_lead(acme: httpx.AsyncClient, inbound: Inbound) -> None:
    question = await inbound("mention", "@acme when?")
    answer = await acme.post("/2/tweets", json={"text": "Today", "reply": {"in_reply_to_tweet_id": question}})
    assert answer.json()["data"]["text"] == "@julie Today"
    found = await acme.get(
        f"/2/tweets/{answer.json()['data']['id']}",
        params={"tweet.fields": "referenced_tweets,conversation_id,in_reply_to_user_id"},
    )
    data = found.json()["data"]
    assert data["referenced_tweets"] == [{"type": "replied_to", "id": question}]
    assert data["conversation_id"] == question


async def test_a_reply_or_quote_of_nothing_is_refused(acme: httpx.AsyncClient) -> None:
    reply = await acme.post("/2/tweets", json={"text": "Hm", "reply": {"in_reply_to_tweet_id": "1"}})
    quote = await acme.post("/2/tweets", json={"text": "Hm", "quote_tweet_id": "1"})
    assert (reply.status_code, quote.status_code) == (403, 403)
    assert "deleted or not visible" in reply.json()["detail"]


async def test_a_post_is_deleted_by_its_author_only(
    acme: httpx.AsyncClient,
    provision: Callable[[str], Awaitable[Keys]],
    as_account: Callable[[Keys], httpx.AsyncClient],
) -> None:
    post = await publish(acme, "Mine")
    async with as_account(await provision("bravo")) as bravo:
        assert (await bravo.delete(f"/2/tweets/{post}")).status_code == 403
    assert (await acme.delete(f"/2/tweets/{post}")).json() == {"data": {"deleted": True}}
    assert (await acme.delete(f"/2/tweets/{post}")).json() == {"data": {"deleted": False}}


async def test_a_post_that_is_not_there_is_an_error_with_status_200(acme: httpx.AsyncClient) -> None:
    answer = await acme.get("/2/tweets/12345")
    assert answer.status_code == 200
    assert answer.json()["errors"][0]["detail"] == "Could not find tweet with id: [12345]."


@pytest.mark.parametrize("post", ["abc", "-1", "1" * 20, "1.5", "٣"])
async def test_an_id_that_is_no_number_is_refused(acme: httpx.AsyncClient, post: str) -> None:
    answer = await acme.get(f"/2/tweets/{post}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameters"] == {"id": [post]}


async def test_fields_and_expansions_are_given_on_request(acme: httpx.AsyncClient, keys: Keys) -> None:
    post = await publish(acme, "Hello")
    fields = {"tweet.fields": "created_at,author_id", "expansions": "author_id", "user.fields": "created_at"}
    answer = (await acme.get(f"/2/tweets/{post}", params=fields)).json()
    assert answer["data"]["author_id"] == keys["id"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", answer["data"]["created_at"])
    assert answer["includes"]["users"][0]["username"] == "acme"
    assert "created_at" in answer["includes"]["users"][0]


async def test_an_unknown_query_parameter_is_refused(acme: httpx.AsyncClient) -> None:
    answer = await acme.get("/2/tweets/12345", params={"colour": "red"})
    assert answer.status_code == 400
    assert "colour" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/2/lists"), ("GET", "/2/tweets/search/recent"), ("PUT", "/2/users/me")]
)
async def test_what_the_sandbox_does_not_offer_is_not_found(acme: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await acme.request(method, path)
    assert answer.status_code == 404
    assert answer.json() == {"title": "Not Found", "detail": "Not Found", "type": "about:blank", "status": 404}
    assert answer.headers["x-transaction-id"]
