"""Who is let in, with what."""

import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pyotp
import pytest
from litestar import Litestar

from govern.app import create_app
from govern.domain.ids import uuid7
from govern.services.sessions import hash_token
from govern.settings import Env, Settings
from govern.tables import ApiToken, Member, Session
from govern.web.auth import SECURITY, cookie_name
from tests.factories import Company
from tests.hand import by_hand
from tests.web.conftest import Api, address, program

KEKS = "test:" + "A" * 43 + "="
ADDRESS = "https://govern.example"


@pytest.fixture
async def production(company: Company, config: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Ada's browser at a panel in production; she gave her password, and has no second factor."""
    settings = msgspec.structs.replace(config, env=Env.PRODUCTION, public_url=ADDRESS, audit_keks=KEKS)
    now, token = datetime.now(UTC), secrets.token_urlsafe(32)
    session = Session(
        id=uuid7(now),
        token_hash=hash_token(token),
        member=company.ada.member,
        created_at=now,
        seen_at=now,
        expires_at=now + timedelta(hours=1),
    )
    await Session.insert(session)
    app = create_app(settings)
    async with program(app, base_url=ADDRESS) as client:
        client.cookies.set(cookie_name(settings), token, domain="govern.example")
        yield client
    await app.state.waker.close()


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
    await by_hand(ApiToken.update({ApiToken.revoked_at: now}, force=True))
    assert (await leo.get("/me")).status_code == 401
    await by_hand(ApiToken.update({ApiToken.revoked_at: None}, force=True))
    await by_hand(ApiToken.update({ApiToken.created_at: now.replace(year=2020), ApiToken.expires_at: now}, force=True))
    assert (await leo.get("/me")).status_code == 401


async def test_token_of_a_suspended_member_is_401(api: Api) -> None:
    await by_hand(Member.update({Member.state: "suspended"}).where(Member.email == address("leo")))
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


async def test_in_production_nothing_but_security_opens_before_a_second_factor(production: httpx.AsyncClient) -> None:
    for path in ("/admin", "/admin/messages", "/admin/settings", "/admin/people"):
        answer = await production.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, SECURITY)
    page = await production.get(SECURITY)
    assert page.status_code == 200
    assert "Before the panel opens, set up a second factor" in page.text
    assert (await production.get("/api/v1/me")).json()["code"] == "session.second_factor_needed"
    csrf = page.text.split('name="_csrf" value="')[1].split('"')[0]
    refused = await production.post("/admin/settings", data={"_csrf": csrf, "language": "fr"})
    assert (refused.status_code, refused.headers["location"]) == (303, SECURITY)


async def test_in_production_the_panel_opens_once_the_second_factor_was_shown(production: httpx.AsyncClient) -> None:
    page = await production.get(SECURITY)
    csrf = page.text.split('name="_csrf" value="')[1].split('"')[0]
    page = await production.post(f"{SECURITY}/authenticator", data={"_csrf": csrf})
    secret = pyotp.TOTP(page.text.split('id="key">')[1].split("<")[0].replace(" ", ""))
    fields = {"_csrf": csrf, "code": secret.now()}
    page = await production.post(f"{SECURITY}/authenticator/confirm", data=fields)
    assert 'action="/admin/confirm"' in page.text
    assert "show your second factor once" in (await production.get(SECURITY)).text
    assert (await production.get("/admin")).status_code == 303
    later = secret.at(datetime.now(UTC) + timedelta(seconds=30))
    answer = await production.post("/admin/confirm", data={"_csrf": csrf, "_proof": later})
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin")
    assert (await production.get("/admin")).status_code == 200


async def test_in_production_one_may_always_sign_out(production: httpx.AsyncClient) -> None:
    csrf = (await production.get(SECURITY)).text.split('name="_csrf" value="')[1].split('"')[0]
    answer = await production.post("/admin/sign-out", data={"_csrf": csrf})
    assert answer.headers["location"] == "/admin/sign-in"
