"""A small company on a real PostgreSQL, and its daily business in short words."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg
import msgspec
import pytest

from govern.access import Access
from govern.domain.approvals import Rule
from govern.domain.members import Actor, Via, member_actor, system_actor
from govern.domain.messages import Message
from govern.services.acknowledgements import Acknowledged, Unacknowledged
from govern.services.approvals import approve_message, withdraw_approval
from govern.services.members import insert_member
from govern.services.messages import revise_message, schedule_message, withdraw_message
from govern.services.passwords import hash_password
from govern.services.policies import Policies
from govern.services.refusals import reject_message, request_changes
from govern.services.submission import submit_message
from govern.services.use_case import use_case
from govern.settings import Settings
from tests.authenticator import Authenticator
from tests.factories import NOW, Company, make_company, make_message, warnings_in
from tests.services.passkeys import add
from tests.services.signing_in import PASSWORD

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
        """Hand in, having seen what screening warns of."""

        async def hand_in(seen: Sequence[Acknowledged]) -> Message:
            return await submit_message(
                message.id,
                revision=revision or message.revision.number,
                acknowledged=seen,
                actor=by,
                access=self.access,
                policies=self.policies,
                now=now,
            )

        try:
            return await hand_in(())
        except Unacknowledged as warned:
            return await hand_in(warnings_in(warned))

    async def approve(
        self,
        message: Message,
        by: Actor,
        *,
        text: str | None = None,
        reason: str | None = None,
        acknowledged: Sequence[Acknowledged] | None = None,
        revision: int | None = None,
        policies: Policies | None = None,
        now: datetime = LATER,
    ) -> Message:
        """Approve; who edits has seen what screening warns of in the edit, unless the test says what."""

        async def give(seen: Sequence[Acknowledged]) -> Message:
            return await approve_message(
                message.id,
                revision=revision or message.revision.number,
                text=text,
                reason=reason,
                acknowledged=seen,
                actor=by,
                access=self.access,
                policies=policies or self.policies,
                now=now,
            )

        try:
            return await give(acknowledged or ())
        except Unacknowledged as warned:
            if acknowledged is not None:
                raise
            return await give(warnings_in(warned))

    async def schedule(
        self, message: Message, at: datetime, by: Actor, *, zone: str | None = None, now: datetime = LATER
    ) -> Message:
        return await schedule_message(
            message.id,
            revision=message.revision.number,
            scheduled_at=at,
            zone=zone,
            actor=by,
            access=self.access,
            now=now,
        )

    async def withdraw(self, message: Message, by: Actor, *, reason: str | None = None) -> Message:
        return await withdraw_message(
            message.id,
            revision=message.revision.number,
            reason=reason,
            actor=by,
            access=self.access,
            now=LATER,
        )

    async def reject(self, message: Message, by: Actor, *, reason: str = "No.", revision: int = 1) -> Message:
        return await reject_message(
            message.id, revision=revision, reason=reason, actor=by, access=self.access, now=LATER
        )

    async def ask_changes(self, message: Message, by: Actor, *, reason: str = "Shorter.", revision: int = 1) -> Message:
        return await request_changes(
            message.id, revision=revision, reason=reason, actor=by, access=self.access, now=LATER
        )

    async def undo(self, message: Message, by: Actor) -> Message:
        return await withdraw_approval(message.id, actor=by, access=self.access, now=LATER)

    def under(self, rule: Rule) -> "Office":
        """Return the same office with a rule of approval in front of the shipped ones."""
        approval = msgspec.structs.replace(self.policies.approval, rule=(rule, *self.policies.approval.rule))
        return msgspec.structs.replace(self, policies=msgspec.structs.replace(self.policies, approval=approval))


def make_rule(name: str, **changes: object) -> Rule:
    """Return a rule of approval that matches everything, but for what is said."""
    return Rule(id=name, why={"en": "E", "fr": "F"}, **changes)  # type: ignore[arg-type]  # as the rule's own fields


@pytest.fixture
async def office(database: None, access: Access, policies: Policies, owner: asyncpg.Connection) -> Office:
    return Office(people=await make_company(), access=access, policies=policies, owner=owner)


@pytest.fixture(scope="session")
async def hashed() -> str:
    return await hash_password(PASSWORD)


@pytest.fixture
async def zoe(office: Office, hashed: str) -> Actor:
    """A member with a password and no role."""
    maker = system_actor("test")
    async with use_case(actor=maker, now=NOW):
        member = await insert_member(
            email="zoe@example.com", name="Zoe", hashed=hashed, language="en", zone="UTC", actor=maker, now=NOW
        )
    return member_actor(member.id, member.name, via=Via.PANEL, fresh=True)


@pytest.fixture
async def phone(zoe: Actor, config: Settings) -> Authenticator:
    """Zoe's phone, whose passkey she added."""
    device = Authenticator()
    await add(zoe, device, config)
    return device
