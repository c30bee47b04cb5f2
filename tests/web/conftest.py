"""The web application over the test database, and a small company that uses it."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from govern.app import create_app
from govern.domain.ids import uuid7
from govern.domain.members import system_actor
from govern.services.members import insert_member
from govern.services.sessions import hash_token
from govern.database import transaction
from govern.tables import Account, ApiToken, Brand, RoleGrant, Scope

PASSWORD_HASH = "no password fits this"
PEOPLE = {
    "leo": ("agent", "account:AldaneCare"),
    "claire": ("brand_manager", "brand:aldane"),
    "hugo": ("brand_manager", "brand:aldane"),
    "nora": ("compliance", "company"),
    "ada": ("admin", "company"),
    "bob": ("admin", "company"),
    "vera": ("viewer", "company"),
    "eve": (None, None),
}
Api = Callable[[str], httpx.AsyncClient]


def address(name: str) -> str:
    return f"{name}@aldane.example"


async def add_member(name: str) -> UUID:
    now = datetime.now(UTC)
    async with transaction():
        member = await insert_member(
            email=address(name),
            name=name.title(),
            hashed=PASSWORD_HASH,
            language="en",
            zone="Europe/Paris",
            actor=system_actor("test"),
            now=now,
        )
    return member.id


async def add_grant(member: UUID, role: str, scope: str) -> None:
    now = datetime.now(UTC)
    await RoleGrant.insert(
        RoleGrant(
            id=uuid7(now), member=member, role=role, scope=scope, granted_at=now, reason="for tests", starts_at=now
        )
    )


async def add_account(handle: str, brand: UUID, *, parent: str) -> None:
    now = datetime.now(UTC)
    await Scope.insert(Scope(key=f"account:{handle}", kind="account", parent=parent))
    await Account.insert(
        Account(
            id=uuid7(now),
            handle=handle,
            name=handle,
            brand=brand,
            scope=f"account:{handle}",
            kind="brand",
            created_at=now,
            state="connected",
        )
    )


@pytest.fixture
async def company(database: None) -> None:
    """One brand with two accounts, and a person per role."""
    now = datetime.now(UTC)
    brand = uuid7(now)
    await Scope.insert(Scope(key="brand:aldane", kind="brand", parent="company"))
    await Brand.insert(Brand(id=brand, slug="aldane", name="Aldane", scope="brand:aldane", created_at=now))
    await add_account("AldaneCare", brand, parent="brand:aldane")
    await add_account("AldaneNews", brand, parent="brand:aldane")
    for name, (role, scope) in PEOPLE.items():
        member = await add_member(name)
        if role and scope:
            await add_grant(member, role, scope)
        await ApiToken.insert(
            ApiToken(
                id=uuid7(now),
                token_hash=hash_token(f"token of {name}"),
                member=member,
                name="test",
                created_at=now,
                expires_at=now.replace(year=now.year + 1),
            )
        )


@pytest.fixture(scope="session")
def app() -> Litestar:
    return create_app()


@pytest.fixture
async def web(app: Litestar, company: None) -> AsyncIterator[httpx.AsyncClient]:
    """A program without a token."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client


@pytest.fixture
async def api(app: Litestar, company: None) -> AsyncIterator[Api]:
    """A program of each person: `api("leo")`."""
    clients: list[httpx.AsyncClient] = []

    def client_of(name: str) -> httpx.AsyncClient:
        clients.append(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app),  # type: ignore[arg-type]
                base_url="http://127.0.0.1:8000/api/v1",
                headers={"Authorization": f"Bearer token of {name}"},
            )
        )
        return clients[-1]

    yield client_of
    for client in clients:
        await client.aclose()
