"""The sandbox's server, which can cut a connection, and the places where it refuses to stand."""

from typing import Any

import uvicorn
from litestar import Litestar
from uvicorn.protocols.http.h11_impl import H11Protocol

from govern.sandbox.door import is_loopback
from govern.sandbox.effects import DROP
from govern.settings import Settings, SettingsError

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8765


class _Protocol(H11Protocol):
    """uvicorn's HTTP/1.1, which also lets the application cut its connection, and cuts silent ones itself."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        inner = self.app

        async def app(scope: Any, receive: Any, send: Any) -> None:
            extended = {**scope, "extensions": {**scope.get("extensions", {}), DROP: transport.abort}}
            await inner(extended, receive, send)

        self.app = app
        self.loop.call_later(self.timeout_keep_alive, self._cut_if_silent)

    def _cut_if_silent(self) -> None:
        if self.cycle is None:  # not one whole request head so far
            self.transport.abort()


def make_server(
    app: Litestar, *, host: str = DEFAULT_HOST, port: int = DEFAULT_PORT, idle_s: int = 10
) -> uvicorn.Server:
    """Build the one server that can drop connections; port 0 takes a free one, silence lasts `idle_s` at most."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=_Protocol,
        ws="none",
        loop="asyncio",
        log_config=None,
        access_log=False,
        date_header=False,  # the sandbox's own clock writes it
        server_header=False,
        timeout_keep_alive=idle_s,
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)


def check(found: Settings, *, host: str = DEFAULT_HOST, allow_remote: bool = False) -> None:
    """Refuse to stand beside the real X, or to listen beyond this machine unasked.

    Raises:
        SettingsError: with one sentence per reason.
    """
    faults = []
    if found.production:
        faults.append("GOVERN_ENV is production: the X sandbox does not start there.")
    if not found.sandboxed:
        faults.append("GOVERN_X_BASE_URL names the real X: the X sandbox does not start beside it.")
    if not (is_loopback(host) or allow_remote):
        faults.append(f"The X sandbox listens on this machine only; {host} needs --allow-remote.")
    if faults:
        raise SettingsError(faults)
