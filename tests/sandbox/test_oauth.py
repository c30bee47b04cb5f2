"""OAuth 1.0a is verified for real."""

import time
from collections.abc import Awaitable, Callable

import httpx
import pytest
from oauthlib.oauth1 import SIGNATURE_PLAINTEXT
from oauthlib.oauth1 import Client as Signer

Keys = dict[str, str]
UNAUTHORIZED = {"title": "Unauthorized", "detail": "Unauthorized", "type": "about:blank", "status": 401}


def signed(keys: Keys, url: str = "https://api.twitter.com/2/users/me", method: str = "GET", **options: str) -> str:
    signer = Signer(keys["api_key"], keys["api_secret"], keys["access_token"], keys["access_token_secret"], **options)
    return str(signer.sign(url, method)[1]["Authorization"])


async def ask(control: httpx.AsyncClient, authorization: str, path: str = "/2/users/me") -> httpx.Response:
    return await control.get(path, headers={"Authorization": authorization})


async def test_a_signed_request_is_let_in_as_the_account_of_its_token(acme: httpx.AsyncClient, keys: Keys) -> None:
    answer = await acme.get("/2/users/me")
    assert answer.status_code == 200
    assert answer.json() == {"data": {"id": keys["id"], "name": "Acme", "username": "acme"}}


async def test_the_query_is_part_of_what_is_signed(control: httpx.AsyncClient, keys: Keys) -> None:
    url = "https://api.twitter.com/2/users/me?user.fields=created_at%2Cname"
    assert (await ask(control, signed(keys, url), "/2/users/me?user.fields=created_at%2Cname")).status_code == 200
    assert (await ask(control, signed(keys, url), "/2/users/me?user.fields=name")).status_code == 401


@pytest.mark.parametrize("part", ["api_key", "api_secret", "access_token", "access_token_secret"])
async def test_any_wrong_key_is_refused_in_the_same_words(control: httpx.AsyncClient, keys: Keys, part: str) -> None:
    answer = await ask(control, signed({**keys, part: "x" * 25}))
    assert answer.status_code == 401
    assert answer.json() == UNAUTHORIZED
    assert answer.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize("header", ["", "Bearer abc", "OAuth", "OAuth garbage", "OAuth oauth_token", "OAuth ="])
async def test_a_header_that_is_no_signature_is_refused(control: httpx.AsyncClient, header: str) -> None:
    assert (await ask(control, header)).status_code == 401


async def test_a_signature_for_the_listening_address_is_refused(control: httpx.AsyncClient, keys: Keys) -> None:
    assert (await ask(control, signed(keys, "http://127.0.0.1/2/users/me"))).status_code == 401


async def test_a_signature_for_another_method_or_path_is_refused(control: httpx.AsyncClient, keys: Keys) -> None:
    assert (await ask(control, signed(keys, method="POST"))).status_code == 401
    assert (await ask(control, signed(keys, "https://api.twitter.com/2/dm_events"))).status_code == 401


async def test_a_nonce_is_good_once(control: httpx.AsyncClient, keys: Keys) -> None:
    authorization = signed(keys)
    assert (await ask(control, authorization)).status_code == 200
    assert (await ask(control, authorization)).status_code == 401


async def test_a_forged_request_does_not_spend_the_nonce_of_the_real_one(
    control: httpx.AsyncClient, keys: Keys
) -> None:
    authorization = signed(keys, nonce="abcdefgh12345678")
    forged = signed({**keys, "api_secret": "wrong"}, nonce="abcdefgh12345678")
    assert (await ask(control, forged)).status_code == 401
    assert (await ask(control, authorization)).status_code == 200


@pytest.mark.parametrize("seconds", [-301, 301])
async def test_a_timestamp_over_five_minutes_off_is_refused(
    control: httpx.AsyncClient, keys: Keys, seconds: int
) -> None:
    assert (await ask(control, signed(keys, timestamp=str(int(time.time()) + seconds)))).status_code == 401


async def test_only_hmac_sha1_is_accepted(control: httpx.AsyncClient, keys: Keys) -> None:
    assert (await ask(control, signed(keys, signature_method=SIGNATURE_PLAINTEXT))).status_code == 401


async def test_tokens_belong_to_accounts(
    provision: Callable[[str], Awaitable[Keys]], as_account: Callable[[Keys], httpx.AsyncClient], keys: Keys
) -> None:
    other = await provision("bravo")
    assert other["access_token"] != keys["access_token"]
    async with as_account(other) as bravo:
        assert (await bravo.get("/2/users/me")).json()["data"]["username"] == "bravo"


async def test_a_json_body_is_outside_the_signature(acme: httpx.AsyncClient) -> None:
    assert (await acme.post("/2/tweets", json={"text": "body=1&oauth_token=2"})).status_code == 201
