"""Webhooks and subscriptions: told to X, listed, checked again, ended; against the sandbox and a scripted server."""

from datetime import timedelta

import pytest

from govern.xapi.activity import ActivityClient
from govern.xapi.credentials import BearerToken, Keys
from govern.xapi.errors import OutcomeUnknown, Refused, XError
from tests.sandbox.receiver import receiving
from tests.xapi.conftest import KEYS, OddServer, Sandbox, http, odd_server, problem
from tests.xapi.granting import bearer_of, keys_of

LIMIT = timedelta(seconds=5)


def ours(sandbox: Sandbox, keys: Keys | None = None) -> ActivityClient:
    keys = keys or BearerToken(access_token=keys_of(sandbox)["bearer_token"])
    return ActivityClient(keys, base_url=sandbox.address, timeout=LIMIT)


def scripted(x: OddServer) -> ActivityClient:
    return ActivityClient(KEYS, base_url=f"http://127.0.0.1:{x.port}", timeout=LIMIT)


async def test_webhook_is_told_listed_checked_again_and_forgotten(x_sandbox: Sandbox) -> None:
    app = ours(x_sandbox)
    assert await app.webhooks() == []
    async with receiving() as listening:
        listening.secret = keys_of(x_sandbox)["api_secret"]
        made = await app.create_webhook(listening.url)
        assert (made.url, made.valid) == (listening.url, True)
        assert await app.webhooks() == [made]
        assert await app.validate_webhook(made.id)
    await app.delete_webhook(made.id)
    await app.delete_webhook(made.id)
    assert await app.webhooks() == []


async def test_address_that_does_not_prove_to_be_ours_is_refused(x_sandbox: Sandbox) -> None:
    async with receiving() as listening:
        listening.secret = "another secret"
        with pytest.raises(Refused):
            await ours(x_sandbox).create_webhook(listening.url)


async def test_private_events_take_the_accounts_own_token(x_sandbox: Sandbox) -> None:
    app, account = ours(x_sandbox), ours(x_sandbox, bearer_of(x_sandbox, "Help"))
    user_id = x_sandbox.order("accounts", handle="Help", name="Help")["id"]
    async with receiving() as listening:
        listening.secret = keys_of(x_sandbox)["api_secret"]
        webhook = await app.create_webhook(listening.url)
        with pytest.raises(Refused):
            await app.subscribe("dm.received", user_id=user_id, webhook_id=webhook.id)
        made = await account.subscribe("dm.received", user_id=user_id, webhook_id=webhook.id, tag="ours")
        revoked = await app.subscribe("oauth.revoke", user_id=None, webhook_id=webhook.id)
    assert (made.event_type, made.user_id, made.webhook_id, made.tag) == ("dm.received", user_id, webhook.id, "ours")
    found = {each.subscription_id: each for each in await app.subscriptions()}
    assert found.keys() == {made.subscription_id, revoked.subscription_id}
    assert found[made.subscription_id].user_id == user_id
    await app.unsubscribe(made.subscription_id)
    await app.unsubscribe(made.subscription_id)
    assert [each.subscription_id for each in await app.subscriptions()] == [revoked.subscription_id]


async def test_list_is_read_to_its_last_page() -> None:
    first = {"data": [{"id": "1", "url": "https://a.example"}], "meta": {"next_token": "more"}}
    second = {"data": [{"id": "2", "url": "https://b.example", "valid": True}], "meta": {"result_count": 1}}
    async with odd_server(http(200, first), http(200, second)) as x:
        assert [each.id for each in await scripted(x).webhooks()] == ["1", "2"]
        assert "pagination_token=more" in x.target


async def test_list_without_an_end_is_given_up() -> None:
    async with odd_server(http(200, {"data": [], "meta": {"next_token": "more"}})) as x:
        with pytest.raises(OutcomeUnknown, match="endless"):
            await scripted(x).subscriptions()


async def test_other_refusal_of_an_end_is_told() -> None:
    async with odd_server(problem(403, "Forbidden")) as x:
        with pytest.raises(XError):
            await scripted(x).unsubscribe("17")


@pytest.mark.parametrize("odd", ["", "1/2", "../x", "1?x=1"])
async def test_only_ids_go_into_a_path(odd: str) -> None:
    async with odd_server(http(200, {})) as x:
        for call in (scripted(x).unsubscribe(odd), scripted(x).delete_webhook(odd), scripted(x).validate_webhook(odd)):
            with pytest.raises(ValueError, match="letters and digits"):
                await call
        assert x.connections == 0
