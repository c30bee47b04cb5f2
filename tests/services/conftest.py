"""A small company on a real PostgreSQL, and its daily business in short words."""

from datetime import datetime, timedelta

import asyncpg
import msgspec
import pytest

from govern.access import Access
from govern.domain.members import Actor
from govern.domain.messages import Message
from govern.services.approvals import approve_message
from govern.services.messages import revise_message
from govern.services.policies import Policies
from govern.services.submission import submit_message
from tests.factories import NOW, Company, make_company, make_message

LATER = NOW + timedelta(minutes=1)


class Office(msgspec.Struct, frozen=True, kw_only=True):
    """The company with the rules it works under."""

    people: Company
    access: Access
    policies: Policies
    owner: asyncpg.Connection

    async def write(self, author: Actor, **overrides: object) -> Message:
        """Write a message and hand it in."""
        return await make_message(author, access=self.access, policies=self.policies, **overrides)  # type: ignore[arg-type]

    async def revise(self, message: Message, text: str, by: Actor, *, now: datetime = LATER) -> Message:
        return await revise_message(
            message.id, text=text, revision=message.revision.number, actor=by, access=self.access, now=now
        )

    async def submit(
        self, message: Message, by: Actor, *, revision: int | None = None, now: datetime = LATER
    ) -> Message:
        return await submit_message(
            message.id,
            revision=revision or message.revision.number,
            actor=by,
            access=self.access,
            policies=self.policies,
            now=now,
        )

    async def approve(
        self,
        message: Message,
        by: Actor,
        *,
        text: str | None = None,
        reason: str | None = None,
        revision: int | None = None,
        policies: Policies | None = None,
        now: datetime = LATER,
    ) -> Message:
        return await approve_message(
            message.id,
            revision=revision or message.revision.number,
            text=text,
            reason=reason,
            actor=by,
            access=self.access,
            policies=policies or self.policies,
            now=now,
        )


@pytest.fixture
async def office(database: None, access: Access, policies: Policies, owner: asyncpg.Connection) -> Office:
    return Office(people=await make_company(), access=access, policies=policies, owner=owner)
