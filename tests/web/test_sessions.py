"""The panel's door: cookies, forms of other sites, and a database that goes away."""

import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import httpx
import pytest
from litestar import Litestar

from govern.domain.ids import uuid7
from govern.services.sessions import hash_token
from govern.settings import Settings
from govern.tables import Session
from govern.web.auth import cookie_name, csrf_token
from tests.factories import Company
from tests.web.conftest import Api, program

KILL = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'govern_web'"


class Browser:
    """A browser that somebody signed in."""

    def __init__(self, client: httpx.AsyncClient, session: UUID, settings: Settings) -> None:
        self.client = client
        self.session = session
        self.settings = settings

    def token(self) -> str:
        return csrf_token(self.session, self.settings)

    async def send(self, *, token: str | None = None, headers: dict[str, str] | None = None) -> httpx.Response:
        """End the session: the smallest form there is."""
        fields = {"_csrf": token} if token is not None else {}
        return await self.client.post("/admin/sign-out", data=fields, headers=headers)

    async def signed_in(self) -> bool:
        return bool(await Session.exists().where((Session.id == self.session) & Session.revoked_at.is_null()))


async def sign_in(member: UUID | None) -> tuple[UUID, str]:
    now, token = datetime.now(UTC), secrets.token_urlsafe(32)
    session = uuid7(now)
    await Session.insert(
        Session(
            id=session,
            token_hash=hash_token(token),
            member=member,
            created_at=now,
            seen_at=now,
            expires_at=now + timedelta(hours=1),
        )
    )
    return session, token


@pytest.fixture
async def browser(app: Litestar, company: Company, config: Settings) -> AsyncIterator[Browser]:
    session, token = await sign_in(company.leo.member)
    async with program(app, cookies={cookie_name(config): token}) as client:
        yield Browser(client, session, config)


async def test_form_of_our_own_page_is_taken(browser: Browser) -> None:
    answer = await browser.send(token=browser.token(), headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 303
    assert not await browser.signed_in()


async def test_token_may_come_in_the_header(browser: Browser) -> None:
    assert (await browser.send(headers={"X-CSRF": browser.token()})).status_code == 303


async def test_form_without_or_with_a_forged_token_is_refused_with_a_page(browser: Browser) -> None:
    for token in (None, "", "forged", csrf_token(uuid7(datetime.now(UTC)), browser.settings)):
        answer = await browser.send(token=token)
        assert answer.status_code == 403
        assert answer.headers["content-type"].startswith("text/html")
    assert await browser.signed_in()


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://evil.example"}]
)
async def test_form_of_another_site_is_refused_even_with_a_good_token(
    browser: Browser, headers: dict[str, str]
) -> None:
    assert (await browser.send(token=browser.token(), headers=headers)).status_code == 403
    assert await browser.signed_in()


async def test_sign_in_form_of_another_site_is_refused(web: httpx.AsyncClient) -> None:
    fields = {"email": "leo@example.com", "password": "does not matter here"}
    answer = await web.post("/admin/sign-in", data=fields, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


async def test_page_without_a_session_leads_to_the_sign_in(web: httpx.AsyncClient) -> None:
    answer = await web.get("/admin/messages?state=draft")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/admin/sign-in?next=%2Fadmin%2Fmessages%3Fstate%3Ddraft",
    )


@pytest.mark.parametrize("column", ["revoked_at", "seen_at"])
async def test_ended_and_idle_sessions_are_no_sessions(browser: Browser, column: str) -> None:
    assert (await browser.client.get("/admin/settings")).status_code == 200
    await Session.update({column: datetime.now(UTC) - timedelta(hours=2)}).where(Session.id == browser.session)
    assert (await browser.client.get("/admin/settings")).status_code == 303
    assert (await browser.send(token=browser.token())).status_code == 401


async def test_cookie_with_a_token_beside_it_is_400(browser: Browser) -> None:
    for path in ("/admin/settings", "/api/v1/me"):
        answer = await browser.client.get(path, headers={"Authorization": "Bearer token of leo"})
        assert answer.status_code == 400


async def test_scripts_of_the_panel_ask_the_api_with_its_session(browser: Browser) -> None:
    assert (await browser.client.get("/api/v1/me")).json()["email"] == "leo@example.com"
    draft = {"account": "Help", "kind": "post", "text": "We open at ten."}
    for headers in ({}, {"X-CSRF": csrf_token(uuid7(datetime.now(UTC)), browser.settings)}):
        answer = await browser.client.post("/api/v1/messages", json=draft, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "session.csrf_failed")
    token = {"X-CSRF": browser.token()}
    answer = await browser.client.post(
        "/api/v1/messages", json=draft, headers={**token, "Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403
    assert (await browser.client.post("/api/v1/messages", json=draft, headers=token)).status_code == 201


async def test_ended_session_is_no_session_of_the_api_either(browser: Browser) -> None:
    await browser.send(token=browser.token())
    assert (await browser.client.get("/api/v1/me")).status_code == 401


async def test_lost_connections_heal_without_a_restart(api: Api, browser: Browser, owner: asyncpg.Connection) -> None:
    """PostgreSQL ends every connection of the web: each is 503 at most once, then all is as before."""
    assert await owner.fetchval(KILL) > 0
    statuses = [(await api("leo").get("/me")).status_code for _ in range(15)]
    assert set(statuses) <= {200, 503}
    assert statuses[-1] == 200
    assert (await browser.client.get("/admin/settings")).status_code == 200


async def test_database_that_is_away_is_503_with_a_plain_page_and_json(
    api: Api, browser: Browser, owner: asyncpg.Connection
) -> None:
    await owner.execute("ALTER ROLE govern_web CONNECTION LIMIT 0")
    try:
        await owner.fetchval(KILL)
        answer = await api("leo").get("/me")
        page = await browser.client.get("/admin/settings")
        ready = await browser.client.get("/health/ready")
    finally:
        await owner.execute("ALTER ROLE govern_web CONNECTION LIMIT -1")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"] == "5"
    assert page.status_code == 503
    assert "Nothing was changed" in page.text
    assert (ready.status_code, ready.json()["parts"]["database"]) == (503, "away")
    assert (await api("leo").get("/me")).status_code == 200
