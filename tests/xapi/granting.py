"""OAuth 2 against the sandbox, as an app and as the person who grants it something."""

from urllib.parse import parse_qs, urlsplit

import httpx

from govern.xapi.credentials import BearerToken
from govern.xapi.oauth import OAuthApp
from tests.xapi.conftest import Sandbox

HERE = "http://localhost:8000/admin/x/callback"
ALL = "tweet.read tweet.write users.read offline.access media.write dm.read dm.write"


def keys_of(sandbox: Sandbox) -> dict[str, str]:
    found: dict[str, str] = sandbox.control.get("/app").raise_for_status().json()
    return found


def app_of(sandbox: Sandbox, **wrong: str) -> OAuthApp:
    """The sandbox's X app, as we know it."""
    keys = keys_of(sandbox) | wrong
    return OAuthApp(
        client_id=keys["client_id"],
        client_secret=keys["client_secret"],
        site=sandbox.address,
        api=sandbox.address,
        redirect_uri=HERE,
    )


def agree(url: str, handle: str) -> dict[str, str]:
    """Go to the address as a person does, grant all as @handle, and return what the browser comes back with."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    page = url.partition("?")[0]
    httpx.get(url).raise_for_status()
    answer = httpx.post(page, data={**asked, "account": handle}, headers={"origin": f"http://{urlsplit(url).netloc}"})
    assert answer.status_code == 303, answer.text
    back = urlsplit(answer.headers["location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == HERE
    return {name: values[0] for name, values in parse_qs(back.query).items()}


def tokens_of(sandbox: Sandbox, handle: str, *, scopes: str = ALL, seconds: int = 7200) -> dict[str, str]:
    """Tokens of an account, which is made on first use."""
    sandbox.order("accounts", handle=handle, name=handle)
    answer = sandbox.control.post("/tokens", json={"handle": handle, "scopes": scopes, "seconds": seconds})
    found: dict[str, str] = answer.raise_for_status().json()
    return found


def bearer_of(sandbox: Sandbox, handle: str, *, scopes: str = ALL) -> BearerToken:
    return BearerToken(access_token=tokens_of(sandbox, handle, scopes=scopes)["access_token"], version=3)
