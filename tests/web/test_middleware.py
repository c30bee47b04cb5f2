"""What every answer carries, and what the log says of it."""

import httpx
import pytest
import structlog
from litestar import Litestar, get
from litestar.datastructures import CacheControlHeader
from structlog.testing import capture_logs

from govern.settings import Env, Settings
from govern.web.errors import HANDLERS
from govern.web.middleware import RequestContext, without_blanks
from tests.web.conftest import program

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@get("/hello")
async def hello() -> str:
    return "hello"


@get("/bound")
async def bound() -> dict[str, str]:
    return dict(structlog.contextvars.get_contextvars())


@get("/static", cache_control=CacheControlHeader(max_age=60))
async def cached() -> str:
    return "kept"


def client(settings: Settings) -> httpx.AsyncClient:
    app = Litestar([hello, bound, cached], exception_handlers=HANDLERS, logging_config=None, openapi_config=None)
    app.asgi_handler = RequestContext(app.asgi_handler, settings)
    return program(app)


async def test_every_answer_carries_the_security_headers() -> None:
    async with client(Settings()) as web:
        for path in ("/hello", "/nothing"):
            headers = (await web.get(path)).headers
            assert headers["content-security-policy"] == CSP
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"
            assert headers["cross-origin-opener-policy"] == "same-origin"
            assert headers["cache-control"] == "no-store"
            assert "strict-transport-security" not in headers


async def test_only_production_demands_https() -> None:
    async with client(Settings(env=Env.PRODUCTION)) as web:
        assert "max-age=" in (await web.get("/hello")).headers["strict-transport-security"]


async def test_answer_that_may_be_cached_says_so_itself() -> None:
    async with client(Settings()) as web:
        assert (await web.get("/static")).headers.get_list("cache-control") == ["max-age=60"]


async def test_each_request_has_its_own_id_and_leaves_nothing_behind() -> None:
    async with client(Settings()) as web:
        first, second = await web.get("/bound"), await web.get("/bound", headers={"X-Request-ID": "forged"})
    assert first.json() == {"request": first.headers["x-request-id"], "method": "GET", "path": "/bound"}
    assert len({first.headers["x-request-id"], second.headers["x-request-id"], "forged"}) == 3
    assert "request" not in structlog.contextvars.get_contextvars()


async def test_log_has_one_line_per_request_without_what_was_asked() -> None:
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        async with client(Settings()) as web:
            await web.get("/hello?q=a+private+word")
            await web.get("/nothing")
    lines = [log for log in logs if log["event"] == "http.request"]
    assert [(line["path"], line["status"]) for line in lines] == [("/hello", 200), ("/nothing", 404)]
    assert "private" not in str(logs)


@pytest.mark.parametrize(
    ("query", "left"),
    [
        (b"", b""),
        (b"state=&account=", b""),
        (b"state=&q=a%20b&limit=", b"q=a%20b"),
        (b"q=a=", b"q=a="),
        (b"flag&state=", b"flag"),
    ],
)
def test_filter_left_empty_is_no_filter(query: bytes, left: bytes) -> None:
    assert without_blanks(query) == left
