"""A sandbox per test, accounts with credentials, and clients that sign as they do."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar
from oauthlib.oauth1 import Client as Signer

from govern.sandbox.app import create_sandbox
from govern.sandbox.server import make_server
from tests.sandbox.receiver import Receiver, receiving
from tests.sandbox.x_spec import Recorder, Specification

Keys = dict[str, str]
Granted = Callable[..., Awaitable[httpx.AsyncClient]]
CANONICAL = "https://api.twitter.com"
X_SPEC: pytest.StashKey[Specification] = pytest.StashKey()


class OAuth1(httpx.Auth):
    """Sign for X's own address, whatever address the request goes to."""

    def __init__(self, keys: Keys) -> None:
        secret, token, token_secret = keys["api_secret"], keys["access_token"], keys["access_token_secret"]
        self._signer = Signer(keys["api_key"], secret, token, token_secret)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        _, headers, _ = self._signer.sign(CANONICAL + request.url.raw_path.decode(), request.method)
        request.headers["Authorization"] = headers["Authorization"]
        yield request


def client_of(app: Litestar, keys: Keys | None = None) -> httpx.AsyncClient:
    auth = OAuth1(keys) if keys else None
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # Litestar types ASGI more narrowly than httpx
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", auth=auth)


@pytest.fixture
def app(pytestconfig: pytest.Config) -> Iterator[Litestar]:
    """A sandbox; with `--x-spec FILE` what passes through it must be what X's specification allows."""
    app = create_sandbox(webhook_retries=(0.01, 0.01))
    specification = pytestconfig.stash.get(X_SPEC, None)
    if specification is None:
        yield app
        return
    recorder = Recorder()
    app.asgi_handler = recorder.around(app.asgi_handler)
    yield app
    faults = list(specification.faults(recorder.exchanges))
    assert not faults, "\n".join(faults)


def pytest_configure(config: pytest.Config) -> None:
    """Read the specification once, if there is one."""
    if (file := config.getoption("--x-spec", None)) is not None:
        config.stash[X_SPEC] = Specification.read(Path(file))


@pytest.fixture
def connect() -> Callable[[Litestar], httpx.AsyncClient]:
    """Speak to any sandbox, unsigned."""
    return client_of


@pytest.fixture
async def control(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """The control API and the pages."""
    async with client_of(app) as client:
        yield client


@pytest.fixture
def provision(control: httpx.AsyncClient) -> Callable[[str], Awaitable[Keys]]:
    async def make(handle: str) -> Keys:
        answer = await control.post("/_sandbox/accounts", json={"handle": handle, "name": handle.title()})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    return make


@pytest.fixture
async def keys(provision: Callable[[str], Awaitable[Keys]]) -> Keys:
    return await provision("acme")


@pytest.fixture
async def acme(app: Litestar, keys: Keys) -> AsyncIterator[httpx.AsyncClient]:
    """The X API, signed as @acme."""
    async with client_of(app, keys) as client:
        yield client


@pytest.fixture
def as_account(app: Litestar) -> Callable[[Keys], httpx.AsyncClient]:
    """Sign with other keys."""
    return lambda keys: client_of(app, keys)


@pytest.fixture
def inbound(control: httpx.AsyncClient, keys: Keys) -> Callable[..., Awaitable[str]]:
    """Write to @acme as a customer; returns the id."""

    async def write(kind: str, text: str, *, sender: str = "julie", to: str = "acme", **more: Any) -> str:
        body = {"kind": kind, "from": sender, "to": to, "text": text, **more}
        answer = await control.post("/_sandbox/inbound", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    return write


@pytest.fixture
async def address(app: Litestar) -> AsyncIterator[str]:
    """A real server on a free port of loopback."""
    server = make_server(app, port=0, idle_s=1)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        async with asyncio.timeout(10):
            while not server.started:
                await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await asyncio.to_thread(thread.join)


@pytest.fixture
async def web(address: str) -> AsyncIterator[httpx.AsyncClient]:
    """The control API and the pages of the real server."""
    async with httpx.AsyncClient(base_url=address) as client:
        yield client


@pytest.fixture
async def x_app(web: httpx.AsyncClient) -> Keys:
    """The keys of the X app."""
    return dict((await web.get("/_sandbox/app")).json())


@pytest.fixture
async def as_app(address: str, x_app: Keys) -> AsyncIterator[httpx.AsyncClient]:
    """The X API of the real server, with the X app's own token."""
    headers = {"Authorization": f"Bearer {x_app['bearer_token']}"}
    async with httpx.AsyncClient(base_url=address, headers=headers) as client:
        yield client


@pytest.fixture
async def granted(address: str, web: httpx.AsyncClient, keys: Keys) -> AsyncIterator[Granted]:
    """Clients of the real server with OAuth 2 tokens of @acme, or of another account."""
    async with AsyncExitStack() as stack:

        async def grant(scopes: str | None = None, handle: str = keys["handle"]) -> httpx.AsyncClient:
            wanted = {"handle": handle, **({"scopes": scopes} if scopes else {})}
            answer = await web.post("/_sandbox/tokens", json=wanted)
            assert answer.status_code == 201, answer.text
            headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
            return await stack.enter_async_context(httpx.AsyncClient(base_url=address, headers=headers))

        yield grant


@pytest.fixture
async def acme2(granted: Granted) -> httpx.AsyncClient:
    """The X API of the real server, by OAuth 2 as @acme, with all the scopes an account needs."""
    return await granted()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A webhook of ours, which does not know the secret yet."""
    async with receiving() as made:
        yield made
