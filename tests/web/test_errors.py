"""From errors to answers."""

from typing import Annotated

import httpx
import msgspec
import pytest
from asyncpg.exceptions import AdminShutdownError
from litestar import Litestar, get, post
from litestar.params import FromQuery, JSONBody
from structlog.testing import capture_logs

from govern.domain.drafts import PastSchedule
from govern.domain.members import NotSignedIn, SignInDelayed, SignInFailed
from govern.domain.messages import StaleRevision
from govern.errors import Denied, GovernError, NotFound, Unavailable
from govern.settings import Settings
from govern.web.errors import HANDLERS
from govern.web.middleware import RequestContext
from tests.web.conftest import program

SECRET = "the password of the database"
DENIED = Denied(
    sentence="No.",
    reason="denied_by_rule",
    rule="four_eyes.author",
    action="message.approve",
    scope="company",
    decision=1,
)
KINDS: list[tuple[GovernError, int, str]] = [
    (NotFound(noun="message", name="M-1"), 404, "not_found"),
    (PastSchedule(at="2020", field="scheduled_at"), 422, "message.past_schedule"),
    (StaleRevision(read=1, current=2), 409, "message.stale_revision"),
    (DENIED, 403, "access.denied"),
    (Unavailable(), 503, "unavailable"),
    (SignInFailed(), 401, "session.sign_in_failed"),
    (SignInDelayed(seconds=8), 429, "session.delayed"),
    (NotSignedIn(), 401, "session.not_signed_in"),
]


class Body(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(max_length=5)]
    count: int = 0


def failing(error: Exception, path: str = "/api/fail") -> Litestar:
    @get(path, opt={"public": "a test"})
    async def fail() -> None:
        raise error

    return app_of(fail)


def app_of(*handlers: object) -> Litestar:
    app = Litestar(list(handlers), exception_handlers=HANDLERS, logging_config=None, openapi_config=None)  # type: ignore[arg-type]
    app.asgi_handler = RequestContext(app.asgi_handler, Settings())
    return app


def client(app: Litestar) -> httpx.AsyncClient:
    return program(app)


async def ask(error: Exception, path: str = "/api/fail") -> httpx.Response:
    async with client(failing(error, path)) as web:
        return await web.get(path)


@pytest.mark.parametrize(("error", "status", "code"), KINDS)
async def test_each_kind_has_its_status(error: GovernError, status: int, code: str) -> None:
    answer = await ask(error)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["code"], problem["detail"]) == (status, code, error.detail)
    assert problem["type"] == f"urn:govern:problem:{code}"
    assert problem["title"]
    assert problem["request_id"] == answer.headers["x-request-id"]


async def test_refusal_says_reason_and_rule_but_not_the_whole_decision() -> None:
    problem = (await ask(DENIED)).json()
    assert (problem["reason"], problem["rule"]) == ("denied_by_rule", "four_eyes.author")
    assert "decision" not in problem


async def test_conflict_says_its_data() -> None:
    problem = (await ask(StaleRevision(read=1, current=2))).json()
    assert (problem["read"], problem["current"]) == (1, 2)


async def test_field_to_blame_is_named() -> None:
    problem = (await ask(PastSchedule(at="2020", field="scheduled_at"))).json()
    assert problem["errors"] == [{"field": "scheduled_at", "message": problem["detail"]}]


async def test_waiting_time_is_told() -> None:
    assert (await ask(Unavailable())).headers["retry-after"] == "5"
    assert (await ask(SignInDelayed(seconds=8))).headers["retry-after"] == "8"
    assert (await ask(NotSignedIn())).headers["www-authenticate"].startswith("Bearer")


async def test_unknown_error_shows_nothing_but_the_number_of_the_request() -> None:
    with capture_logs() as logs:
        answer = await ask(RuntimeError(SECRET))
    assert answer.status_code == 500
    assert SECRET not in answer.text
    assert "RuntimeError" not in answer.text
    assert answer.json()["code"] == "internal"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert [log["event"] for log in logs if log["log_level"] == "error"] == ["http.failed"]


def lost(wrapped: bool) -> Exception:
    away: Exception = AdminShutdownError("terminating connection due to administrator command")
    if not wrapped:
        return away
    over = RuntimeError("rollback failed")
    over.__cause__ = away
    return ExceptionGroup("tasks", [over])


@pytest.mark.parametrize("error", [lost(False), lost(True), ConnectionRefusedError(), TimeoutError()])
async def test_database_that_is_away_is_503(error: Exception) -> None:
    answer = await ask(error)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.json()["code"] == "unavailable"
    assert "Nothing was changed" in answer.json()["detail"]


async def test_error_that_hides_an_earlier_one_on_purpose_is_not_taken_for_it() -> None:
    error = ValueError("a fault of ours")
    error.__context__, error.__suppress_context__ = ConnectionRefusedError(), True
    assert (await ask(error)).status_code == 500


async def test_people_see_a_page_instead_of_json() -> None:
    answer = await ask(Unavailable(), "/admin/fail")
    assert answer.status_code == 503
    assert answer.headers["content-type"].startswith("text/")


async def test_whole_page_without_session_leads_to_the_sign_in_and_back() -> None:
    async with client(failing(NotSignedIn(), "/admin/audit")) as web:
        answer = await web.get("/admin/audit?q=a%20b&page=2")
        assert answer.status_code == 303
        assert answer.headers["location"] == "/admin/sign-in?next=%2Fadmin%2Faudit%3Fq%3Da%2520b%26page%3D2"
        part = await web.get("/admin/audit", headers={"HX-Request": "true"})
        assert part.status_code == 401


@post("/api/body", status_code=200, opt={"public": "a test"})
async def take_body(data: JSONBody[Body]) -> Body:
    return data


@get("/api/query", opt={"public": "a test"})
async def take_query(count: FromQuery[int]) -> int:
    return count


async def send(content: bytes) -> httpx.Response:
    async with client(app_of(take_body)) as web:
        return await web.post("/api/body", content=content, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("content", [b"{", b'{"name": "a",}', b"\xff", b'{"name": "a"} x'])
async def test_json_that_cannot_be_read_is_400(content: bytes) -> None:
    answer = await send(content)
    assert (answer.status_code, answer.json()["code"]) == (400, "request.malformed")


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b'{"name": "a", "extra": 1}', "extra"),
        (b"{}", "name"),
        (b'{"name": 5}', "name"),
        (b'{"name": "too long"}', "name"),
        (b'{"name": "a", "count": "many"}', "count"),
        (b"[]", None),
        (b"null", None),
        (b"", None),
    ],
)
async def test_field_that_breaks_its_rule_is_422_and_named(content: bytes, field: str | None) -> None:
    answer = await send(content)
    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")
    [error] = answer.json()["errors"]
    assert error.get("field") == field
    assert error["message"]
    assert "data" not in answer.json()["detail"].split()


async def test_query_parameter_that_breaks_its_rule_is_422() -> None:
    async with client(app_of(take_query)) as web:
        answer = await web.get("/api/query?count=x")
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "count")


async def test_unknown_address_and_method_keep_their_status() -> None:
    async with client(app_of(take_query)) as web:
        missing, wrong = await web.get("/api/nothing"), await web.post("/api/query")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "request.method_not_allowed")
    assert "GET" in wrong.headers["allow"]
