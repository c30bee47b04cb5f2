"""One-time links: a person joins, or chooses new ways to sign in. Nothing is e-mailed: who made a link hands it over."""

import secrets
from datetime import datetime, timedelta

import msgspec

from govern.access import Access
from govern.database import rows, transaction
from govern.domain.actions import COMPANY, Action, Target
from govern.domain.audit import MemberInvited, MemberJoined, MemberPasswordSet, MemberSignInReset, ObjectRef
from govern.domain.ids import uuid7
from govern.domain.members import Actor, EmailTaken, Member, MemberState, Via, member_actor
from govern.domain.sign_in import LinkKind
from govern.errors import N_, NotFound
from govern.services import audit, passwords
from govern.services.ending import end_factors, end_links, end_sessions
from govern.services.grant_writing import check_terms
from govern.services.member_life import NotActive
from govern.services.members import (
    UnknownMember,
    find_and_lock,
    find_by_email,
    find_by_id,
    insert_member,
    lock_member,
)
from govern.services.sessions import hash_token
from govern.services.tokens import revoke_all_tokens
from govern.services.use_case import about, use_case
from govern.tables import MemberLink

LINK_LIFE = timedelta(hours=72)
WELCOME = "/admin/welcome/"
"""The page a link opens; the token is the rest of its path."""

_FIND = """
SELECT l.kind, m.name, m.email, m.language, l.expires_at FROM member_link l JOIN member m ON m.id = l.member
 WHERE l.token_hash = {} AND l.used_at IS NULL AND l.revoked_at IS NULL AND l.expires_at > {} AND m.state = 'active'
"""
# The member first, as whoever makes a new link locks them: two that wait for each other would never end.
_CHOOSE = """
UPDATE member SET password_hash = {} FROM member_link l
 WHERE l.member = member.id AND l.token_hash = {} AND member.state = 'active' RETURNING member.id
"""
_USE = """
UPDATE member_link SET used_at = {}
 WHERE token_hash = {} AND used_at IS NULL AND revoked_at IS NULL AND expires_at > {} RETURNING kind
"""


class LinkEnded(NotFound):
    """Unknown, used, replaced or too old: one answer for all."""

    code = "link.ended"
    template = N_("This link no longer works. Ask your admin for a new one.")


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """A fresh link. `link_token` exists only here."""

    member: Member
    link_token: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Invitation(member={self.member.id}, link_token='***')"


class LinkInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What the holder of a link may know."""

    kind: LinkKind
    name: str
    email: str
    language: str
    expires_at: datetime


def link_address(token: str, public_url: str) -> str:
    """Return the address to hand over; a path where the service does not know its own address."""
    return f"{public_url.rstrip('/')}{WELCOME}{token}"


async def invite_member(
    *,
    email: str,
    name: str,
    language: str = "en",
    zone: str = "Europe/Paris",
    actor: Actor,
    access: Access,
    now: datetime,
) -> Invitation:
    """Add a person who can sign in once they used the link; for one who was invited and has not, make it anew.

    Raises:
        EmailTaken: the person has joined already.
        BadEmail, UnknownZone
    """
    async with use_case(actor=actor, now=now):
        decision = await access.require(actor, Action.MEMBER_INVITE, Target(scope=COMPANY))
        member = await find_and_lock(email)
        if member is None:
            member = await insert_member(
                email=email,
                name=name,
                hashed=None,
                language=language,
                zone=zone,
                actor=actor,
                now=now,
                decision=decision,
            )
        elif not await _is_invited(member):
            raise EmailTaken(email=member.email, field="email")
        made = await _make_link(member, LinkKind.INVITE, actor=actor, now=now)
        await audit.record(
            MemberInvited(expires_at=made.expires_at),
            actor=actor,
            now=now,
            object=ObjectRef(kind="member", id=member.id),
            scope=COMPANY,
            decision=decision,
        )
        return made


async def reset_sign_in(*, email: str, reason: str, actor: Actor, access: Access, now: datetime) -> Invitation:
    """End all ways in that a member has: sessions, tokens, password, second factors, links; make a link to choose anew.

    Raises:
        BadReason, UnknownMember
        NotActive: suspended or gone.
    """
    check_terms(reason, None, None, now)
    async with use_case(actor=actor, now=now):
        found = await find_by_email(email)
        if found is not None:
            about(ObjectRef(kind="member", id=found.id))
        # Decided before any row is locked: an action with effect waits for changes of access, which lock members.
        decision = await access.require(actor, Action.MEMBER_RESET_SIGN_IN, Target(scope=COMPANY))
        if found is None:
            raise UnknownMember(name=email[:80])
        member = await lock_member(email)
        if member.state is not MemberState.ACTIVE:
            raise NotActive(name=member.name)
        sessions = await end_sessions(member.id, now=now)
        tokens = await revoke_all_tokens(member.id, actor=actor, now=now, decision=decision)
        await end_factors(member.id, now=now)
        made = await _make_link(member, LinkKind.RESET, actor=actor, now=now)
        await audit.record(
            MemberSignInReset(expires_at=made.expires_at, sessions=sessions, tokens=tokens, reason=reason.strip()),
            actor=actor,
            now=now,
            object=ObjectRef(kind="member", id=member.id),
            scope=COMPANY,
            decision=decision,
        )
        return made


async def find_link(token: str, *, now: datetime) -> LinkInfo | None:
    """Return what a link is for, if it still works."""
    found = rows(await MemberLink.raw(_FIND, hash_token(token), now))
    return msgspec.convert(found[0], LinkInfo) if found else None


async def accept_link(token: str, *, password: str, now: datetime) -> Member:
    """Set the password of the link's member, once; after a reset no session from before it counts.

    Raises:
        LinkEnded: it does not work (any more).
        WeakPassword: the link still works.
    """
    if await find_link(token, now=now) is None:  # nobody makes us hash for a guess
        raise LinkEnded
    hashed = await passwords.hash_password(password)
    async with transaction():
        kind, member = await _use(token, hashed, now)
        # A sign-in that had begun before the reset may have ended after it.
        if kind is LinkKind.RESET:
            await end_sessions(member.id, now=now)
        await audit.record(
            MemberJoined() if kind is LinkKind.INVITE else MemberPasswordSet(),
            actor=member_actor(member.id, member.name, via=Via.PANEL, factors=()),
            now=now,
            object=ObjectRef(kind="member", id=member.id),
            scope=COMPANY,
        )
        return member


async def _use(token: str, hashed: str, now: datetime) -> tuple[LinkKind, Member]:
    set_for = rows(await MemberLink.raw(_CHOOSE, hashed, hash_token(token)))
    used = rows(await MemberLink.raw(_USE, now, hash_token(token), now))
    member = await find_by_id(set_for[0]["id"]) if set_for and used else None
    if member is None:
        raise LinkEnded
    return LinkKind(used[0]["kind"]), member


async def _make_link(member: Member, kind: LinkKind, *, actor: Actor, now: datetime) -> Invitation:
    """Make a link; the one before it ends."""
    await end_links(member.id, now=now)
    token = secrets.token_urlsafe(32)
    row = MemberLink(
        id=uuid7(now),
        kind=kind.value,
        token_hash=hash_token(token),
        member=member.id,
        created_by=actor.member,
        created_at=now,
        expires_at=now + LINK_LIFE,
    )
    await MemberLink.insert(row)
    return Invitation(member=member, link_token=token, expires_at=row.expires_at)


async def _is_invited(member: Member) -> bool:
    """Tell whether they have not joined yet. After a reset an invitation is no way around the right to reset."""
    was_reset = (MemberLink.member == member.id) & (MemberLink.kind == LinkKind.RESET.value)
    active = member.state is MemberState.ACTIVE
    return active and member.waiting and not await MemberLink.exists().where(was_reset)
