"""Every route says what it is, and the document describes it."""

import httpx
import pytest
from litestar import Litestar, get

from govern.domain.actions import Action
from govern.web.guards import UndeclaredRouteError, check_declared, handlers


@get("/forgotten")
async def forgotten() -> None: ...


@get("/wrong", opt={"action": "message.read"})
async def wrong() -> None: ...


@get("/empty", opt={"public": ""})
async def empty() -> None: ...


@get("/declared", opt={"action": Action.MESSAGE_READ})
async def declared() -> None: ...


@get("/several", opt={"action": (Action.MESSAGE_READ, Action.REPORT_READ)})
async def several() -> None: ...


@get("/own", opt={"signed_in": "one's own settings"})
async def own() -> None: ...


@get("/open", opt={"public": "a reason"})
async def public() -> None: ...


def test_application_with_an_undeclared_route_does_not_start() -> None:
    with pytest.raises(UndeclaredRouteError) as refused:
        check_declared(Litestar([forgotten, wrong, empty, declared, public], openapi_config=None))
    assert [path for path in ("/forgotten", "/wrong", "/empty") if path in str(refused.value)]
    assert "/declared" not in str(refused.value)


def test_three_ways_to_declare_a_route() -> None:
    check_declared(Litestar([declared, several, own, public], openapi_config=None))


def test_every_route_of_the_application_declares_an_action(app: Litestar) -> None:
    check_declared(app)
    assert len(list(handlers(app))) > 25


def test_public_routes_are_these(app: Litestar) -> None:
    paths = {route.path for route, handler in handlers(app) if "public" in handler.opt}
    doors = ("/admin/static/", "/admin/sign-in", "/admin/welcome/")
    assert not [path for path in paths if path.startswith("/admin") and not path.startswith(doors)]
    assert {path for path in paths if not path.startswith("/admin")} - {"/"} == {
        "/health/live",
        "/health/ready",
        "/x/webhook",
        "/api/v1/health",
        "/schema",
        "/schema/{path:str}",
        "/schema/openapi.json",
    }


async def document(web: httpx.AsyncClient) -> dict[str, dict[str, dict[str, dict[str, object]]]]:
    answer = await web.get("/schema")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")
    return dict(answer.json())


async def test_document_is_openapi_3_1_and_names_every_operation(web: httpx.AsyncClient) -> None:
    found = await document(web)
    assert str(found["openapi"]).startswith("3.1")
    assert {
        "/api/v1/messages",
        "/api/v1/messages/{which}",
        "/api/v1/messages/{which}/submit",
        "/api/v1/messages/{which}/approve",
        "/api/v1/messages/{which}/reject",
        "/api/v1/messages/{which}/request-changes",
        "/api/v1/messages/{which}/withdraw",
        "/api/v1/messages/{which}/schedule",
        "/api/v1/messages/{which}/revise",
        "/api/v1/members/{email}/grants",
        "/api/v1/grants/{grant_id}",
        "/api/v1/audit/entries",
        "/api/v1/audit/entries/{which}",
        "/api/v1/me",
        "/api/v1/pauses",
        "/api/v1/screen",
        "/api/v1/health",
    } <= set(found["paths"])
    assert not [path for path in found["paths"] if path.startswith("/admin")]
    assert found["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


async def test_every_operation_of_the_api_is_described_with_its_errors(web: httpx.AsyncClient) -> None:
    found = await document(web)
    operations = [
        (path, operation)
        for path, methods in found["paths"].items()
        for operation in methods.values()
        if path.startswith("/api/v1/") and path != "/api/v1/health"
    ]
    assert len(operations) > 20
    for path, operation in operations:
        assert operation["summary"], path
        assert operation["tags"], path
        assert operation["security"] == [{"bearer": []}], path
        responses = operation["responses"]
        assert isinstance(responses, dict)
        assert {"400", "401", "503"} <= set(responses), path
        for status, response in responses.items():
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"], (path, status)
