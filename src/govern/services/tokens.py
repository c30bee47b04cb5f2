"""API tokens: shown once, kept as SHA-256, never above their owner nor beyond their own limit."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from govern.access import Access
from govern.access.catalogue import Risk
from govern.database import rows
from govern.domain.actions import COMPANY, Action, Decision, Seen, Target, TokenLimit
from govern.domain.audit import ObjectRef, TokenIssued, TokenRevoked
from govern.domain.ids import uuid7
from govern.domain.members import Actor, MemberState, token_actor
from govern.errors import N_, Conflict, Invalid, NotFound
from govern.services import audit
from govern.services.members import NOBODY, UnknownMember, find_by_email, lock_member
from govern.services.scope_rights import UnknownScope, knows
from govern.services.sessions import hash_token
from govern.services.use_case import use_case
from govern.tables import ApiToken, Scope

PREFIX = "gov_"
MAX_DAYS = 365

# Any version this transaction sees will do: the snapshot that decides is never older.
_FIND = """
SELECT t.id, t.name, t.member, t.actions, t.scope, m.name AS owner,
       s.version, coalesce(s.policy_digest, '') AS digest, clock_timestamp() AS at
  FROM api_token t JOIN member m ON m.id = t.member JOIN access_state s ON s.id = 1
 WHERE t.token_hash = {} AND t.revoked_at IS NULL AND t.expires_at > {} AND m.state = 'active'
"""
_OPEN = """
SELECT id, name, actions, scope, created_at, expires_at FROM api_token
 WHERE member = {} AND revoked_at IS NULL AND expires_at > {} ORDER BY created_at
"""
_REVOKE_ALL = """
UPDATE api_token SET revoked_at = {} WHERE member = {} AND revoked_at IS NULL AND expires_at > {} RETURNING id
"""


class BadTokenName(Invalid):
    code = "token.bad_name"
    template = N_("A token needs a name of 1 to 60 characters and a life of 1 to 365 days.")


class BadTokenActions(Invalid):
    code = "token.bad_actions"
    template = N_("A token can be limited to actions that exist and are not critical; not to: {actions}.")


class OwnerNotActive(Conflict):
    code = "token.owner_not_active"
    template = N_("{name} is suspended or has left; a token would be of no use.")


class IssuedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A fresh token. `text` exists only here."""

    id: UUID
    name: str
    text: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"IssuedToken(id={self.id}, text='***')"


class TokenInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A token that works, without its text. `actions` None: all its owner may but critical ones; `scope` None: anywhere."""

    id: UUID
    name: str
    actions: tuple[str, ...] | None
    scope: str | None
    created_at: datetime
    expires_at: datetime


async def issue_token(
    *,
    email: str,
    name: str,
    days: int = 90,
    actions: Sequence[str] | None = None,
    scope: str | None = None,
    actor: Actor,
    access: Access,
    now: datetime,
) -> IssuedToken:
    """Make a token that acts with the rights its owner has at each call, within `actions` and at `scope` and below.

    Raises:
        BadTokenName, BadTokenActions, UnknownMember, UnknownScope, OwnerNotActive
    """
    if not 1 <= len(name.strip()) <= 60 or not 1 <= days <= MAX_DAYS:
        raise BadTokenName(field="name")
    limit = None if actions is None else _check_actions(actions, access)
    text = PREFIX + secrets.token_urlsafe(32)
    async with use_case(actor=actor, now=now):
        decision = await _decide(email, actor=actor, access=access)
        member = await lock_member(email)
        if member.state is not MemberState.ACTIVE:
            raise OwnerNotActive(name=member.name)
        if scope is not None:
            await _check_scope(scope, actor=actor, access=access)
        row = ApiToken(
            id=uuid7(now),
            token_hash=hash_token(text),
            member=member.id,
            name=name.strip(),
            actions=limit,
            scope=scope,
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
        await ApiToken.insert(row)
        await audit.record(
            TokenIssued(
                member=member.id,
                label=name.strip(),
                expires_at=row.expires_at,
                actions=None if limit is None else tuple(limit),
                where=scope,
            ),
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
    row = found[0]
    actions = None if row["actions"] is None else frozenset(row["actions"])
    return token_actor(
        row["id"],
        f"{row['owner']} ({row['name']})",
        row["member"],
        limit=TokenLimit(actions=actions, scope=row["scope"] or COMPANY),
        seen=Seen(version=row["version"], digest=row["digest"], at=row["at"]),
    )


async def list_tokens(*, actor: Actor, now: datetime) -> list[TokenInfo]:
    """Return one's own tokens that still work."""
    return await _open_tokens(actor.member or NOBODY, now)


async def list_tokens_of(email: str, *, actor: Actor, access: Access, now: datetime) -> list[TokenInfo]:
    """Return a member's tokens that still work, for who may end them.

    Raises:
        UnknownMember
    """
    member = await find_by_email(email)
    async with use_case(actor=actor, now=now):
        owner = member.id if member else NOBODY
        await access.require(actor, Action.TOKEN_REVOKE, await _target(owner, actor, access))
        if member is None:
            raise UnknownMember(name=email[:80])
        return await _open_tokens(owner, now)


async def revoke_token(token_id: UUID, *, actor: Actor, access: Access, now: datetime) -> None:
    """End a token at once; ending one that has ended changes nothing.

    Raises:
        NotFound: there is no such token.
    """
    async with use_case(actor=actor, now=now):
        row = await ApiToken.select(ApiToken.member).where(ApiToken.id == token_id).first()
        owner = row["member"] if row else NOBODY
        decision = await access.require(actor, Action.TOKEN_REVOKE, await _target(owner, actor, access))
        if row is None:
            raise NotFound(noun="token", name=str(token_id))
        ended = (
            await ApiToken.update({ApiToken.revoked_at: now})
            .where((ApiToken.id == token_id) & ApiToken.revoked_at.is_null())
            .returning(ApiToken.id)
        )
        if ended:
            await _record_end(token_id, owner, actor=actor, now=now, decision=decision)


async def revoke_all_tokens(member: UUID, *, actor: Actor, now: datetime, decision: Decision) -> int:
    """End a member's tokens in the caller's transaction, each with its entry; return how many worked."""
    ended = rows(await ApiToken.raw(_REVOKE_ALL, now, member, now))
    for row in ended:
        await _record_end(row["id"], member, actor=actor, now=now, decision=decision)
    return len(ended)


async def _open_tokens(member: UUID, now: datetime) -> list[TokenInfo]:
    return [msgspec.convert(row, TokenInfo) for row in rows(await ApiToken.raw(_OPEN, member, now))]


async def _record_end(token: UUID, owner: UUID, *, actor: Actor, now: datetime, decision: Decision) -> None:
    await audit.record(
        TokenRevoked(member=owner),
        actor=actor,
        now=now,
        object=ObjectRef(kind="token", id=token),
        refs=(ObjectRef(kind="member", id=owner),),
        scope=COMPANY,
        decision=decision,
    )


async def _decide(email: str, *, actor: Actor, access: Access) -> Decision:
    """Decide before any row is locked: an action with effect waits for changes of access, which lock members."""
    member = await find_by_email(email)
    target = await _target(member.id if member else NOBODY, actor, access)
    return await access.require(actor, Action.TOKEN_ISSUE, target)


async def _target(owner: UUID, actor: Actor, access: Access) -> Target:
    """Own tokens are asked for where the actor holds a role, wherever that is; others' at the company."""
    held = await access.held(actor) if owner == actor.member else {}
    return Target(scope=next(iter(sorted(held)), COMPANY), facts={"member": str(owner)})


async def _check_scope(scope: str, *, actor: Actor, access: Access) -> None:
    exists = await Scope.exists().where(Scope.key == scope)
    if not (exists and await knows(scope, actor=actor, access=access)):
        raise UnknownScope(name=scope[:64], field="scope")


def _check_actions(actions: Sequence[str], access: Access) -> list[str]:
    known = access.bundle.actions
    bad = [each for each in actions if each not in known or known[each].risk is Risk.CRITICAL]
    if bad or not actions:
        raise BadTokenActions(actions=", ".join(bad)[:80] or "—", field="actions")
    return sorted(set(actions))
