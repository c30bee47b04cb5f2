"""A webhook on loopback: it answers checks, keeps what it gets, and fails when it is told to."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

LIMIT_S = 10


def sign(secret: str, message: bytes) -> str:
    return "sha256=" + base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()


class Receiver:
    """What came: `bodies` as they were sent, with the headers of each; `statuses` is what it answers next, else 200."""

    def __init__(self) -> None:
        self.secret = ""
        self.url = ""
        self.check_status = 200
        self.checks = 0
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.statuses: list[int] = []
        self._came = asyncio.Condition()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body)["data"] for body in self.bodies]

    async def wait_for(self, count: int) -> None:
        """Wait until so many deliveries came, with a limit."""
        async with asyncio.timeout(LIMIT_S), self._came:
            await self._came.wait_for(lambda: len(self.bodies) >= count)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await self._head(reader):
                await self._answer(head, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _head(self, reader: asyncio.StreamReader) -> list[str]:
        head = await reader.readuntil(b"\r\n\r\n")
        return head.decode().strip().split("\r\n")

    async def _answer(self, head: list[str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, target, _ = head[0].split(" ")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:])}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        if method == "GET":
            status, text = self._check(parse_qs(urlsplit(target).query)["crc_token"][0])
        else:
            status, text = await self._take(headers, body), "{}"
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())
        await writer.drain()

    def _check(self, token: str) -> tuple[int, str]:
        self.checks += 1
        return self.check_status, json.dumps({"response_token": sign(self.secret, token.encode())})

    async def _take(self, headers: dict[str, str], body: bytes) -> int:
        async with self._came:
            self.bodies.append(body)
            self.headers.append(headers)
            self._came.notify_all()
        return self.statuses.pop(0) if self.statuses else 200


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    made = Receiver()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/x/webhook"
    try:
        yield made
    finally:
        server.close()
