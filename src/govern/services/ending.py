"""Ending what lets a member in: parts of the use cases that suspend, remove and reset, in their transaction."""

from datetime import datetime
from uuid import UUID

from govern.tables import Challenge, MemberLink, Passkey, RecoveryCode, Session, Totp
from govern.tables import Member as MemberTable


async def end_sessions(member: UUID, *, now: datetime) -> int:
    """End a member's sessions and half-done sign-ins; return how many sessions were open."""
    await Challenge.delete().where(Challenge.member == member)
    ended = (
        await Session.update({Session.revoked_at: now})
        .where((Session.member == member) & Session.revoked_at.is_null())
        .returning(Session.id)
    )
    return len(ended)


async def end_links(member: UUID, *, now: datetime) -> None:
    """Make a member's one-time links useless."""
    open_links = (MemberLink.member == member) & MemberLink.used_at.is_null() & MemberLink.revoked_at.is_null()
    await MemberLink.update({MemberLink.revoked_at: now}).where(open_links)


async def end_factors(member: UUID, *, now: datetime) -> None:
    """Forget a member's password, authenticator app and recovery codes, and let no passkey count any more."""
    await MemberTable.update({MemberTable.password_hash: None}).where(MemberTable.id == member)
    await Totp.delete().where(Totp.member == member)
    await RecoveryCode.delete().where(RecoveryCode.member == member)
    await Passkey.update({Passkey.removed_at: now}).where((Passkey.member == member) & Passkey.removed_at.is_null())
