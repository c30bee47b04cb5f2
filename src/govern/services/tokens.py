"""API tokens: shown once, kept as SHA-256, never above their owner."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.actions import COMPANY, Action, Target
from govern.domain.audit import ObjectRef, TokenIssued, TokenRevoked
from govern.domain.ids import uuid7
from govern.domain.members import Actor, token_actor
from govern.errors import N_, Invalid, NotFound
from govern.services import audit
from govern.services.members import lock_member
from govern.services.sessions import hash_token
from govern.services.use_case import use_case
from govern.tables import ApiToken

PREFIX = "gov_"
MAX_DAYS = 365

_FIND = """
SELECT t.id, t.name, t.member, m.name AS owner FROM api_token t JOIN member m ON m.id = t.member
 WHERE t.token_hash = {} AND t.revoked_at IS NULL AND t.expires_at > {} AND m.state = 'active'
"""


class BadTokenName(Invalid):
    code = "token.bad_name"
    template = N_("A token needs a name of 1 to 60 characters and a life of 1 to 365 days.")


class IssuedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A fresh token. `text` exists only here."""

    id: UUID
    name: str
    text: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"IssuedToken(id={self.id}, text='***')"


class TokenInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A token of one's own, without its text."""

    id: UUID
    name: str
    created_at: datetime
    expires_at: datetime


async def issue_token(
    *, email: str, name: str, days: int = 90, actor: Actor, access: Access, now: datetime
) -> IssuedToken:
    """Make a token that acts with the rights its owner has at each call."""
    if not 1 <= len(name.strip()) <= 60 or not 1 <= days <= MAX_DAYS:
        raise BadTokenName(field="name")
    text = PREFIX + secrets.token_urlsafe(32)
    async with use_case(actor=actor, now=now):
        member = await lock_member(email)
        decision = await access.require(actor, Action.TOKEN_ISSUE, await _target(member.id, actor, access))
        row = ApiToken(
            id=uuid7(now),
            token_hash=hash_token(text),
            member=member.id,
            name=name.strip(),
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
        await ApiToken.insert(row)
        await audit.record(
            TokenIssued(member=member.id, label=name.strip(), expires_at=row.expires_at),
            actor=actor,
            now=now,
            object=ObjectRef(kind="token", id=row.id),
            refs=(ObjectRef(kind="member", id=member.id),),
            scope=COMPANY,
            decision=decision,
        )
    return IssuedToken(id=row.id, name=row.name, text=text, expires_at=row.expires_at)


async def find_token(text: str, *, now: datetime) -> Actor | None:
    """Return who a bearer token acts for, if it is known, not ended and its owner is active."""
    found = rows(await ApiToken.raw(_FIND, hash_token(text), now))
    if not found:
        return None
    return token_actor(found[0]["id"], f"{found[0]['owner']} ({found[0]['name']})", found[0]["member"])


async def list_tokens(*, actor: Actor, now: datetime) -> list[TokenInfo]:
    """Return one's own tokens that still work."""
    found = (
        await ApiToken.select(ApiToken.id, ApiToken.name, ApiToken.created_at, ApiToken.expires_at)
        .where((ApiToken.member == actor.member) & ApiToken.revoked_at.is_null() & (ApiToken.expires_at > now))
        .order_by(ApiToken.created_at)
    )
    return [msgspec.convert(row, TokenInfo) for row in rows(found)]


async def revoke_token(token_id: UUID, *, actor: Actor, access: Access, now: datetime) -> None:
    """End a token at once; ending one that has ended changes nothing.

    Raises:
        NotFound: there is no such token.
    """
    async with use_case(actor=actor, now=now):
        row = await ApiToken.select(ApiToken.member).where(ApiToken.id == token_id).first()
        if row is None:
            raise NotFound(noun="token", name=str(token_id))
        decision = await access.require(actor, Action.TOKEN_REVOKE, await _target(row["member"], actor, access))
        ended = (
            await ApiToken.update({ApiToken.revoked_at: now})
            .where((ApiToken.id == token_id) & ApiToken.revoked_at.is_null())
            .returning(ApiToken.id)
        )
        if not ended:
            return
        await audit.record(
            TokenRevoked(member=row["member"]),
            actor=actor,
            now=now,
            object=ObjectRef(kind="token", id=token_id),
            refs=(ObjectRef(kind="member", id=row["member"]),),
            scope=COMPANY,
            decision=decision,
        )


async def _target(owner: UUID, actor: Actor, access: Access) -> Target:
    """Own tokens are asked for where the actor holds a role, wherever that is; others' at the company."""
    held = await access.held(actor) if owner == actor.member else {}
    return Target(scope=next(iter(sorted(held)), COMPANY), facts={"member": str(owner)})
