"""The authenticator app (TOTP, RFC 6238): 30 seconds, six digits, one step of clock drift, no code twice."""

import hmac
import os
from datetime import datetime
from uuid import UUID

import msgspec
import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from govern.database import rows
from govern.domain.actions import COMPANY
from govern.domain.audit import ObjectRef, TotpAdded, TotpRemoved
from govern.domain.ids import uuid7
from govern.domain.members import Actor
from govern.domain.sign_in import NoSecondFactor, WrongCode
from govern.errors import N_, Unavailable
from govern.services import audit
from govern.services.recovery_codes import count_left, replace_codes
from govern.services.second_factors import check_removable, lock_own, require_fresh
from govern.services.use_case import use_case
from govern.settings import Settings, current
from govern.tables import Totp

STEP_SECONDS = 30
_WINDOW = 1
_NONCE_BYTES = 12

_BEGIN = """
INSERT INTO totp (id, member, pending, created_at) VALUES ({}, {}, {}, {})
ON CONFLICT (member) DO UPDATE SET pending = excluded.pending
"""
_CONFIRM = """
UPDATE totp SET sealed = pending, pending = NULL, last_step = {}, confirmed_at = {}
 WHERE member = {} AND pending = {} RETURNING id
"""
_USE = "UPDATE totp SET last_step = {} WHERE member = {} AND sealed = {} AND last_step < {} RETURNING id"


class SecretUnreadable(Unavailable):
    """The secret key is not the one that sealed it, or the row was changed."""

    code = "totp.unreadable"
    template = N_("The secret of this authenticator app cannot be opened with the present GOVERN_SECRET_KEY.")


class TotpSetup(msgspec.Struct, frozen=True, kw_only=True):
    """What an authenticator app needs to know, once: the secret as text, and as an address for a QR code."""

    secret: str
    uri: str

    def __repr__(self) -> str:
        return "TotpSetup('***')"


async def begin_totp(*, actor: Actor, settings: Settings, now: datetime) -> TotpSetup:
    """Make a secret for an app; it counts once a code of it is confirmed, an app in use works until then.

    Raises:
        NotFresh: there is a second factor already, and it was not proved a moment ago.
    """
    secret = pyotp.random_base32()
    async with use_case(actor=actor, now=now):
        member = await lock_own(actor)
        await require_fresh(actor)
        await Totp.raw(_BEGIN, uuid7(now), member.id, _seal(secret, member.id), now)
    return _setup(secret, member.email, settings)


async def pending_totp(*, actor: Actor, settings: Settings, now: datetime) -> TotpSetup | None:
    """Return the secret that waits to be confirmed, to show it again after a code that did not fit."""
    async with use_case(actor=actor, now=now):
        member = await lock_own(actor)
        await require_fresh(actor)
        row = await Totp.select(Totp.pending).where(Totp.member == member.id).first()
    if row is None or row["pending"] is None:
        return None
    return _setup(_open(row["pending"], member.id), member.email, settings)


async def confirm_totp(*, code: str, actor: Actor, now: datetime) -> tuple[str, ...]:
    """Put the app in use whose code was typed; return ten recovery codes if the member has none, else ().

    Raises:
        WrongCode: it does not fit, or nothing was begun.
        NotFresh
    """
    async with use_case(actor=actor, now=now):
        member = await lock_own(actor)
        await require_fresh(actor)
        row = await Totp.select(Totp.pending).where(Totp.member == member.id).first()
        step = _matching_step(row["pending"], member.id, code, now) if row else None
        if row is None or step is None:
            raise WrongCode(field="code")
        if not rows(await Totp.raw(_CONFIRM, step, now, member.id, row["pending"])):
            raise WrongCode(field="code")
        who = ObjectRef("member", member.id)
        await audit.record(TotpAdded(), actor=actor, now=now, object=who, scope=COMPANY)
        if await count_left(member.id):
            return ()
        return await replace_codes(member.id, actor=actor, now=now)


async def remove_totp(*, actor: Actor, now: datetime, settings: Settings | None = None) -> None:
    """Forget the app. `settings` are those of this process unless given.

    Raises:
        LastSecondFactor: in production a member keeps at least one.
        NoSecondFactor: there is no app.
        NotFresh
    """
    async with use_case(actor=actor, now=now):
        member = await lock_own(actor)
        await require_fresh(actor)
        mine = Totp.member == member.id
        if not await Totp.exists().where(mine & Totp.confirmed_at.is_not_null()):
            raise NoSecondFactor
        await Totp.delete().where(mine)
        await check_removable(member.id, settings or current())
        who = ObjectRef("member", member.id)
        await audit.record(TotpRemoved(), actor=actor, now=now, object=who, scope=COMPANY)


async def use_totp(member: UUID, code: str, *, now: datetime) -> bool:
    """Tell whether a code fits, in the caller's transaction; it works once, and none before it works any more."""
    row = await Totp.select(Totp.sealed).where((Totp.member == member) & Totp.confirmed_at.is_not_null()).first()
    step = _matching_step(row["sealed"], member, code, now) if row else None
    if row is None or step is None:
        return False
    return bool(rows(await Totp.raw(_USE, step, member, row["sealed"], step)))


def _matching_step(sealed: bytes | None, member: UUID, code: str, now: datetime) -> int | None:
    if sealed is None:
        return None
    typed, otp = "".join(code.split()).encode(), pyotp.TOTP(_open(sealed, member))
    present = int(now.timestamp()) // STEP_SECONDS
    steps = range(present - _WINDOW, present + _WINDOW + 1)
    fitting = [step for step in steps if hmac.compare_digest(otp.generate_otp(step).encode(), typed)]
    return max(fitting, default=None)


def _setup(secret: str, email: str, settings: Settings) -> TotpSetup:
    uri = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=settings.company.replace(":", " "))
    return TotpSetup(secret=secret, uri=uri)


def _seal(secret: str, member: UUID) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(_key()).encrypt(nonce, secret.encode(), _bound(member))


def _open(sealed: bytes, member: UUID) -> str:
    try:
        return AESGCM(_key()).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound(member)).decode()
    except (InvalidTag, ValueError) as error:
        raise SecretUnreadable from error


def _bound(member: UUID) -> bytes:
    return f"govern|totp|{member}".encode()


def _key() -> bytes:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"govern|totp|v1")
    return derive.derive(current().secret_key.encode())
