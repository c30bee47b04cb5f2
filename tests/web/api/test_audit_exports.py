"""Exports over the API: for a session with a fresh proof, never for a token."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest

from govern.access import Access
from govern.services.export_runs import run_export
from tests.the_log import Log
from tests.web.conftest import Api, Script

ASKED: dict[str, Any] = {"begin": 0, "format": "jsonl", "reason": "The auditor asked for it"}


async def test_an_export_is_asked_for_followed_and_fetched(the_log: Log, script: Script, access: Access) -> None:
    await the_log.grow()
    cleo = await script("cleo")
    answer = await cleo.post("/audit/export", json=ASKED)
    assert answer.status_code == 202, answer.text
    asked = answer.json()
    assert (asked["state"], asked["file"]) == ("queued", None)
    assert asked["question"] == {"begin": 0}
    early = await cleo.get(f"/audit/export/{asked['id']}/file")
    assert (early.status_code, early.json()["code"]) == (409, "export.not_ready")
    assert await run_export(UUID(asked["id"]), access=access, clock=lambda: datetime.now(UTC))
    done = (await cleo.get(f"/audit/export/{asked['id']}")).json()
    assert done["state"] == "done"
    assert done["progress"] == done["total"] > 0
    assert (await cleo.get("/audit/export")).json()["items"] == [done]
    file = await cleo.get(done["file"].removeprefix("/api/v1"))
    assert file.status_code == 200
    assert sha256(file.content).hexdigest() == done["sha256"]
    assert file.headers["cache-control"] == "no-store"
    assert ".jsonl" in file.headers["content-disposition"]


async def test_no_token_asks_for_an_export_or_fetches_one(the_log: Log, api: Api) -> None:
    for answer in (
        await api("cleo").post("/audit/export", json=ASKED),
        await api("cleo").get(f"/audit/export/{uuid4()}/file"),
    ):
        assert answer.status_code == 403, answer.text
        assert answer.json()["code"] == "access.denied"
    assert (await api("cleo").get("/audit/export")).json() == {"items": []}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reason": " x "}, "export.reason_required"),
        ({"end": 0}, "export.question_invalid"),
        ({"query": "actor:mia"}, "export.question_invalid"),
        ({"begin": None, "query": "colour:red"}, "audit.unknown_key"),
    ],
)
async def test_a_bad_question_is_refused(the_log: Log, script: Script, changes: dict[str, Any], code: str) -> None:
    answer = await (await script("cleo")).post("/audit/export", json={**ASKED, **changes})
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text


async def test_others_have_no_export_of_mine(the_log: Log, script: Script) -> None:
    asked = (await (await script("cleo")).post("/audit/export", json=ASKED)).json()
    answer = await (await script("ada")).get(f"/audit/export/{asked['id']}")
    assert (answer.status_code, answer.json()["code"]) == (404, "export.not_found")


async def test_an_expired_file_is_not_offered_and_not_given(the_log: Log, script: Script, access: Access) -> None:
    await the_log.grow()
    cleo = await script("cleo")
    asked = (await cleo.post("/audit/export", json=ASKED)).json()
    assert await run_export(UUID(asked["id"]), access=access, clock=lambda: datetime.now(UTC) - timedelta(days=8))
    done = (await cleo.get(f"/audit/export/{asked['id']}")).json()
    assert (done["state"], done["file"]) == ("done", None)
    assert datetime.fromisoformat(done["expires_at"]) < datetime.now(UTC)
    answer = await cleo.get(f"/audit/export/{asked['id']}/file")
    assert (answer.status_code, answer.json()["code"]) == (409, "export.expired")
