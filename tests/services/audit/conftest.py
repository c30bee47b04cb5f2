"""A small company per test, and the log's functions with defaults; all on a real PostgreSQL."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest
import structlog

from govern.database import rows, transaction
from govern.domain.audit import (
    MessageApproved,
    ObjectRef,
    Recorded,
    SystemStarted,
)
from govern.domain.ids import uuid7
from govern.domain.members import Actor, Via, member_actor, system_actor
from govern.services import audit
from govern.services.audit import EntryFilter, Receipt
from govern.tables import Account, ApiToken, AuditEntry, Brand, Contact, Member, Message, Scope
from tests.hand import FORGET, by_hand
from tests.services.audit.watched import Watched, tell_of_grants
from tests.services.conftest import Office
from tests.the_log import Log

NOW = datetime(2026, 11, 22, 13, 29, 7, 412_000, tzinfo=UTC)
EVERYTHING = frozenset({"company"})
DIGEST = "0" * 64
HERE = ObjectRef("system", "test")


class Company(msgspec.Struct, frozen=True):
    """A small company of its own for one test: the log cannot be emptied, so names are fresh."""

    tag: str
    mia: UUID
    token: UUID
    brand: UUID
    account: UUID
    contact: UUID
    message: UUID
    number: int

    @property
    def scope(self) -> str:
        return f"account:Help{self.tag}"

    @property
    def actor(self) -> Actor:
        return member_actor(self.mia, "Mia", via=Via.PANEL, fresh=True)


@pytest.fixture(autouse=True)
async def _database(database: None) -> None:
    """Every test here needs the engines."""


@pytest.fixture
async def company(owner: asyncpg.Connection) -> Company:
    tag = uuid4().hex[:8]
    mia, token, brand, account, contact, message = (uuid7(NOW) for _ in range(6))
    number = int(tag, 16) + 1
    await by_hand(Scope.insert(Scope(key="company", kind="company", parent=None)).on_conflict(action="DO NOTHING"))
    await by_hand(Scope.insert(Scope(key=f"brand:{tag}", kind="brand", parent="company")))
    await by_hand(Scope.insert(Scope(key=f"account:Help{tag}", kind="account", parent=f"brand:{tag}")))
    await by_hand(Member.insert(Member(id=mia, email=f"mia@{tag}.example", name=f"Mia {tag}", created_at=NOW)))
    await by_hand(
        ApiToken.insert(
            ApiToken(
                id=token,
                token_hash=token.bytes,
                member=mia,
                name="drafts",
                created_at=NOW,
                expires_at=NOW + timedelta(1),
            )
        )
    )
    await by_hand(Brand.insert(Brand(id=brand, slug=tag, name=f"Brand {tag}", scope=f"brand:{tag}", created_at=NOW)))
    await by_hand(
        Account.insert(
            Account(
                id=account,
                handle=f"Help{tag}",
                name="Help",
                brand=brand,
                scope=f"account:Help{tag}",
                kind="brand",
                created_at=NOW,
            )
        )
    )
    await Contact.insert(Contact(id=contact, handle=f"kb_{tag}", name="K. B.", created_at=NOW))
    await by_hand(
        Message.insert(
            Message(
                id=message,
                number=number,
                account=account,
                kind="post",
                state="draft",
                author=mia,
                created_at=NOW,
                updated_at=NOW,
            )
        )
    )
    await owner.execute(FORGET)
    return Company(tag, mia, token, brand, account, contact, message, number)


async def record(action: Recorded, **given: Any) -> Receipt:
    defaults: dict[str, Any] = {"actor": system_actor("test"), "now": NOW, "object": HERE, "scope": "company"}
    async with transaction():
        return await audit.record(action, **defaults | given)


async def approve(company: Company, **given: Any) -> Receipt:
    action = MessageApproved(revision=3, digest=DIGEST, approvals=1, required=1, comment="Fine, said Zoé")
    about = {"actor": company.actor, "object": ObjectRef("message", company.message, 3), "scope": company.scope}
    return await record(action, **about | given)


async def find(**wanted: Any) -> list[int]:
    page = await audit.search_entries(EntryFilter(**wanted), scopes=EVERYTHING)
    return [item.arrival for item in page.items]


async def text_of(receipt: Receipt) -> str:
    found = rows(await AuditEntry.select(AuditEntry.entry).where(AuditEntry.arrival == receipt.arrival))
    return str(found[0]["entry"])


@pytest.fixture
def request_id() -> Iterator[str]:
    with structlog.contextvars.bound_contextvars(request="r-42"):
        yield "r-42"


@pytest.fixture
async def watched(the_log: Log, office: Office, owner: asyncpg.Connection) -> Watched:
    """A log that tells of every row, signed so far."""
    found = Watched(the_log, owner)
    await tell_of_grants()
    await found.sign()
    return found


@pytest.fixture
async def steps(watched: Watched) -> Sequence[int]:
    """Five entries, each under a checkpoint of its own; their places."""
    for number in range(5):
        await record(SystemStarted(process="worker", version=f"step-{number}"))
        await watched.sign()
    return [await watched.place_of(f"step-{number}") for number in range(5)]
