"""A server with bad manners, the sandbox, and clients to meet them."""

import asyncio
import json
import socket
import struct
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import httpx
import pytest

from govern.sandbox.app import create_sandbox
from govern.sandbox.server import make_server
from govern.xapi.client import OutgoingPost
from govern.xapi.credentials import Credentials
from govern.xapi.errors import XError
from govern.xapi.tweepy_client import TweepyClient

HELLO = OutgoingPost(text="hello")
KEYS = Credentials(api_key="key", api_secret="app-secret", access_token="11-token", access_token_secret="own-secret")


class OddServer:
    """A raw server on loopback. It keeps what it was sent, and does with each connection what `acts` say next.

    An act is the bytes of an answer, or None for silence until the client gives up; the last one stays. `reset`
    answers with a TCP reset instead, `hold` leaves the connection open after the answer.
    """

    def __init__(self) -> None:
        self.acts: list[bytes | None] = []
        self.requests: list[bytes] = []
        self.connections = 0
        self.seen = asyncio.Event()
        self.left = asyncio.Event()
        self.port = 0
        self.reset = False
        self.hold = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            if await self._read(reader):
                await self._act(writer, reader)
        except ConnectionError:
            pass
        finally:
            writer.close()
            self.left.set()

    async def _read(self, reader: asyncio.StreamReader) -> bool:
        request = await reader.read(65_536)
        if not request:
            return False
        self.requests.append(request)
        self.seen.set()
        return True

    async def _act(self, writer: asyncio.StreamWriter, reader: asyncio.StreamReader) -> None:
        act = self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
        if self.reset:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
        elif act is None:
            while await reader.read(65_536):
                pass
        else:
            writer.write(act)
            await writer.drain()
            while self.hold and await reader.read(65_536):
                pass

    @property
    def target(self) -> str:
        """The raw request target of the last request."""
        return self.requests[-1].split(b" ", 2)[1].decode()

    @property
    def head(self) -> dict[str, str]:
        lines = self.requests[-1].split(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
        return {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}

    @property
    def body(self) -> object:
        return json.loads(self.requests[-1].split(b"\r\n\r\n", 1)[1])


def http(status: int, body: object, **headers: str) -> bytes:
    """Write an answer; a text body is HTML, anything else JSON."""
    text = body if isinstance(body, str) else json.dumps(body)
    kind = "text/html" if isinstance(body, str) else "application/json"
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"Content-Type: {kind}; charset=utf-8"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(text.encode())}", "Connection: close", "", text]
    return "\r\n".join(lines).encode()


def problem(status: int, detail: str, **headers: str) -> bytes:
    title = HTTPStatus(status).phrase
    return http(status, {"title": title, "detail": detail, "status": status, "type": "about:blank"}, **headers)


@asynccontextmanager
async def odd_server(*acts: bytes | None) -> AsyncIterator[OddServer]:
    odd = OddServer()
    odd.acts = list(acts)
    server = await asyncio.start_server(odd.serve, "127.0.0.1", 0)
    odd.port = server.sockets[0].getsockname()[1]
    async with server:
        yield odd


def client_of(server: OddServer, *, scheme: str = "http", seconds: float = 5, x_id: str | None = "11") -> TweepyClient:
    return TweepyClient(
        KEYS, base_url=f"{scheme}://127.0.0.1:{server.port}", timeout=timedelta(seconds=seconds), x_id=x_id
    )


def soon() -> datetime:
    """A `write_before` that no test reaches."""
    return datetime.now(UTC) + timedelta(seconds=30)


class Sandbox:
    """The real sandbox on loopback, and the hand on its control API."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.control = httpx.Client(base_url=f"{address}/_sandbox")

    def account(self, handle: str, *, seconds: float = 5, **wrong: str) -> TweepyClient:
        made = self.order("accounts", handle=handle, name=handle.title()) | wrong
        keys = Credentials(**{name: made[name] for name in Credentials.__struct_fields__})
        return TweepyClient(keys, base_url=self.address, timeout=timedelta(seconds=seconds))

    def order(self, what: str, **body: object) -> dict[str, str]:
        answer = self.control.post(f"/{what}", json=body).raise_for_status()
        found: dict[str, str] = answer.json() if answer.content else {}
        return found

    def state(self) -> dict[str, list[dict[str, str]]]:
        found: dict[str, list[dict[str, str]]] = self.control.get("/state").raise_for_status().json()
        return found

    def posts(self) -> list[str]:
        return [post["text"] for post in self.state()["posts"]]


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    server = make_server(create_sandbox(), port=0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    give_up = time.monotonic() + 10
    while not server.started:
        assert thread.is_alive(), "the sandbox did not start"
        assert time.monotonic() < give_up, "the sandbox did not start in 10 s"
        thread.join(0.01)
    sandbox = Sandbox(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}")
    yield sandbox
    sandbox.control.close()
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def x_sandbox(running_sandbox: Sandbox) -> Sandbox:
    """The sandbox, empty."""
    running_sandbox.order("reset")
    return running_sandbox


async def outcome_of(answer: bytes | None, *, seconds: float = 5) -> XError:
    async with odd_server(answer) as x:
        with pytest.raises(XError) as caught:
            await client_of(x, seconds=seconds).send_post(HELLO, write_before=soon())
        assert x.connections == 1, "one POST, whatever comes back"
    return caught.value


async def within(seconds: float, condition: Awaitable[object]) -> None:
    async with asyncio.timeout(seconds):
        await condition
