"""The worker's part of connecting an account: it takes the code once, and keeps what X gave for it, or nothing."""

from datetime import datetime
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows, transaction
from govern.domain.accounts import WrongXUser
from govern.domain.actions import Action
from govern.domain.audit import AccountConnected, AccountConnectFailed, ObjectRef
from govern.domain.credentials import BASE_SCOPES, CODE_LIFE, ConnectFault
from govern.domain.members import Via, member_actor
from govern.errors import Denied, NotFound
from govern.services import audit
from govern.services.accounts import lock_account, require_on
from govern.services.connecting import check_x_user, mark_connected
from govern.services.credential_rows import keep_tokens
from govern.services.use_case import use_case
from govern.tables import OauthPending
from govern.xapi.client import XUser
from govern.xapi.oauth import TokenPair
from govern.xapi.vault import Vault

_TAKE = """
UPDATE oauth_pending p SET taken_at = {}, code = NULL, verifier = NULL
  FROM (SELECT o.id, o.code, o.verifier FROM oauth_pending o
         WHERE o.id = {} AND o.code IS NOT NULL AND o.taken_at IS NULL AND o.used_at > {} FOR UPDATE) AS was,
       account a, member m
 WHERE p.id = was.id AND a.id = p.account AND m.id = p.member
RETURNING p.id, was.code, was.verifier, p.scopes, p.member, m.name AS member_name, p.account, a.handle, a.scope
"""
_MISSED = """
UPDATE oauth_pending SET finished_at = {}, fault = 'refused', code = NULL, verifier = NULL
 WHERE code IS NOT NULL AND taken_at IS NULL AND used_at <= {}
"""


class TakenCode(msgspec.Struct, frozen=True, kw_only=True):
    """A code in hand: nobody else gets it. No repr shows it."""

    id: UUID
    code: str
    verifier: str
    scopes: tuple[str, ...]
    member: UUID
    member_name: str
    account: UUID
    handle: str
    scope: str

    def __repr__(self) -> str:
        return f"TakenCode(handle={self.handle!r}, secrets='***')"


async def take_code(pending: UUID, *, now: datetime) -> TakenCode | None:
    """Take a code that came back within X's 30 s, once; None if there is none, or another worker has it.

    It is gone from the database with this: after a crash the member begins anew.
    """
    async with transaction():
        await OauthPending.raw(_MISSED, now, now - CODE_LIFE)
        found = rows(await OauthPending.raw(_TAKE, now, pending, now - CODE_LIFE))
    return msgspec.convert(found[0], TakenCode) if found else None


async def finish_connect(
    taken: TakenCode, tokens: TokenPair, *, x_user: XUser, vault: Vault, access: Access, now: datetime
) -> ConnectFault | None:
    """Keep the tokens, sealed, and let the account send; a fault says why not, and then nothing is kept.

    It is decided again whether the member may; the proof they gave when they began still counts.
    """
    actor = member_actor(taken.member, taken.member_name, via=Via.JOB, fresh=True)
    try:
        async with use_case(actor=actor, now=now):
            account = await lock_account(taken.handle)
            decision = await require_on(
                account, Action.ACCOUNT_CONNECT, called=taken.handle, actor=actor, access=access
            )
            check_x_user(account, x_user)
            if not set(BASE_SCOPES) <= set(tokens.scopes or taken.scopes) or not tokens.refresh_token:
                return ConnectFault.SCOPES
            kept = tokens if tokens.scopes else msgspec.structs.replace(tokens, scopes=taken.scopes)
            await keep_tokens(account.id, kept, vault=vault, now=now)
            entry = AccountConnected(x_user_id=x_user.x_id, method="oauth2", scopes=kept.scopes)
            await mark_connected(account, entry, decision=decision, actor=actor, now=now)
            await OauthPending.update({OauthPending.finished_at: now}).where(OauthPending.id == taken.id)
    except WrongXUser:
        return ConnectFault.WRONG_USER
    except (Denied, NotFound):
        return ConnectFault.DENIED
    return None


async def fail_connect(
    taken: TakenCode, fault: ConnectFault, *, other_handle: str | None = None, now: datetime
) -> None:
    """Say that it came to nothing, and why: to the member who waits, and to the log."""
    actor = member_actor(taken.member, taken.member_name, via=Via.JOB, fresh=True)
    async with use_case(actor=actor, now=now):
        await OauthPending.update(
            {
                OauthPending.finished_at: now,
                OauthPending.fault: fault.value,
                OauthPending.other_handle: other_handle,
            }
        ).where(OauthPending.id == taken.id)
        await audit.record(
            AccountConnectFailed(reason=fault.value),
            actor=actor,
            now=now,
            object=ObjectRef(kind="account", id=taken.account),
            scope=taken.scope,
        )
