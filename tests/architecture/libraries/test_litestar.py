"""Litestar 2: why the web is built as it is."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar, Request, Response, get
from litestar.di import NamedDependency, Provide
from litestar.openapi import OpenAPIConfig
from litestar.status_codes import HTTP_500_INTERNAL_SERVER_ERROR
from litestar.testing import AsyncTestClient

inside: ContextVar[str] = ContextVar("inside", default="nothing")


async def ask(app: Litestar, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.get(path)


def broken(_: Request[Any, Any, Any], error: Exception) -> Response[str]:
    return Response(type(error).__name__, status_code=HTTP_500_INTERNAL_SERVER_ERROR)


async def test_a_handler_for_every_exception_makes_a_500_of_a_404() -> None:
    app = Litestar([], exception_handlers={Exception: broken}, openapi_config=None, logging_config=None)
    assert (await ask(app, "/none")).status_code == 500


async def first() -> AsyncIterator[str]:
    token = inside.set("a transaction")
    yield "first"
    inside.reset(token)


async def second() -> str:
    return "second"


async def third() -> str:
    return "third"


@get("/")
async def handler(first: NamedDependency[str], second: NamedDependency[str], third: NamedDependency[str]) -> str:
    return inside.get()


async def test_what_a_dependency_opens_is_not_there_in_the_handler_or_breaks_it() -> None:
    """Several dependencies run in tasks of their own: a transaction opened in one is lost."""
    given = {"first": Provide(first), "second": Provide(second), "third": Provide(third)}
    answer = await ask(Litestar([handler], dependencies=given, openapi_config=None, logging_config=None), "/")
    assert answer.status_code == 500 or answer.text == "nothing"


def test_a_type_that_only_a_checker_imports_stops_the_start(tmp_path: Path) -> None:
    source = """
from __future__ import annotations
from typing import TYPE_CHECKING
from litestar import Litestar, get
if TYPE_CHECKING:
    from decimal import Decimal

@get("/")
async def handler(price: Decimal) -> None: ...
"""
    names: dict[str, Any] = {"__name__": __name__}
    exec(compile(source, "late.py", "exec"), names)
    with pytest.raises(NameError):
        Litestar([names["handler"]])


async def test_by_default_several_viewers_of_the_schema_are_served() -> None:
    app = Litestar([], openapi_config=OpenAPIConfig(title="t", version="1"), logging_config=None)
    paths = [f"/schema/{viewer}" for viewer in ("redoc", "swagger", "elements", "rapidoc")]
    assert [(await ask(app, path)).status_code for path in paths] == [200] * 4


@get("/where", sync_to_thread=False)
def where() -> str:
    return threading.current_thread().name


async def test_its_own_test_client_answers_from_another_thread() -> None:
    app = Litestar([where], openapi_config=None, logging_config=None)
    here = threading.current_thread().name
    async with AsyncTestClient(app) as client:
        assert (await client.get("/where")).text != here
    assert (await ask(app, "/where")).text == here
    assert asyncio.get_running_loop().is_running()
