"""Who is let in, with what."""

from datetime import UTC, datetime

import httpx
import pytest
from litestar import Litestar

from govern.tables import ApiToken, Member
from tests.web.conftest import Api, address


@pytest.mark.parametrize("path", ["/me", "/messages", "/accounts", "/members", "/audit/entries", "/pauses"])
@pytest.mark.parametrize("header", [None, "Bearer wrong", "Bearer ", "Basic Zm9vOmJhcg==", "token of leo"])
async def test_without_a_good_token_every_answer_is_the_same_401(
    web: httpx.AsyncClient, path: str, header: str | None
) -> None:
    answer = await web.get(f"/api/v1{path}", headers={"Authorization": header} if header else {})
    assert (answer.status_code, answer.json()["code"]) == (401, "session.not_signed_in")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_token_is_asked_for_before_anything_is_read(web: httpx.AsyncClient) -> None:
    answer = await web.post("/api/v1/messages", content=b"{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 401


async def test_revoked_and_expired_tokens_are_401(api: Api) -> None:
    leo = api("leo")
    assert (await leo.get("/me")).status_code == 200
    now = datetime.now(UTC)
    await ApiToken.update({ApiToken.revoked_at: now}, force=True)
    assert (await leo.get("/me")).status_code == 401
    await ApiToken.update({ApiToken.revoked_at: None}, force=True)
    await ApiToken.update({ApiToken.created_at: now.replace(year=2020), ApiToken.expires_at: now}, force=True)
    assert (await leo.get("/me")).status_code == 401


async def test_token_of_a_suspended_member_is_401(api: Api) -> None:
    await Member.update({Member.state: "suspended"}).where(Member.email == address("leo"))
    assert (await api("leo").get("/me")).status_code == 401
    assert (await api("mia").get("/me")).status_code == 200


async def test_cookie_and_token_together_are_400(api: Api) -> None:
    answer = await api("leo").get("/me", headers={"Cookie": "govern=something"})
    assert (answer.status_code, answer.json()["code"]) == (400, "request.two_credentials")


async def test_cookie_opens_no_door_of_the_api(web: httpx.AsyncClient) -> None:
    assert (await web.get("/api/v1/me", headers={"Cookie": "govern=token of leo"})).status_code == 401


async def test_health_needs_no_token(web: httpx.AsyncClient) -> None:
    assert (await web.get("/health/live")).json() == {"status": "ok"}
    for path in ("/health/ready", "/api/v1/health"):
        answer = await web.get(path)
        assert answer.status_code in {200, 503}
        assert answer.json()["ready"] is (answer.status_code == 200)
        assert "database" in answer.json()["parts"]


def test_application_holds_no_secret_in_its_words(app: Litestar) -> None:
    assert "secret" not in repr(app.state.settings).replace("secrets='***'", "")
