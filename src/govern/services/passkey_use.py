"""Checking a passkey's answer against the passkeys we know. Guessing is hopeless here, so nothing is delayed."""

from datetime import datetime
from uuid import UUID

import msgspec

from govern.database import rows, transaction
from govern.domain.actions import COMPANY
from govern.domain.audit import ObjectRef, SessionSignInFailed
from govern.domain.sign_in import ProofRefused
from govern.services import audit
from govern.services.passkey_answers import check_assertion, read_assertion
from govern.services.sign_in_failures import SIGN_IN
from govern.settings import Settings
from govern.tables import Passkey

_FIND = """
SELECT p.id, p.member, p.public_key FROM passkey p JOIN member m ON m.id = p.member
 WHERE p.credential_id = {} AND p.removed_at IS NULL AND m.state = 'active'
"""
# A counter that does not rise may be a copy of the passkey; one that stays 0 is a device that does not count.
_USE = """
UPDATE passkey SET sign_count = {}, used_at = {}
 WHERE id = {} AND removed_at IS NULL AND (sign_count < {} OR (sign_count = 0 AND {} = 0)) RETURNING id
"""


class Asserted(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that was right: which passkey, whose, and its counter."""

    passkey: UUID
    member: UUID
    sign_count: int


async def check_answer(
    answer: str, *, challenge: bytes, member: UUID | None, settings: Settings, now: datetime
) -> Asserted:
    """Return whose passkey answered rightly; `member` None: anybody's.

    Raises:
        ProofRefused: of somebody else, removed, not for us, without a check of the person, wrongly signed. It is an
            entry if the passkey is one of ours: anybody can send nonsense.
    """
    credential = read_assertion(answer)
    found = rows(await Passkey.raw(_FIND, credential.raw_id))
    if not found:
        raise ProofRefused
    row, handle = found[0], credential.response.user_handle
    count = None
    if member in {None, row["member"]} and handle in {None, row["member"].bytes}:
        count = check_assertion(credential, public_key=row["public_key"], challenge=challenge, settings=settings)
    if count is None:
        await record_refused(row["member"], reason="passkey_refused", now=now)
        raise ProofRefused
    return Asserted(passkey=row["id"], member=row["member"], sign_count=count)


async def use_passkey(asserted: Asserted, *, now: datetime) -> bool:
    """Note the use, in the caller's transaction; False if the counter did not rise as it should, or it was removed."""
    count = asserted.sign_count
    return bool(rows(await Passkey.raw(_USE, count, now, asserted.passkey, count, count)))


async def record_refused(member: UUID, *, reason: str, now: datetime) -> None:
    """Record that somebody's passkey was refused."""
    async with transaction():
        await audit.record(
            SessionSignInFailed(reason=reason),
            actor=SIGN_IN,
            now=now,
            object=ObjectRef("member", member),
            scope=COMPANY,
        )
