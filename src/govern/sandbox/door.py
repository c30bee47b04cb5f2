"""Who may use the control API and the pages: this machine, or who has the token."""

import ipaddress
import secrets
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

from govern.sandbox.basic import basic
from govern.sandbox.problems import ApiError

_Connection = ASGIConnection[Any, Any, Any, Any]
_FRIENDLY = frozenset({"", "none", "same-origin"})


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine's own."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def door(token: str | None) -> Guard:
    """Build the guard. Without a token only names of this machine are let in, so that no web page can borrow one."""

    def guard(connection: _Connection, _handler: BaseRouteHandler) -> None:
        # A form of some other site, opened in a browser on this machine, must not write here.
        if connection.scope.get("method") != "GET" and connection.headers.get("sec-fetch-site", "") not in _FRIENDLY:
            raise ApiError(403, "Another site may not write to the sandbox.")
        if token is not None:
            _require(token, connection.headers.get("authorization", ""))
        elif not _is_local(connection.headers.get("host", "")):
            raise ApiError(403, "The sandbox answers only to localhost; another address needs --allow-remote.")

    return guard


def is_near(host: str) -> bool:
    """Tell whether a host is this machine or a neighbour; a name without a dot cannot be a site of the internet."""
    return is_loopback(host) or (host != "" and "." not in host and ":" not in host)


def _is_local(host_header: str) -> bool:
    host = host_header.rpartition(":")[0] if host_header.rpartition(":")[2].isdigit() else host_header
    return is_near(host)


def _require(token: str, header: str) -> None:
    kind, _, given = header.partition(" ")
    if kind.lower() == "basic":  # what a browser asks a person for: any name, and the token as password
        pair = basic(header)
        given = pair[1] if pair else ""
    if not secrets.compare_digest(given.encode(), token.encode()):
        problem = ApiError(401, "The control API needs its token.")
        problem.asks_password = True
        raise problem
