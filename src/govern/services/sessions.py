"""Signing in and out: sessions live in PostgreSQL, the browser holds 256 random bits."""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from govern.database import rows, transaction
from govern.domain.actions import COMPANY
from govern.domain.audit import ObjectRef, SessionLocked, SessionSignedIn, SessionSignedOut, SessionSignInFailed
from govern.domain.ids import uuid7
from govern.domain.members import Actor, Member, SignInDelayed, SignInFailed, Via, member_actor, system_actor
from govern.errors import NotFound
from govern.services import audit, passwords
from govern.services.members import find_by_id
from govern.tables import Member as MemberTable
from govern.tables import Session

IDLE = timedelta(minutes=60)
ABSOLUTE = timedelta(hours=12)
FREE_FAILURES = 5
LONGEST_DELAY = 900

_FIND = """
SELECT s.id, s.member, s.factors, s.created_at, s.seen_at, s.expires_at, s.user_agent, m.theme, m.single_keys
  FROM session s JOIN member m ON m.id = s.member
 WHERE s.token_hash = {} AND s.revoked_at IS NULL AND s.expires_at > {} AND s.seen_at > {} AND m.state = 'active'
"""
_OF_MEMBER = """
SELECT s.id, s.member, s.factors, s.created_at, s.seen_at, s.expires_at, s.user_agent, m.theme, m.single_keys
  FROM session s JOIN member m ON m.id = s.member
 WHERE s.member = {} AND s.revoked_at IS NULL AND s.expires_at > {} AND s.seen_at > {} ORDER BY s.seen_at DESC
"""
_SUCCEED = """
UPDATE member SET failed_sign_ins = 0, locked_until = NULL
 WHERE id = {} AND (locked_until IS NULL OR locked_until <= {}) RETURNING id
"""
_FAIL = """
UPDATE member SET failed_sign_ins = failed_sign_ins + 1 WHERE id = {} RETURNING failed_sign_ins
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
    expires_at: datetime
    user_agent: str


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A fresh session and the secret for its cookie, which is kept nowhere."""

    token: str
    session: SessionInfo

    def __repr__(self) -> str:
        return f"SignedIn(token='***', session={self.session.id})"


def hash_token(token: str) -> bytes:
    """Return what the row keeps of a cookie or bearer token."""
    return hashlib.sha256(token.encode()).digest()


def delay_after(failures: int) -> int:
    """Return how many seconds the next try must wait: none up to 5 failures, then 2, 4, … 900."""
    over = failures - FREE_FAILURES
    return 0 if over <= 0 else min(2 ** min(over, 10), LONGEST_DELAY)


async def sign_in(*, email: str, password: str, user_agent: str, now: datetime) -> SignedIn:
    """Open a session for a member who knows the password.

    Raises:
        SignInFailed: unknown address, wrong password or no active member: one answer, the same work.
        SignInDelayed: too many failures; the try does not count before `seconds` have passed.
    """
    row = (
        await MemberTable.select(
            MemberTable.id,
            MemberTable.name,
            MemberTable.password_hash,
            MemberTable.state,
            MemberTable.locked_until,
        )
        .where(MemberTable.email == email.strip().lower())
        .first()
    )
    if row and row["locked_until"] and row["locked_until"] > now:
        raise SignInDelayed(seconds=max(1, round((row["locked_until"] - now).total_seconds())))
    fits = await passwords.verify_password(row["password_hash"] if row else None, password)
    if row is None:
        raise SignInFailed
    if not fits or row["state"] != "active":
        await _count_failure(row["id"], now)
        raise SignInFailed
    actor = member_actor(row["id"], row["name"], via=Via.PANEL)
    token = secrets.token_urlsafe(32)
    async with transaction():
        # Asked again under the row's lock: many guesses sent at once all found it unlocked.
        if not rows(await MemberTable.raw(_SUCCEED, row["id"], now)):
            raise SignInFailed
        session = Session(
            id=uuid7(now),
            token_hash=hash_token(token),
            member=row["id"],
            factors="password",
            user_agent=user_agent[:200],
            created_at=now,
            seen_at=now,
            expires_at=now + ABSOLUTE,
        )
        await Session.insert(session)
        await audit.record(
            SessionSignedIn(),
            actor=actor,
            now=now,
            object=ObjectRef(kind="session", id=session.id),
            refs=(ObjectRef(kind="member", id=row["id"]),),
            scope=COMPANY,
        )
    found = await find_session(token, now=now)
    if found is None:
        raise SignInFailed
    return SignedIn(token=token, session=found)


async def _count_failure(member: UUID, now: datetime) -> None:
    actor = system_actor("sign-in", via=Via.PANEL)
    who = ObjectRef(kind="member", id=member)
    async with transaction():
        failures = int(rows(await MemberTable.raw(_FAIL, member))[0]["failed_sign_ins"])
        seconds = delay_after(failures)
        if seconds:
            await MemberTable.update({MemberTable.locked_until: now + timedelta(seconds=seconds)}).where(
                MemberTable.id == member
            )
            recorded: SessionLocked | SessionSignInFailed = SessionLocked(failures=failures, seconds=seconds)
        else:
            recorded = SessionSignInFailed(reason="wrong_password", failures=failures)
        await audit.record(recorded, actor=actor, now=now, object=who, scope=COMPANY)


async def find_session(token: str, *, now: datetime) -> SessionInfo | None:
    """Return the session of a cookie if it is neither ended, expired nor idle for an hour."""
    found = rows(await Session.raw(_FIND, hash_token(token), now, now - IDLE))
    if not found:
        return None
    info = await _info(found[0])
    # Once a minute is exact enough for an idle time of an hour, and spares a write per request.
    if info and now - info.seen_at > timedelta(minutes=1):
        await Session.update({Session.seen_at: now}).where(Session.id == info.id)
    return info


async def list_sessions(*, actor: Actor, now: datetime) -> list[SessionInfo]:
    """Return one's own open sessions, the last seen first."""
    found = [await _info(row) for row in rows(await Session.raw(_OF_MEMBER, actor.member, now, now - IDLE))]
    return [info for info in found if info is not None]


async def sign_out(session_id: UUID, *, actor: Actor, now: datetime) -> None:
    """End a session of one's own; ending one that has ended changes nothing.

    Raises:
        NotFound: it is not a session of this member.
    """
    async with transaction():
        owned = (Session.id == session_id) & (Session.member == actor.member)
        if not await Session.exists().where(owned):
            raise NotFound(noun="session", name=str(session_id))
        ended = (
            await Session.update({Session.revoked_at: now})
            .where(owned & Session.revoked_at.is_null())
            .returning(Session.id)
        )
        if not ended:
            return
        await audit.record(
            SessionSignedOut(),
            actor=actor,
            now=now,
            object=ObjectRef(kind="session", id=session_id),
            refs=(ObjectRef(kind="member", id=actor.member),) if actor.member else (),
            scope=COMPANY,
        )


async def _info(row: dict[str, object]) -> SessionInfo | None:
    member = await find_by_id(msgspec.convert(row["member"], UUID))
    if member is None:
        return None
    return msgspec.convert({**row, "member": member, "factors": tuple(str(row["factors"]).split(","))}, SessionInfo)
