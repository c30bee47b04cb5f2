"""Failed sign-ins: a try is counted before anything is verified, so that many at once get no further than one by one.

Kept by keyed hashes of what was typed and whence, so unknown addresses are counted like known ones and none is stored.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from uuid import UUID

import msgspec

from govern.database import rows, transaction
from govern.domain.actions import COMPANY
from govern.domain.audit import ObjectRef, SessionLocked, SessionSignInFailed
from govern.domain.members import SignInDelayed, Via, system_actor
from govern.domain.sign_in import (
    FORGOTTEN_AFTER,
    FREE_TRIES,
    FREE_TRIES_OF_NETWORK,
    delay_after,
    normal_email,
)
from govern.services import audit
from govern.settings import current
from govern.tables import SignInFailure

SIGN_IN = system_actor("sign-in", via=Via.PANEL)

_LOCKED = "SELECT max(locked_until) AS until FROM sign_in_failure WHERE key = ANY({}) AND locked_until > {}"
_COUNT = """
INSERT INTO sign_in_failure AS f (key, failures, last_at) VALUES ({}, 1, {})
ON CONFLICT (key) DO UPDATE SET
  failures = CASE WHEN f.last_at <= {} THEN 1 ELSE f.failures + 1 END, last_at = excluded.last_at, locked_until = NULL
WHERE f.locked_until IS NULL OR f.locked_until <= excluded.last_at
RETURNING f.failures
"""
_LOCK = "UPDATE sign_in_failure SET locked_until = {} WHERE key = {}"
_RELEASE = """
UPDATE sign_in_failure SET failures = greatest(failures - 1, 0),
       locked_until = CASE WHEN locked_until = {} THEN NULL ELSE locked_until END
 WHERE key = {}
"""
_FORGET = """
DELETE FROM sign_in_failure WHERE key IN (
  SELECT key FROM sign_in_failure WHERE last_at <= {} LIMIT 100 FOR UPDATE SKIP LOCKED
)
"""


class Counted(msgspec.Struct, frozen=True):
    """One key of a try, and until when it would be locked if the try fails."""

    key: bytes
    failures: int
    until: datetime | None


class Try(msgspec.Struct, frozen=True, kw_only=True):
    """A try that may go on; it counts as a failure until it is released or forgiven."""

    email: Counted
    network: Counted | None
    at: datetime


async def take_try(email: str, address: str | None, *, now: datetime) -> Try:
    """Count a try for what was typed and whence; `address` is None for what no stranger can do.

    Raises:
        SignInDelayed: it is locked; this try does not count, and nothing was verified.
    """
    by_email = _key(f"email:{normal_email(email)}")
    by_network = None if address is None else _key(f"address:{_network(address)}")
    keys = [key for key in (by_email, by_network) if key]
    await _refuse_locked(keys, now)
    async with transaction():
        # Always in this order: two tries cannot wait for each other.
        counted = await _count(by_email, FREE_TRIES, now)
        network = await _count(by_network, FREE_TRIES_OF_NETWORK, now) if by_network else None
    return Try(email=counted, network=network, at=now)


async def release_try(attempt: Try) -> None:
    """Take back the count of a right password that is only the first step, in the caller's transaction."""
    for counted in (attempt.email, attempt.network):
        if counted:
            await SignInFailure.raw(_RELEASE, counted.until, counted.key)


async def forgive(attempt: Try) -> None:
    """Forget the failures of an e-mail address that signed in, in the caller's transaction.

    Of the network address only this try: one good account must not open the door to guessing at others.
    """
    await release_try(attempt)
    await SignInFailure.delete().where(SignInFailure.key == attempt.email.key)
    await SignInFailure.raw(_FORGET, attempt.at - FORGOTTEN_AFTER)


async def record_failure(attempt: Try, *, member: UUID | None, reason: str) -> None:
    """Record a try that failed: on the member, or on the company if nobody has that address, which is not kept."""
    who = ObjectRef("member", member) if member else ObjectRef("scope", COMPANY)
    failures, until = attempt.email.failures, attempt.email.until
    recorded: SessionLocked | SessionSignInFailed = SessionSignInFailed(reason=reason, failures=failures)
    if until:
        recorded = SessionLocked(failures=failures, seconds=round((until - attempt.at).total_seconds()))
    async with transaction():
        await audit.record(recorded, actor=SIGN_IN, now=attempt.at, object=who, scope=COMPANY)


async def _refuse_locked(keys: list[bytes], now: datetime) -> None:
    until = rows(await SignInFailure.raw(_LOCKED, keys, now))[0]["until"]
    if until:
        raise SignInDelayed(seconds=max(1, round((until - now).total_seconds())))


async def _count(key: bytes, free: int, now: datetime) -> Counted:
    found = rows(await SignInFailure.raw(_COUNT, key, now, now - FORGOTTEN_AFTER))
    if not found:  # another try locked it between the look and the count
        await _refuse_locked([key], now)
        raise SignInDelayed(seconds=1)
    failures = int(found[0]["failures"])
    seconds = delay_after(failures, free=free)
    until = now + timedelta(seconds=seconds) if seconds else None
    if until:
        await SignInFailure.raw(_LOCK, until, key)
    return Counted(key, failures, until)


def _key(what: str) -> bytes:
    key = hmac.digest(current().secret_key.encode(), b"govern/sign-in-failure/v1", hashlib.sha256)
    return hmac.digest(key, what.encode(), hashlib.sha256)


def _network(address: str) -> str:
    """Return what one subscriber has: an IPv4 address, or the /64 of an IPv6 one, which holds 2^64."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped) if found.ipv4_mapped else str(int(found) >> 64)
    return str(found)
