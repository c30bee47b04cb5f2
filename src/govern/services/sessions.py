"""Sessions live in PostgreSQL, the browser holds 256 random bits."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from govern.database import rows
from govern.domain.actions import COMPANY, Seen
from govern.domain.audit import ObjectRef, SessionSignedIn, SessionSignedOut
from govern.domain.ids import uuid7
from govern.domain.members import Actor, Member, NotSignedIn, SignInFailed, Via, member_actor
from govern.domain.sign_in import FRESH, is_second
from govern.errors import NotFound
from govern.services import audit
from govern.services.use_case import use_case
from govern.settings import current
from govern.tables import Session

_VIEW = """
SELECT s.id, s.factors, s.created_at, s.seen_at, s.fresh_at, s.expires_at, s.user_agent, m.theme, m.single_keys,
       m.id AS member, m.email, m.name, m.state, m.language, m.zone,
       ARRAY(SELECT DISTINCT g.role FROM role_grant g WHERE g.member = m.id AND g.revoked_at IS NULL
              AND g.starts_at <= now() AND (g.expires_at IS NULL OR g.expires_at > now()) ORDER BY g.role) AS roles,
       a.version, coalesce(a.policy_digest, '') AS digest, clock_timestamp() AS at
  FROM session s JOIN member m ON m.id = s.member CROSS JOIN access_state a
 WHERE s.revoked_at IS NULL AND m.state = 'active' AND s.expires_at > {} AND s.seen_at > {}
"""
_FIND = _VIEW + " AND s.token_hash = {}"
_OF_MEMBER = _VIEW + " AND s.member = {} ORDER BY s.seen_at DESC"
_MEMBER_FIELDS = ("email", "name", "state", "language", "zone", "roles")
_ROTATE = """
UPDATE session SET token_hash = {}, fresh_at = coalesce({}, fresh_at), factors = {}
 WHERE id = {} AND member = {} AND revoked_at IS NULL RETURNING id
"""


class SessionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A session that counts now."""

    id: UUID
    member: Member
    theme: str
    single_keys: bool
    factors: tuple[str, ...]
    created_at: datetime
    seen_at: datetime
    fresh_at: datetime | None
    expires_at: datetime
    user_agent: str
    seen: Seen
    """What the query that found it said of the access state."""

    @property
    def second_factor(self) -> bool:
        """Whether more than a password was proved."""
        return is_second(self.factors)

    def is_fresh(self, now: datetime) -> bool:
        """Tell whether the member proved a moment ago who they are: within 15 minutes."""
        return self.fresh_at is not None and now - self.fresh_at < FRESH


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A session and the new secret for its cookie, which is kept nowhere."""

    token: str
    session: SessionInfo

    def __repr__(self) -> str:
        return f"SignedIn(token='***', session={self.session.id})"


def hash_token(token: str) -> bytes:
    """Return what the row keeps of a cookie or bearer token."""
    return hashlib.sha256(token.encode()).digest()


async def find_session(token: str, *, now: datetime) -> SessionInfo | None:
    """Return the session of a cookie if it counts: not ended, expired or idle, its member active.

    It is the first and only query that every request makes; so it tells the state of access and the database's time.
    """
    found = rows(await Session.raw(_FIND, now, now - current().session_idle, hash_token(token)))
    if not found:
        return None
    info = _info(found[0])
    # Once a minute is exact enough for an idle time of an hour, and spares a write per request.
    if now - info.seen_at > min(timedelta(minutes=1), current().session_idle / 2):
        await Session.update({Session.seen_at: now}).where(Session.id == info.id)
    return info


async def list_sessions(*, actor: Actor, now: datetime) -> list[SessionInfo]:
    """Return one's own open sessions, the last seen first."""
    found = await Session.raw(_OF_MEMBER, now, now - current().session_idle, actor.member)
    return [_info(row) for row in rows(found)]


async def open_session(member: UUID, name: str, *, factors: Sequence[str], user_agent: str, now: datetime) -> str:
    """Write a session and its entry, in the caller's transaction, and return the secret for the cookie."""
    actor = member_actor(member, name, via=Via.PANEL, factors=tuple(factors))
    token = secrets.token_urlsafe(32)
    session = Session(
        id=uuid7(now),
        token_hash=hash_token(token),
        member=member,
        factors=",".join(factors),
        user_agent=user_agent[:200],
        created_at=now,
        seen_at=now,
        fresh_at=now if is_second(factors) or not current().production else None,
        expires_at=now + current().session_life,
    )
    await Session.insert(session)
    await audit.record(SessionSignedIn(), actor=actor, now=now, **_objects(session.id, member))
    return token


async def signed_in(token: str, *, now: datetime) -> SignedIn:
    """Return the session that was just opened or given a new secret.

    Raises:
        SignInFailed: it ended in the meantime.
    """
    found = await find_session(token, now=now)
    if found is None:
        raise SignInFailed
    return SignedIn(token=token, session=found)


async def rotate_session(session_id: UUID, *, member: UUID, factor: str | None = None, now: datetime) -> str:
    """Give a session a new secret, in the caller's transaction; the old one is nobody's from now on.

    `factor` is what was proved just now: it makes the session fresh.

    Raises:
        NotSignedIn: it is not an open session of this member.
    """
    row = await Session.select(Session.factors).where(Session.id == session_id).lock_rows("NO KEY UPDATE").first()
    factors = str(row["factors"]).split(",") if row else []
    if factor and factor not in factors:
        factors.append(factor)
    token = secrets.token_urlsafe(32)
    values = (hash_token(token), now if factor else None, ",".join(factors), session_id, member)
    if not rows(await Session.raw(_ROTATE, *values)):
        raise NotSignedIn
    return token


async def sign_out(session_id: UUID, *, actor: Actor, now: datetime) -> None:
    """End a session of one's own; ending one that has ended changes nothing.

    Raises:
        NotFound: it is not a session of this member.
    """
    async with use_case(actor=actor, now=now):
        owned = (Session.id == session_id) & (Session.member == actor.member)
        if not await Session.exists().where(owned):
            raise NotFound(noun="session", name=str(session_id))
        await _end(owned, actor=actor, now=now)


async def sign_out_others(session_id: UUID, *, actor: Actor, now: datetime) -> int:
    """End all of one's sessions but this one; return how many there were."""
    async with use_case(actor=actor, now=now):
        return await end_others(session_id, actor=actor, now=now)


async def end_others(session_id: UUID, *, actor: Actor, now: datetime) -> int:
    """End all of the actor's sessions but this one, in the caller's transaction; return how many there were."""
    others = (Session.member == actor.member) & (Session.id != session_id) & (Session.expires_at > now)
    return await _end(others, actor=actor, now=now)


async def _end(which: Any, *, actor: Actor, now: datetime) -> int:
    ended = rows(
        await Session.update({Session.revoked_at: now})
        .where(which & Session.revoked_at.is_null())
        .returning(Session.id, Session.member)
    )
    for row in ended:
        await audit.record(SessionSignedOut(), actor=actor, now=now, **_objects(row["id"], row["member"]))
    return len(ended)


def _objects(session: UUID, member: UUID) -> dict[str, Any]:
    return {
        "object": ObjectRef(kind="session", id=session),
        "refs": (ObjectRef(kind="member", id=member),),
        "scope": COMPANY,
    }


def _info(row: dict[str, Any]) -> SessionInfo:
    member = {"id": row["member"], **{name: row[name] for name in _MEMBER_FIELDS}}
    seen = {"version": row["version"], "digest": row["digest"], "at": row["at"]}
    factors = str(row["factors"]).split(",")
    return msgspec.convert({**row, "member": member, "factors": factors, "seen": seen}, SessionInfo)
