"""Browsers without JavaScript: a signed-in session each, forms that carry their token."""

import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from govern.access import Access
from govern.domain.ids import uuid7
from govern.domain.members import Actor, Via, member_actor
from govern.domain.messages import Kind, Message
from govern.services.accounts import find_account
from govern.services.members import find_by_email
from govern.services.policies import Policies
from govern.services.sessions import hash_token
from govern.settings import Settings
from govern.tables import Member, Session
from govern.web.auth import csrf_token
from tests.factories import Company, make_message, receive_dm, receive_mention
from tests.web.conftest import address

BASE = "http://127.0.0.1:8000"


class Browser:
    """One person's browser."""

    def __init__(self, client: httpx.AsyncClient, session: UUID, settings: Settings) -> None:
        self.client = client
        self.session = session
        self.settings = settings

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    async def post(self, path: str, /, **fields: object) -> httpx.Response:
        """Send a form with the session's own token."""
        return await self.forge(path, csrf_token(self.session, self.settings), **fields)

    async def forge(self, path: str, given: str, /, **fields: object) -> httpx.Response:
        """Send a form with this token."""
        return await self.client.post(path, data={"_csrf": given, **fields})

    async def follow(self, answer: httpx.Response) -> httpx.Response:
        """Go where a form that succeeded leads."""
        assert answer.status_code == 303, (answer.status_code, answer.text[:2000])
        return await self.get(answer.headers["location"])


SignIn = Callable[..., Awaitable[Browser]]
Write = Callable[..., Awaitable[Message]]


@pytest.fixture
async def browser(app: Litestar, company: Company, config: Settings) -> AsyncIterator[SignIn]:
    """`await browser("leo")`: a browser in which this person signed in a moment ago; with `fresh=False`, long ago."""
    clients: list[httpx.AsyncClient] = []

    async def sign_in(name: str, *, fresh: bool = True) -> Browser:
        now, token = datetime.now(UTC), secrets.token_urlsafe(32)
        session = uuid7(now)
        member = await Member.select(Member.id).where(Member.email == address(name)).first()
        assert member is not None
        await Session.insert(
            Session(
                id=session,
                token_hash=hash_token(token),
                member=member["id"],
                created_at=now,
                seen_at=now,
                fresh_at=now if fresh else None,
                expires_at=now + timedelta(hours=1),
            )
        )
        transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
        client = httpx.AsyncClient(transport=transport, base_url=BASE)
        client.cookies.set("govern", token, domain="127.0.0.1")
        clients.append(client)
        return Browser(client, session, config)

    yield sign_in
    for client in clients:
        await client.aclose()


async def actor_of(name: str) -> Actor:
    member = await find_by_email(address(name))
    assert member is not None
    return member_actor(member.id, member.name, via=Via.PANEL, fresh=True)


@pytest.fixture
async def write(company: Company, access: Access, policies: Policies) -> Write:
    """`await write("leo", text=…)`: a message handed in by this person."""

    async def message(author: str, **given: object) -> Message:
        values: dict[str, object] = {"account": "Help", "kind": Kind.POST, "now": datetime.now(UTC), **given}
        return await make_message(await actor_of(author), access=access, policies=policies, **values)  # type: ignore[arg-type]

    return message


@pytest.fixture
async def mention(company: Company) -> str:
    """A mention of @Help a moment ago; its id on X."""
    return await receive_mention(await find_account("Help"), at=datetime.now(UTC) - timedelta(minutes=5))


@pytest.fixture
async def dm(company: Company) -> str:
    """A private message to @Help a moment ago; its writer's handle."""
    await receive_dm(await find_account("Help"), "karim", at=datetime.now(UTC) - timedelta(minutes=5))
    return "karim"


def links(page: httpx.Response) -> set[str]:
    """Return the addresses of the panel that a page draws."""
    found = {link.replace("&amp;", "&") for link in re.findall(r'href="(/admin[^"#]*)"', page.text)}
    return {link for link in found if not link.startswith("/admin/static/")}


def words(page: httpx.Response) -> str:
    """Return what a page says, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())
