"""Connecting an account with OAuth 2: the way to X and back. The web stores the code; the worker exchanges it."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.actions import COMPANY, Action, Target
from govern.domain.audit import AccountConnectBegun, ObjectRef
from govern.domain.credentials import (
    CODE_LIFE,
    PENDING_LIFE,
    ConnectFault,
    Connection,
    Feature,
    KeysView,
    Stage,
    scopes_for,
)
from govern.domain.members import Actor
from govern.errors import N_, Denied, Unavailable
from govern.services import audit, outbox
from govern.services.accounts import find_account, lock_account, require_on
from govern.services.use_case import about, use_case
from govern.settings import Settings
from govern.tables import AccountCredential, OauthPending
from govern.xapi.oauth import OAuthApp, authorize_url, make_verifier

MAX_CODE = 2_000
_END_OTHERS = """
UPDATE oauth_pending SET expires_at = {}, verifier = NULL, code = NULL
 WHERE account = {} AND member = {} AND used_at IS NULL AND expires_at > {}
"""
_NEWEST = """
SELECT id, verifier, scopes, created_at, expires_at, used_at, finished_at, fault, other_handle FROM oauth_pending
 WHERE account = {} AND member = {} AND session_hash = {} ORDER BY created_at DESC, id LIMIT 1
"""
_BY_STATE = """
SELECT p.id, p.account, p.member, p.session_hash, p.expires_at, p.used_at, a.handle, a.scope
  FROM oauth_pending p JOIN account a ON a.id = p.account WHERE p.state_hash = {} FOR UPDATE OF p
"""
_KEYS = "SELECT kind, state, reason, scopes, expires_at, renewed_at FROM account_credential WHERE account = {}"
_FORGET = "DELETE FROM oauth_pending WHERE expires_at < {}"


class NoClient(Unavailable):
    code = "account.no_oauth_client"
    template = N_("This service knows no OAuth 2 client of the X app: an administrator sets GOVERN_X_CLIENT_ID.")


async def begin_connect(
    handle: str,
    *,
    features: Sequence[Feature] = (),
    session: UUID,
    settings: Settings,
    actor: Actor,
    access: Access,
    now: datetime,
) -> None:
    """Open the way to X for ten minutes, in this browser session; an earlier one of the same member ends.

    Raises:
        NoClient: the settings name no OAuth 2 client.
    """
    if not settings.x_client_id:
        raise NoClient
    async with use_case(actor=actor, now=now):
        account = await lock_account(handle)
        decision = await require_on(account, Action.ACCOUNT_CONNECT, called=handle, actor=actor, access=access)
        await OauthPending.raw(_END_OTHERS, now, account.id, actor.member, now)
        pending, scopes = uuid4(), scopes_for(features)
        await OauthPending.insert(
            OauthPending(
                state_hash=_hash(_state_of(pending, settings)),
                id=pending,
                verifier=make_verifier(),
                member=actor.member,
                session_hash=_hash(str(session)),
                account=account.id,
                scopes=list(scopes),
                created_at=now,
                expires_at=now + PENDING_LIFE,
            )
        )
        await audit.record(
            AccountConnectBegun(scopes=scopes),
            actor=actor,
            now=now,
            object=ObjectRef(kind="account", id=account.id),
            scope=account.scope,
            decision=decision,
        )


async def get_connection(
    handle: str,
    *,
    session: UUID,
    settings: Settings,
    actor: Actor,
    access: Access,
    now: datetime,
) -> Connection:
    """Return how far this member is in this session, with the address at X while it is of use."""
    account = await find_account(handle)
    async with use_case(actor=actor, now=now):
        await require_on(account, Action.ACCOUNT_CONNECT, called=handle, actor=_proven(actor), access=access)
        found = rows(await OauthPending.raw(_NEWEST, account.id, actor.member, _hash(str(session))))
    if not found:
        return Connection(stage=Stage.NOT_BEGUN)
    row = found[0]
    stage, fault = _stage(row, now)
    url = ""
    if stage is Stage.AT_X and row["verifier"]:
        state = _state_of(row["id"], settings)
        app = OAuthApp.from_settings(settings)
        url = authorize_url(app, scopes=row["scopes"], state=state, verifier=row["verifier"])
    return Connection(stage=stage, url=url, fault=fault, other_handle=row["other_handle"], expires_at=row["expires_at"])


async def store_code(state: str, code: str, *, session: UUID, actor: Actor, access: Access, now: datetime) -> str:
    """Keep the code a browser came back with from X, wake the worker, and return the account's handle.

    Raises:
        Denied: of whatever is wrong with it, nothing is told: the state is unknown, used or over, begun in another
            session, X granted nothing, or the member may not connect the account any more.
    """
    async with use_case(actor=actor, now=now):
        found = rows(await OauthPending.raw(_BY_STATE, _hash(state)))
        row = found[0] if found else None
        if row is not None:
            about(ObjectRef(kind="account", id=row["account"]))
        if row is None or not _fits(row, session=session, actor=actor, now=now) or not 0 < len(code) <= MAX_CODE:
            raise _denied(row["scope"] if row else COMPANY)
        await access.require(_proven(actor), Action.ACCOUNT_CONNECT, Target(scope=row["scope"]))
        await OauthPending.update({OauthPending.code: code, OauthPending.used_at: now}).where(
            OauthPending.id == row["id"]
        )
        await outbox.enqueue("connect", now=now, pending=str(row["id"]))
        return str(row["handle"])


async def find_keys(account: UUID) -> KeysView | None:
    """Return what may be shown of an account's keys; for pages about an account that somebody may read."""
    found = rows(await AccountCredential.raw(_KEYS, account))
    if not found:
        return None
    row = found[0]
    return KeysView(**{**row, "scopes": tuple(row["scopes"])})


async def forget_old_pending(*, now: datetime) -> None:
    """Delete what is over for a day; what came of it is in the log."""
    await OauthPending.raw(_FORGET, now - PENDING_LIFE * 144)


def _stage(row: dict[str, Any], now: datetime) -> tuple[Stage, ConnectFault | None]:
    if row["finished_at"] is not None:
        return (Stage.FAILED, ConnectFault(row["fault"])) if row["fault"] else (Stage.CONNECTED, None)
    if row["used_at"] is not None:
        late = now - row["used_at"] > CODE_LIFE * 2
        return (Stage.FAILED, ConnectFault.AWAY) if late else (Stage.EXCHANGING, None)
    return (Stage.AT_X if row["expires_at"] > now else Stage.NOT_BEGUN), None


def _fits(row: dict[str, Any], *, session: UUID, actor: Actor, now: datetime) -> bool:
    return (
        row["used_at"] is None
        and row["expires_at"] > now
        and row["member"] == actor.member
        and hmac.compare_digest(row["session_hash"], _hash(str(session)))
    )


def _proven(actor: Actor) -> Actor:
    """Take the proof they gave when they began, in this session, ten minutes ago at most."""
    return msgspec.structs.replace(actor, fresh=True)


def _denied(scope: str) -> Denied:
    return Denied(
        reason="connect_state",
        rule=None,
        action=Action.ACCOUNT_CONNECT.value,
        scope=scope,
        sentence="This connection cannot be completed. Nothing was changed.",
    )


def _state_of(pending: UUID, settings: Settings) -> str:
    """Return the state of a way to X: made from its id and the web's secret, so that no row tells it."""
    key = hmac.digest(settings.secret_key.encode(), b"govern/oauth-state/v1", hashlib.sha256)
    return base64.urlsafe_b64encode(hmac.digest(key, pending.bytes, hashlib.sha256)).decode().rstrip("=")


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
