"""The network between the worker and X, which stops in the middle of one account's request."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.crash.points import Point

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_TOKEN = re.compile(rb'oauth_token="([^"]+)"')


class Relay:
    """Hands requests on to X, and the answers back; a write of an account with a point is held there.

    `points` are by the access token that signs. What is held goes on once `open` is set, or is dropped.
    """

    def __init__(self, port: int) -> None:
        self.points = dict[str, Point]()
        self.reached = set[str]()
        self.open = asyncio.Event()
        self.drop = False
        self.port = 0
        self._x = port

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._serve(reader, writer)
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        body = await reader.readexactly(int(length.group(1))) if length else b""
        token, point = self._held(head)
        if point is Point.CONNECTED and not await self._hold(token):
            return
        from_x, to_x = await asyncio.open_connection("127.0.0.1", self._x)
        try:
            half = len(body) // 2
            to_x.write(head + body[:half])
            await to_x.drain()
            if point is Point.HALF_BODY and not await self._hold(token):
                return
            to_x.write(body[half:])
            answer = await from_x.read(1_000_000)  # connections are of one request each, and answers small
            if point is Point.COMMITTED:
                await self._hold(token)
            writer.write(answer + await from_x.read(1_000_000))
            await writer.drain()
        finally:
            to_x.close()

    def _held(self, head: bytes) -> tuple[str, Point | None]:
        found = _TOKEN.search(head)
        token = found.group(1).decode() if found else ""
        held = head.startswith(b"POST ") and token not in self.reached
        return token, self.points.get(token) if held else None

    async def _hold(self, token: str) -> bool:
        """Stop here, once for each account; tell whether it goes on at all."""
        self.reached.add(token)
        await self.open.wait()
        return not self.drop


@asynccontextmanager
async def relaying(port: int) -> AsyncIterator[Relay]:
    """Stand before X's port for the block."""
    relay = Relay(port)
    server = await asyncio.start_server(relay.serve, "127.0.0.1", 0)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        relay.open.set()
        server.close()
        await server.wait_closed()
