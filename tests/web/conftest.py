"""The web application over the test database, and programs that sign in as the people of a small company."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx
import pytest
from litestar import Litestar

from govern.app import create_app
from govern.database import transaction
from govern.domain.ids import uuid7
from govern.services.sessions import find_session, hash_token, open_session
from govern.settings import Settings
from govern.tables import ApiToken, Member
from govern.web.auth import cookie_name, csrf_token
from tests.factories import Company, make_account, make_company, make_member
from tests.hand import by_hand

ADDRESS = "http://127.0.0.1:8000"
Api = Callable[[str], httpx.AsyncClient]
Script = Callable[[str], Awaitable[httpx.AsyncClient]]


def program(app: Litestar, **options: Any) -> httpx.AsyncClient:
    """Speak to the application as a program does, without a socket."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(cast(Any, app)), **{"base_url": ADDRESS, **options})


def address(name: str) -> str:
    return f"{name}@example.com"


@pytest.fixture(scope="session")
async def app(config: Settings) -> AsyncIterator[Litestar]:
    """The whole application; its pool is the one of the tests."""
    app = create_app(config)
    yield app
    await app.state.waker.close()


@pytest.fixture
async def company(database: None) -> Company:
    """A second account of Mia's brand, and a token per person, Eve included, who has no role."""
    company = await make_company()
    await make_account("Shop", brand="care")
    await make_member("eve")
    now = datetime.now(UTC)
    for row in await Member.select(Member.id, Member.email):
        name = row["email"].partition("@")[0]
        await by_hand(
            ApiToken.insert(
                ApiToken(
                    id=uuid7(now),
                    token_hash=hash_token(f"token of {name}"),
                    member=row["id"],
                    name="test",
                    created_at=now,
                    expires_at=now + timedelta(days=1),
                )
            )
        )
    return company


@pytest.fixture
async def web(app: Litestar, company: Company) -> AsyncIterator[httpx.AsyncClient]:
    """A program without a token."""
    async with program(app) as client:
        yield client


@pytest.fixture
async def api(app: Litestar, company: Company) -> AsyncIterator[Api]:
    """A program of each person: `api("leo")`."""
    async with AsyncExitStack() as stack:
        clients: dict[str, httpx.AsyncClient] = {}

        def client_of(name: str) -> httpx.AsyncClient:
            if name not in clients:
                token = {"Authorization": f"Bearer token of {name}"}
                clients[name] = program(app, base_url=f"{ADDRESS}/api/v1", headers=token)
                stack.push_async_callback(clients[name].aclose)
            return clients[name]

        yield client_of


@pytest.fixture
async def script(app: Litestar, company: Company, config: Settings) -> AsyncIterator[Script]:
    """A script of the panel, in the browser of a person who signed in a moment ago: `await script("ada")`."""
    async with AsyncExitStack() as stack:

        async def script_of(name: str) -> httpx.AsyncClient:
            now = datetime.now(UTC)
            row = await Member.select(Member.id, Member.name).where(Member.email == address(name)).first()
            assert row is not None
            async with transaction():
                token = await open_session(row["id"], row["name"], factors=("password",), user_agent="", now=now)
            session = await find_session(token, now=now)
            assert session is not None
            client = program(
                app,
                base_url=f"{ADDRESS}/api/v1",
                cookies={cookie_name(config): token},
                headers={"X-CSRF": csrf_token(session.id, config)},
            )
            stack.push_async_callback(client.aclose)
            return client

        yield script_of
