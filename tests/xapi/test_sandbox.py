"""The client against the real sandbox: signatures verified, state looked at from the other side."""

import pytest

from govern.xapi.client import OutgoingDm, OutgoingPost
from govern.xapi.errors import (
    AuthLost,
    DuplicateClaimed,
    NoCredits,
    OutcomeUnknown,
    RateLimited,
    Refused,
    XError,
)
from govern.xapi.snowflake import snowflake_floor
from tests.xapi.conftest import Sandbox, soon


async def test_post_reply_and_quote_arrive_as_written(x_sandbox: Sandbox) -> None:
    brand = x_sandbox.account("brand")
    text = "Thé & café <ouvert> à 8 h : https://example.com/a?b=1&c=é 🫖"
    first = await brand.send_post(OutgoingPost(text=text), write_before=soon())
    reply = await brand.send_post(OutgoingPost(text="Demain aussi.", in_reply_to=first.x_id), write_before=soon())
    quote = await brand.send_post(OutgoingPost(text="À noter.", quote_of=first.x_id), write_before=soon())

    assert x_sandbox.posts() == [text, "Demain aussi.", "À noter."]
    own = await brand.own_posts(None)
    assert [post.x_id for post in own] == [first.x_id, reply.x_id, quote.x_id]
    assert [(post.in_reply_to, post.quote_of) for post in own] == [(None, None), (first.x_id, None), (None, first.x_id)]
    assert own[0].text == text, "unescaped, and the address stands where t.co was"
    assert first.exchange.rate_remaining is not None
    assert first.exchange.transaction_id
    assert first.exchange.date is not None


async def test_own_posts_above_a_floor_only(x_sandbox: Sandbox) -> None:
    brand = x_sandbox.account("brand")
    old = await brand.send_post(OutgoingPost(text="old"), write_before=soon())
    new = await brand.send_post(OutgoingPost(text="new"), write_before=soon())
    assert [post.x_id for post in await brand.own_posts(old.x_id)] == [new.x_id]
    assert len(await brand.own_posts(snowflake_floor((await brand.own_posts(None))[0].created_at))) == 2


async def test_deleted_post_is_gone_and_may_be_deleted_again(x_sandbox: Sandbox) -> None:
    brand = x_sandbox.account("brand")
    sent = await brand.send_post(OutgoingPost(text="oops"), write_before=soon())
    await brand.delete_post(sent.x_id)
    assert x_sandbox.posts() == []
    await brand.delete_post(sent.x_id)


async def test_customers_mentions_are_read_once(x_sandbox: Sandbox) -> None:
    brand = x_sandbox.account("brand")
    for text in ("@brand hello & <hi>", "@brand again"):
        x_sandbox.order("inbound", kind="mention", **{"from": "ann", "to": "brand"}, text=text)
    first, second = await brand.mentions(None)
    assert (first.author_handle, first.text, second.text) == ("ann", "@brand hello & <hi>", "@brand again")
    assert await brand.mentions(second.x_id) == []


async def test_answer_to_a_customers_dm_goes_out(x_sandbox: Sandbox) -> None:
    brand = x_sandbox.account("brand")
    x_sandbox.order("inbound", kind="dm", **{"from": "ann", "to": "brand"}, text="Where is my order?")
    (asked,) = await brand.dm_events(None)
    assert (asked.sender_handle, asked.text) == ("ann", "Where is my order?")
    sent = await brand.send_dm(OutgoingDm(text="On its way.", recipient_id=asked.sender_id), write_before=soon())
    (answer,) = await brand.dm_events(asked.x_id)
    me = await brand.me()
    assert (answer.x_id, answer.sender_id, answer.recipient_id) == (sent.x_id, me.x_id, asked.sender_id)
    assert [dm["text"] for dm in x_sandbox.state()["dms"]] == ["Where is my order?", "On its way."]


async def test_many_mentions_come_over_several_pages(x_sandbox: Sandbox) -> None:
    brand = x_sandbox.account("brand")
    for number in range(130):
        x_sandbox.order("inbound", kind="mention", **{"from": "ann", "to": "brand"}, text=f"@brand {number}")
    assert [mention.text for mention in await brand.mentions(None)] == [f"@brand {number}" for number in range(130)]


async def test_dm_to_a_stranger_is_refused(x_sandbox: Sandbox) -> None:
    brand = x_sandbox.account("brand")
    x_sandbox.order("inbound", kind="mention", **{"from": "ann", "to": "brand"}, text="@brand hello")
    stranger = await brand.find_user("ann")
    assert stranger is not None
    with pytest.raises(Refused) as caught:
        await brand.send_dm(OutgoingDm(text="Buy now!", recipient_id=stranger.x_id), write_before=soon())
    assert caught.value.reason == "dm_not_allowed"


async def test_users_are_found_or_not(x_sandbox: Sandbox) -> None:
    brand = x_sandbox.account("brand")
    me = await brand.me()
    assert (me.handle, me.name) == ("brand", "Brand")
    assert await brand.find_user("brand") == me
    assert await brand.find_user("nobody_here") is None


async def test_wrong_secret_loses_the_credentials(x_sandbox: Sandbox) -> None:
    with pytest.raises(AuthLost):
        await x_sandbox.account("brand", access_token_secret="wrong").me()


async def test_same_text_again_is_claimed_to_be_a_duplicate(x_sandbox: Sandbox) -> None:
    brand = x_sandbox.account("brand")
    await brand.send_post(OutgoingPost(text="once"), write_before=soon())
    with pytest.raises(DuplicateClaimed):
        await brand.send_post(OutgoingPost(text="once"), write_before=soon())
    assert x_sandbox.posts() == ["once"]


async def test_too_long_text_is_refused(x_sandbox: Sandbox) -> None:
    brand = x_sandbox.account("brand")
    with pytest.raises(Refused) as caught:
        await brand.send_post(OutgoingPost(text="x" * 281), write_before=soon())
    assert caught.value.reason in {"too_long", "invalid"}


@pytest.mark.parametrize(
    ("kind", "error", "out"),
    [
        ("commit_then_drop", OutcomeUnknown, True),
        ("commit_then_slow", OutcomeUnknown, True),
        ("bad_json_201", OutcomeUnknown, True),
        ("drop_before_commit", OutcomeUnknown, False),
        ("html_503", OutcomeUnknown, False),
        ("redirect_307", OutcomeUnknown, False),
        ("unavailable", OutcomeUnknown, False),
        ("rate_limit", RateLimited, False),
        ("no_credits", NoCredits, False),
        ("revoke_token", AuthLost, False),
        ("refuse", Refused, False),
    ],
)
async def test_fault_has_its_outcome_and_nothing_is_sent_twice(
    x_sandbox: Sandbox, kind: str, error: type[XError], out: bool
) -> None:
    brand = x_sandbox.account("brand", seconds=0.5)
    x_sandbox.order("faults", kind=kind, times=1)
    with pytest.raises(error) as caught:
        await brand.send_post(OutgoingPost(text="hello"), write_before=soon())
    assert type(caught.value) is error
    assert x_sandbox.posts() == (["hello"] if out else [])
