"""The comparison with X's specification itself, on a small specification of our own."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from litestar import Litestar

from tests.sandbox.x_spec import Recorder, Specification

TEXT: dict[str, Any] = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}


def specification(answer: dict[str, Any], *, asked: dict[str, Any] = TEXT) -> Specification:
    answered = {"type": "object", "required": ["data"], "properties": {"data": answer}}
    posting = {
        "requestBody": {"content": {"application/json": {"schema": asked}}},
        "responses": {"201": {"description": "made", "content": {"application/json": {"schema": answered}}}},
        "security": [{"anything": []}],
    }
    return Specification(
        {
            "openapi": "3.0.0",
            "info": {"title": "a part of X", "version": "1"},
            "servers": [{"url": "https://api.x.com"}],
            "paths": {"/2/tweets": {"post": posting}},
        }
    )


@pytest.fixture
async def recorder(app: Litestar, acme: httpx.AsyncClient) -> Recorder:
    recorder = Recorder()
    app.asgi_handler = recorder.around(app.asgi_handler)
    answer = await acme.post("/2/tweets", json={"text": "hello"})
    assert answer.status_code == 201
    return recorder


async def test_traffic_that_fits_has_no_faults(recorder: Recorder) -> None:
    fits = specification({"type": "object", "required": ["id", "text"], "properties": {"id": {"type": "string"}}})
    assert len(recorder.exchanges) == 1
    assert list(fits.faults(recorder.exchanges)) == []


async def test_an_answer_of_another_shape_is_named(recorder: Recorder) -> None:
    wants_number = specification({"type": "object", "properties": {"id": {"type": "integer"}}})
    (fault,) = wants_number.faults(recorder.exchanges)
    assert fault.startswith("POST /2/tweets answers: ")
    assert "is not of type 'integer'" in fault


async def test_a_request_of_another_shape_is_named(recorder: Recorder) -> None:
    wants_more = specification({"type": "object"}, asked={**TEXT, "required": ["text", "card_uri"]})
    (fault,) = wants_more.faults(recorder.exchanges)
    assert fault.startswith("POST /2/tweets asks: ")
    assert "card_uri" in fault


async def test_an_address_the_file_does_not_have_is_named(
    recorder: Recorder, acme: httpx.AsyncClient, inbound: Callable[..., Awaitable[str]]
) -> None:
    await acme.get("/2/users/me")
    faults = list(specification({"type": "object"}).faults(recorder.exchanges))
    assert any(fault.startswith("GET /2/users/me asks: ") for fault in faults)


async def test_a_refusal_is_not_compared(recorder: Recorder, acme: httpx.AsyncClient) -> None:
    answer = await acme.post("/2/tweets", json={"text": "hello", "nonsense": 1})
    assert answer.status_code == 400
    assert list(specification({"type": "object"}).faults(recorder.exchanges)) == []


def test_doubled_enum_values_do_not_stop_the_reading() -> None:
    asked = {"type": "object", "properties": {"text": {"type": "string", "enum": ["hello", "hello"]}}}
    assert list(specification({"type": "object"}, asked=asked).faults([])) == []
