"""The table of section 2 of the X design, row by row: what each answer means for the message."""

import asyncio
import socket
from datetime import UTC, datetime, timedelta

import pytest

from govern.xapi.client import OutgoingDm, OutgoingPost
from govern.xapi.errors import (
    NotSent,
    OutcomeUnknown,
)
from govern.xapi.tweepy_client import TweepyClient
from tests.xapi.conftest import HELLO, KEYS, client_of, http, odd_server, outcome_of, problem, soon, within


async def test_id_in_the_answer_means_sent() -> None:
    created = http(201, {"data": {"id": "1234567890123456789", "text": "hello"}}, x_transaction_id="abc")
    async with odd_server(created) as x:
        receipt = await client_of(x).send_post(HELLO, write_before=soon())
    assert receipt.x_id == "1234567890123456789"
    assert (receipt.exchange.connected, receipt.exchange.status) == (True, 201)
    assert receipt.exchange.transaction_id == "abc"


async def test_direct_message_takes_the_id_of_its_event() -> None:
    created = http(201, {"data": {"dm_conversation_id": "11-22", "dm_event_id": "77"}})
    async with odd_server(created) as x:
        receipt = await client_of(x).send_dm(OutgoingDm(text="hi", recipient_id="22"), write_before=soon())
        assert x.target.rstrip("?") == "/2/dm_conversations/with/22/messages"
        assert x.body == {"text": "hi"}
    assert receipt.x_id == "77"


async def test_reply_and_quote_name_their_targets() -> None:
    created = http(201, {"data": {"id": "1", "text": "hello"}})
    async with odd_server(created) as x:
        post = OutgoingPost(text="hello", in_reply_to="5", quote_of="6")
        await client_of(x).send_post(post, write_before=soon())
        assert x.body == {"text": "hello", "reply": {"in_reply_to_tweet_id": "5"}, "quote_tweet_id": "6"}


async def test_closed_port_means_not_sent() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
        client = TweepyClient(KEYS, base_url=address, timeout=timedelta(seconds=5))
        with pytest.raises(NotSent) as caught:
            await client.send_post(HELLO, write_before=soon())
    assert caught.value.cause == "connect"
    assert caught.value.exchange is not None
    assert not caught.value.exchange.connected


async def test_unknown_host_means_not_sent() -> None:
    client = TweepyClient(KEYS, base_url="http://x.invalid", timeout=timedelta(seconds=5))
    with pytest.raises(NotSent) as caught:
        await client.send_post(HELLO, write_before=soon())
    assert caught.value.cause == "dns"


async def test_failed_tls_means_not_sent() -> None:
    async with odd_server(b"this is not TLS\r\n\r\n") as x:
        with pytest.raises(NotSent) as caught:
            await client_of(x, scheme="https").send_post(HELLO, write_before=soon())
    assert caught.value.cause in {"tls", "connect", "reset"}


async def test_silence_before_tls_means_not_sent() -> None:
    async with odd_server(None) as x:
        with pytest.raises(NotSent) as caught:
            await client_of(x, scheme="https", seconds=0.2).send_post(HELLO, write_before=soon())
    assert caught.value.cause in {"connect_timeout", "timeout"}


async def test_gate_lets_nothing_through_too_late() -> None:
    async with odd_server(http(201, {"data": {"id": "1"}})) as x:
        with pytest.raises(NotSent) as caught:
            await client_of(x).send_post(HELLO, write_before=datetime.now(UTC) - timedelta(seconds=1))
        await within(5, x.left.wait())
    assert caught.value.cause == "late"
    assert (x.connections, x.requests) == (1, []), "connected, closed again, not one byte written"


async def test_silence_after_the_request_means_unknown() -> None:
    unknown = await outcome_of(None, seconds=0.2)
    assert isinstance(unknown, OutcomeUnknown)
    assert unknown.cause == "timeout"
    assert unknown.exchange is not None
    assert unknown.exchange.connected


async def test_reset_after_the_request_means_unknown() -> None:
    async with odd_server(b"") as x:
        x.reset = True
        with pytest.raises(OutcomeUnknown) as caught:
            await client_of(x).send_post(HELLO, write_before=soon())
    assert caught.value.cause == "reset"


async def test_connection_closed_without_an_answer_means_unknown() -> None:
    unknown = await outcome_of(b"")
    assert isinstance(unknown, OutcomeUnknown)
    assert unknown.cause == "reset"


async def test_half_an_answer_means_unknown() -> None:
    unknown = await outcome_of(http(201, {"data": {"id": "1", "text": "hello"}})[:-9])
    assert isinstance(unknown, OutcomeUnknown)
    assert unknown.cause == "reset"


async def test_refusal_that_stops_half_way_means_unknown() -> None:
    async with odd_server(problem(403, "Forbidden")[:-9]) as x:
        x.hold = True
        with pytest.raises(OutcomeUnknown) as caught:
            await client_of(x, seconds=0.2).send_post(HELLO, write_before=soon())
    assert caught.value.cause == "http_403"


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (http(503, "<html>Over capacity</html>"), "http_503"),
        (problem(503, "Service Unavailable"), "http_503"),
        (problem(500, "Internal Server Error"), "http_500"),
        (http(307, "", Location="/2/tweets"), "http_307"),
        (http(307, {}, Location="/2/tweets"), "http_307"),
        (http(403, "<html>Access denied</html>"), "http_403"),
        (http(404, {"error": None}), "http_404"),
        (http(400, [1, 2]), "http_400"),
        (problem(409, "Conflict"), "http_409"),
        (http(201, {}), "bad_answer"),
        (http(201, {"data": {}}), "bad_answer"),
        (http(201, {"data": {"id": ""}}), "bad_answer"),
        (http(201, {"data": {"id": 12}}), "bad_answer"),
        (http(201, "<html></html>"), "bad_answer"),
        (http(201, []), "bad_answer"),
        (b'HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{"data"', "bad_answer"),
        (b"this is not HTTP\r\n\r\n", "bad_answer"),
    ],
)
async def test_answer_that_proves_nothing_means_unknown(answer: bytes, cause: str) -> None:
    unknown = await outcome_of(answer)
    assert isinstance(unknown, OutcomeUnknown)
    assert unknown.cause == cause


async def test_cancelled_write_says_that_the_outcome_is_unknown() -> None:
    async with odd_server(None) as x:
        sending = asyncio.create_task(client_of(x).send_post(HELLO, write_before=soon()))
        await within(5, x.seen.wait())
        sending.cancel()
        with pytest.raises(OutcomeUnknown) as caught:
            await sending
    assert caught.value.cause == "cancelled"


async def test_write_cancelled_before_it_is_connected_says_not_sent() -> None:
    async with odd_server(None) as x:
        sending = asyncio.create_task(client_of(x, scheme="https").send_post(HELLO, write_before=soon()))
        await within(5, x.seen.wait())  # TLS has begun and gets no answer
        sending.cancel()
        with pytest.raises(NotSent) as caught:
            await sending
    assert caught.value.cause == "cancelled"


async def test_cancelled_read_is_cancelled() -> None:
    async with odd_server(None) as x:
        reading = asyncio.create_task(client_of(x).me())
        await within(5, x.seen.wait())
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
