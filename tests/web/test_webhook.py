"""The webhook's door: who X is, what is kept of what it sends, and what it hears of us."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import msgspec
import pytest

from govern.app import create_app
from govern.database import rows
from govern.settings import Settings
from govern.tables import Outbox, WebhookDelivery
from govern.web.webhook import MAX_BODY
from tests.deliveries import SECRET, dm_event, envelope, post_event, signed, x_id_at
from tests.factories import Company
from tests.sandbox.receiver import sign
from tests.web.conftest import program

HOOK = "/x/webhook"
OLD = "the-secret-before"


@pytest.fixture
async def hook(config: Settings, company: Company) -> AsyncIterator[httpx.AsyncClient]:
    """X, before a service that knows two secrets of the X app."""
    app = create_app(msgspec.structs.replace(config, x_webhook_secrets=f"{SECRET},{OLD}", redis_url=""))
    async with program(app) as client:
        yield client
    await app.state.waker.close()


async def kept() -> list[dict[str, Any]]:
    return rows(await WebhookDelivery.select().order_by(WebhookDelivery.received_at))


async def post(hook: httpx.AsyncClient, body: bytes, headers: Mapping[str, str | bytes] | None = None) -> int:
    given = signed(body) if headers is None else headers
    answer = await hook.post(HOOK, content=body, headers=[(name.encode(), _raw(each)) for name, each in given.items()])
    return answer.status_code


def _raw(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


async def test_challenge_is_answered_with_the_newest_secret(hook: httpx.AsyncClient) -> None:
    answer = await hook.get(HOOK, params={"crc_token": "any token & more"})
    assert answer.json() == {"response_token": sign(SECRET, b"any token & more")}
    assert (await hook.get(HOOK)).status_code == 422


async def test_service_without_a_secret_answers_no_challenge_and_takes_nothing(web: httpx.AsyncClient) -> None:
    body = b"{}"
    assert (await web.get(HOOK, params={"crc_token": "x"})).status_code == 404
    assert (await web.post(HOOK, content=body, headers=signed(body, ""))).status_code == 403


async def test_signed_delivery_is_kept_as_it_came_and_its_reader_is_woken(
    hook: httpx.AsyncClient, company: Company
) -> None:
    body = dm_event(company.help, x_id_at(), uuid="-7")
    assert await post(hook, body) == 200
    (row,) = await kept()
    assert (row["event_uuid"], row["event_type"], row["about"]) == ("-7", "dm.received", company.help.x_user_id)
    assert (row["author"], row["body"], row["done_at"]) == (9001, body, None)
    woken = rows(await Outbox.select(Outbox.job, Outbox.args).where(Outbox.job == "deliver"))
    assert [msgspec.json.decode(each["args"]) for each in woken] == [{"delivery": str(row["id"])}]


async def test_delivery_that_comes_again_is_kept_once_and_wakes_nobody(
    hook: httpx.AsyncClient, company: Company
) -> None:
    body = post_event(company.help, x_id_at())
    assert [await post(hook, body) for _ in range(3)] == [200, 200, 200]
    assert len(await kept()) == 1
    assert await Outbox.count().where(Outbox.job == "deliver") == 1


async def test_one_post_is_an_event_for_each_account_and_each_kind(hook: httpx.AsyncClient, company: Company) -> None:
    x_id = x_id_at()
    for account in (company.help, company.news):
        for kind in ("post.mention.create", "post.reply.create"):
            assert await post(hook, post_event(account, x_id, kind=kind)) == 200
    assert len(await kept()) == 4


@pytest.mark.parametrize("header", ["x-twitter-webhooks-signature", "x-twitter-webhooks-signature-oauth2"])
@pytest.mark.parametrize("secret", [SECRET, OLD])
async def test_either_secret_in_either_header_is_xs(
    hook: httpx.AsyncClient, company: Company, secret: str, header: str
) -> None:
    body = post_event(company.help, x_id_at())
    assert await post(hook, body, signed(body, secret, header=header)) == 200
    assert len(await kept()) == 1


async def test_whoever_cannot_sign_is_refused_and_nothing_is_kept(hook: httpx.AsyncClient, company: Company) -> None:
    body = post_event(company.help, x_id_at())
    wrong: tuple[dict[str, str | bytes], ...] = (
        {**signed(body, "a-secret-of-long-ago")},
        {**signed(body + b" ")},
        {"x-twitter-webhooks-signature": "sha256="},
        {"x-twitter-webhooks-signature": sign(SECRET, body).removeprefix("sha256=")},
        {"x-twitter-webhooks-signature": "\xe9".encode("latin-1")},
        {},
    )
    assert [await post(hook, body, headers) for headers in wrong] == [403] * len(wrong)
    assert await kept() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json \xff",
        b"[]",
        b"{}",
        b'{"data":{"event_uuid":"1"}}',
        envelope("1", "post.mention.create", "not a number", {"id": "1"}, None),
        b'{"data":{"event_uuid":"1","event_type":"dm.received","payload":{"direct_message_events":[{"id":"x"}]}}}',
    ],
)
async def test_signed_and_unreadable_is_fine_and_forgotten(hook: httpx.AsyncClient, body: bytes) -> None:
    assert await post(hook, body) == 200
    assert await kept() == []


async def test_event_of_a_long_name_is_kept_once_as_well(hook: httpx.AsyncClient, company: Company) -> None:
    body = envelope("u" * 500, "k" * 500, company.help.x_user_id, {}, None)
    assert [await post(hook, body), await post(hook, body)] == [200, 200]
    assert len(await kept()) == 1


async def test_body_may_be_a_mebibyte_and_no_byte_more(hook: httpx.AsyncClient, company: Company) -> None:
    short = post_event(company.help, x_id_at(), text="")
    body = short.replace(b'"text":""', b'"text":"' + b"x" * (MAX_BODY - len(short)) + b'"')
    assert len(body) == MAX_BODY
    assert await post(hook, body) == 200
    assert await post(hook, body + b" ") == 413
    assert len(await kept()) == 1
