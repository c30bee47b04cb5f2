"""Webhooks are registered, checked, checked again and deleted."""

import httpx
import pytest

from govern.sandbox.crc import is_fit
from tests.sandbox.receiver import Receiver

Keys = dict[str, str]


async def register(as_app: httpx.AsyncClient, receiver: Receiver, secret: str) -> httpx.Response:
    receiver.secret = secret
    return await as_app.post("/2/webhooks", json={"url": receiver.url})


def why(answer: httpx.Response) -> str:
    assert answer.status_code == 400
    return str(answer.json()["errors"][0]["message"]).partition(":")[0]


@pytest.mark.parametrize("secret", ["api_secret", "client_secret"])
async def test_an_address_that_knows_a_secret_of_the_app_is_registered(
    as_app: httpx.AsyncClient, receiver: Receiver, x_app: Keys, secret: str
) -> None:
    made = (await register(as_app, receiver, x_app[secret])).json()["data"]
    assert (made["url"], made["valid"]) == (receiver.url, True)
    assert (await as_app.get("/2/webhooks")).json() == {"data": [made], "meta": {"result_count": 1}}
    assert receiver.checks == 1


@pytest.mark.parametrize(("status", "secret"), [(200, "wrong"), (302, ""), (500, ""), (404, "")])
async def test_an_address_that_fails_its_check_is_not(
    as_app: httpx.AsyncClient, receiver: Receiver, x_app: Keys, status: int, secret: str
) -> None:
    receiver.check_status = status
    assert why(await register(as_app, receiver, secret or x_app["api_secret"])) == "CrcValidationFailed"
    assert (await as_app.get("/2/webhooks")).json() == {"data": [], "meta": {"result_count": 0}}


async def test_an_address_is_registered_once(as_app: httpx.AsyncClient, receiver: Receiver, x_app: Keys) -> None:
    await register(as_app, receiver, x_app["api_secret"])
    assert why(await register(as_app, receiver, x_app["api_secret"])) == "DuplicateUrlFailed"


@pytest.mark.parametrize(
    ("url", "fit"),
    [
        ("https://example.com/x/webhook", True),
        ("https://example.com:5000/x", False),
        ("http://example.com/x", False),
        ("http://127.0.0.1:8000/x/webhook", True),
        ("http://web:8000/x/webhook", True),
        ("https://user@example.com/", False),
        ("ftp://localhost/", False),
        ("https://[", False),
        ("http://localhost:99999/", False),
        ("", False),
    ],
)
def test_x_wants_https_without_a_port_and_the_sandbox_also_calls_its_neighbours(url: str, fit: bool) -> None:
    assert is_fit(url) is fit


async def test_an_unfit_address_is_refused(as_app: httpx.AsyncClient) -> None:
    assert why(await as_app.post("/2/webhooks", json={"url": "http://example.com/"})) == "UrlValidationFailed"


async def test_a_webhook_is_checked_again_on_request(
    as_app: httpx.AsyncClient, receiver: Receiver, x_app: Keys
) -> None:
    made = (await register(as_app, receiver, x_app["api_secret"])).json()["data"]
    receiver.secret = "changed"
    assert why(await as_app.put(f"/2/webhooks/{made['id']}")) == "CrcValidationFailed"
    assert (await as_app.get("/2/webhooks")).json()["data"][0]["valid"] is False
    receiver.secret = x_app["api_secret"]
    assert (await as_app.put(f"/2/webhooks/{made['id']}")).json() == {"data": {"valid": True}}
    assert (await as_app.get("/2/webhooks")).json()["data"][0]["valid"] is True


async def test_a_deleted_webhook_is_gone(as_app: httpx.AsyncClient, receiver: Receiver, x_app: Keys) -> None:
    made = (await register(as_app, receiver, x_app["api_secret"])).json()["data"]
    assert (await as_app.delete(f"/2/webhooks/{made['id']}")).json() == {"data": {"deleted": True}}
    for method in ("PUT", "DELETE"):
        assert why(await as_app.request(method, f"/2/webhooks/{made['id']}")) == "WebhookIdInvalid"
