"""X's JSON as our values: every page, oldest first, plain text."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.xapi.answers import Entities, Link, plain_text
from govern.xapi.call import MAX_PAGES
from govern.xapi.client import XUser
from govern.xapi.errors import OutcomeUnknown
from govern.xapi.snowflake import EPOCH_MS, snowflake_floor, snowflake_time
from tests.xapi.conftest import client_of, http, odd_server, problem

ANN = {"id": "22", "username": "ann", "name": "Ann"}
US = {"id": "11", "username": "us", "name": "Us"}


def post(x_id: int, text: str = "hello", **more: object) -> dict[str, object]:
    return {"id": str(x_id), "text": text, "author_id": "22", "conversation_id": str(x_id), **more}


def dm(x_id: int, sender: str = "22", conversation: str = "11-22") -> dict[str, object]:
    return {"id": str(x_id), "sender_id": sender, "dm_conversation_id": conversation, "text": f"n{x_id}"}


def page(*data: object, token: str | None = None, users: tuple[object, ...] = (ANN,)) -> bytes:
    meta = {"result_count": len(data)} | ({"next_token": token} if token else {})
    return http(200, {"data": list(data), "includes": {"users": list(users)}, "meta": meta})


async def test_mentions_come_from_all_pages_oldest_first() -> None:
    async with odd_server(page(post(9), post(8), token="two"), page(post(8), post(7))) as x:
        mentions = await client_of(x).mentions("5")
        assert "pagination_token=two" in x.target
        assert "since_id=5" in x.target
    assert [mention.x_id for mention in mentions] == ["7", "8", "9"]


async def test_mention_tells_who_wrote_what_and_when() -> None:
    asked = post(1 << 40, "@us &amp;amp; a &lt;b&gt;?", referenced_tweets=[{"type": "replied_to", "id": "3"}])
    async with odd_server(page(asked)) as x:
        (mention,) = await client_of(x).mentions(None)
    assert (mention.author_id, mention.author_handle, mention.author_name) == ("22", "ann", "Ann")
    assert (mention.text, mention.in_reply_to) == ("@us &amp; a <b>?", "3")
    assert mention.created_at == snowflake_time(str(1 << 40))


async def test_author_that_x_leaves_out_has_no_handle() -> None:
    async with odd_server(page(post(9), users=())) as x:
        (mention,) = await client_of(x).mentions(None)
    assert (mention.author_id, mention.author_handle, mention.author_name) == ("22", None, None)


async def test_empty_list_has_no_data() -> None:
    async with odd_server(http(200, {"meta": {"result_count": 0}})) as x:
        client = client_of(x)
        assert await client.mentions(None) == []
        assert await client.own_posts(None) == []
        assert await client.dm_events(None) == []


async def test_dm_events_are_read_down_to_the_known_one() -> None:
    async with odd_server(page(dm(9), dm(8, "11"), token="two"), page(dm(7), dm(6), dm(5), token="three")) as x:
        events = await client_of(x).dm_events("6")
        assert len(x.requests) == 2, "the known event ends the reading"
    assert [event.x_id for event in events] == ["7", "8", "9"]


async def test_dm_events_tell_both_ways() -> None:
    async with odd_server(page(dm(9), dm(8, "11"), dm(7, conversation="4711"), users=(ANN, US))) as x:
        group, sent, received = await client_of(x).dm_events(None)
    assert (sent.sender_handle, sent.recipient_id, sent.recipient_handle) == ("us", "22", "ann")
    assert (received.sender_handle, received.recipient_id, received.recipient_handle) == ("ann", "11", "us")
    assert (group.sender_id, group.recipient_id) == ("22", None)


async def test_own_posts_tell_reply_and_quote() -> None:
    refs = [{"type": "replied_to", "id": "3"}, {"type": "quoted", "id": "4"}]
    async with odd_server(page(post(9, referenced_tweets=refs))) as x:
        (own,) = await client_of(x).own_posts("1")
        assert x.target.startswith("/2/users/11/tweets?")
    assert (own.in_reply_to, own.quote_of) == ("3", "4")


async def test_long_post_is_read_whole() -> None:
    link = {"url": "https://t.co/abc", "expanded_url": "https://example.com/?a=1&b=2"}
    note = {"text": "the whole &amp; https://t.co/abc", "entities": {"urls": [link]}}
    async with odd_server(page(post(9, "the wh…", note_tweet=note))) as x:
        (own,) = await client_of(x).own_posts(None)
    assert own.text == "the whole & https://example.com/?a=1&b=2"


async def test_account_without_a_known_id_asks_who_it_is_once() -> None:
    async with odd_server(http(200, {"data": US}), page()) as x:
        client = client_of(x, x_id=None)
        await client.mentions(None)
        await client.own_posts(None)
        paths = [request.split(b" ")[1].split(b"?")[0] for request in x.requests]
    assert paths == [b"/2/users/me", b"/2/users/11/mentions", b"/2/users/11/tweets"]


async def test_pages_without_an_end_are_an_error() -> None:
    async with odd_server(page(post(9), token="again")) as x:
        with pytest.raises(OutcomeUnknown):
            await client_of(x).mentions(None)
        assert len(x.requests) == MAX_PAGES


@pytest.mark.parametrize("data", [[{"text": "no id"}], [{**post(9), "id": "9; DROP"}], {"id": "9"}, "text"])
async def test_page_of_another_form_is_an_error(data: object) -> None:
    async with odd_server(http(200, {"data": data})) as x:
        with pytest.raises(OutcomeUnknown):
            await client_of(x).mentions(None)


async def test_user_is_found_by_handle() -> None:
    async with odd_server(http(200, {"data": ANN})) as x:
        assert await client_of(x).find_user("ann") == XUser(x_id="22", handle="ann", name="Ann")
        assert x.target.rstrip("?") == "/2/users/by/username/ann"


@pytest.mark.parametrize(
    "answer",
    [http(200, {"errors": [{"detail": "Could not find user"}]}), problem(404, "Not Found")],
    ids=["200", "404"],
)
async def test_user_that_x_does_not_know_is_none(answer: bytes) -> None:
    async with odd_server(answer) as x:
        assert await client_of(x).find_user("nobody") is None


@pytest.mark.parametrize("handle", ["", "@ann", "a/b", "sixteen_letters_", "été", "a\n"])
async def test_what_is_no_handle_is_not_asked_for(handle: str) -> None:
    async with odd_server(http(200, {"data": ANN})) as x:
        assert await client_of(x).find_user(handle) is None
        assert x.connections == 0


def test_short_link_that_begins_like_another_keeps_its_own_address() -> None:
    links = [
        Link("https://t.co/ab", "https://one.test"),
        Link("https://t.co/abc", "https://two.test"),
        Link("https://t.co/x"),
    ]
    text = plain_text("https://t.co/abc https://t.co/ab https://t.co/x https://t.co/y", Entities(links))
    assert text == "https://two.test https://one.test https://t.co/x https://t.co/y"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_escaped_text_comes_back_as_it_was(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert plain_text(escaped, Entities()) == text


def test_id_tells_its_time() -> None:
    assert snowflake_time("1212092628029698048") == datetime(2019, 12, 31, 19, 26, 16, 771000, UTC)
    assert snowflake_time("0") == datetime.fromtimestamp(EPOCH_MS // 1000, UTC) + timedelta(
        milliseconds=EPOCH_MS % 1000
    )


@given(st.integers(EPOCH_MS + 1, 3_000_000_000_000), st.integers(0, (1 << 22) - 1))
def test_floor_is_just_below_every_id_of_its_time(milliseconds: int, rest: int) -> None:
    at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
    floor = int(snowflake_floor(at))
    assert snowflake_time(str(floor + 1)) == snowflake_time(str(floor + 1 + rest)) == at
    assert snowflake_time(str(floor)) < at
