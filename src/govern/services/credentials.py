"""The keys of an account: opening them for the worker, and what it means when X does not take them any more."""

from datetime import datetime
from uuid import UUID

from govern.database import rows
from govern.domain.accounts import AccountState
from govern.domain.audit import AccountDisconnected, Change, ObjectRef
from govern.domain.credentials import MissingScopes, missing_scopes
from govern.domain.members import Actor
from govern.domain.messages import Message
from govern.services import audit
from govern.services.credential_rows import CredentialRow, find_row
from govern.services.use_case import use_case
from govern.settings import Settings
from govern.tables import Account as AccountTable
from govern.tables import AccountCredential
from govern.xapi.credentials import BearerToken, Credentials, Keys
from govern.xapi.vault import Vault

_LOST = "X did not accept these credentials any more."
_SPENT = "X did not renew these tokens any more."
_TAKEN_BACK = "The permission was taken back at X."
_LOCKED = "X has locked or suspended this account."

ACCOUNT_LOCKED = "account_locked"
"""X's refusal of everything an account asks for (`xapi/reasons.py`)."""

_LOCK = "SELECT id FROM account WHERE id = {} FOR NO KEY UPDATE"
# What it answers with a row to is the first refusal of this version: it is renewed once before anybody is troubled.
_REFUSED = """
UPDATE account_credential SET refused_version = version
 WHERE account = {} AND kind = 'oauth2' AND state = 'active' AND refused_version IS NULL
   AND version = coalesce({}::int, version)
RETURNING version
"""
_ABOUT = "SELECT kind, version, refused_version FROM account_credential WHERE account = {}"
_ACCEPTED = """
UPDATE account_credential SET previous_refresh_sealed = NULL, refused_version = NULL
 WHERE account = {} AND version = {} AND (previous_refresh_sealed IS NOT NULL OR refused_version IS NOT NULL)
"""
_SCOPES = "SELECT kind, scopes FROM account_credential WHERE account = {} AND state = 'active'"


async def load_credentials(account: UUID, *, vault: Vault, settings: Settings) -> Keys | None:
    """Open an account's keys; None if it has none that work. Only the worker holds the sealing keys.

    Raises:
        MissingKey, BrokenSeal: the row cannot be opened; the message names the key id.
    """
    row = await find_row(account)
    if row is None or row.state != "active":
        return None
    return open_keys(row, vault=vault, settings=settings)


def open_keys(row: CredentialRow, *, vault: Vault, settings: Settings) -> Keys:
    """Open what signs requests.

    Raises:
        MissingKey, BrokenSeal
    """
    token = row.open("access_sealed", vault) or ""
    if row.kind == "oauth2":
        return BearerToken(access_token=token, expires_at=row.expires_at, version=row.version, unproven=row.unproven)
    return Credentials(
        api_key=settings.x_api_key,
        api_secret=settings.x_api_secret,
        access_token=token,
        access_token_secret=row.open("secret_sealed", vault) or "",
    )


async def granted_scopes(account: UUID) -> tuple[str, ...] | None:
    """Return what X allows these tokens to do; None for keys without such limits, empty where there are none."""
    found = rows(await AccountCredential.raw(_SCOPES, account))
    if not found:
        return ()
    return None if found[0]["kind"] == "oauth1" else tuple(found[0]["scopes"])


async def refuse_missing_scopes(message: Message) -> None:
    """Refuse a message that its account's keys may not send: no approval is wasted on it.

    Raises:
        MissingScopes: the account is connected, and without these permissions.
    """
    granted = await granted_scopes(message.account_id)
    missing = missing_scopes(granted, message.kind, with_image=bool(message.revision.images)) if granted != () else ()
    if missing:
        raise MissingScopes(account=message.account, scopes=", ".join(missing))


async def confirm_credential(account: UUID, keys: Keys, *, now: datetime) -> None:  # noqa: ARG001 - as every change
    """X accepted these tokens: the refresh token before them is forgotten, and an earlier refusal with it."""
    if isinstance(keys, BearerToken) and keys.unproven:
        await AccountCredential.raw(_ACCEPTED, account, keys.version)


async def report_auth_lost(account: UUID, *, version: int | None = None, actor: Actor, now: datetime) -> None:
    """Say that X refused an account's keys: nothing is read or sent until they are renewed, or it is connected again."""
    async with use_case(actor=actor, now=now):
        await mark_auth_lost(account, version=version, actor=actor, now=now)


async def mark_auth_lost(account: UUID, *, version: int | None = None, actor: Actor, now: datetime) -> None:
    """Do so in the caller's transaction; once is enough.

    `version` is the one that X refused, if known. The first refusal of OAuth 2 tokens only makes them due for a
    renewal; if X refuses what comes of it, or keys that cannot be renewed, the account waits for a person.
    """
    await AccountTable.raw(_LOCK, account)
    if rows(await AccountCredential.raw(_REFUSED, account, version)):
        return
    about = rows(await AccountCredential.raw(_ABOUT, account))
    if about and about[0]["kind"] == "oauth2" and _is_older(version, about[0]):
        return
    await _stop(account, state="needs_reauth", reason=_LOST, code="auth_lost", actor=actor, now=now)


async def mark_locked(account: UUID, *, actor: Actor, now: datetime) -> None:
    """Keep an account that X locked or suspended from losing what waits: a person unlocks it at X and connects it again."""
    await AccountTable.raw(_LOCK, account)
    await _stop(account, state="needs_reauth", reason=_LOCKED, code=ACCOUNT_LOCKED, actor=actor, now=now)


def _is_older(version: int | None, row: dict[str, int]) -> bool:
    """Tell whether a refusal says nothing new: of tokens since renewed, or of those whose renewal is due already."""
    return version is not None and (version < row["version"] or row["refused_version"] == version)


async def report_tokens_spent(account: UUID, *, version: int, actor: Actor, now: datetime) -> None:
    """Say that X does not renew an account's tokens: only a person can connect it again.

    Nothing happens if it was connected again meanwhile: then `version` is an old one.
    """
    async with use_case(actor=actor, now=now):
        await AccountTable.raw(_LOCK, account)
        about = rows(await AccountCredential.raw(_ABOUT, account))
        if about and about[0]["version"] == version:
            await _stop(account, state="needs_reauth", reason=_SPENT, code="tokens_spent", actor=actor, now=now)


async def report_revoked_at_x(account: UUID, *, actor: Actor, now: datetime) -> None:
    """Say that the account's owner took our permission back at X (`oauth.revoke`): what is queued waits."""
    async with use_case(actor=actor, now=now):
        await AccountTable.raw(_LOCK, account)
        await _stop(account, state="revoked", reason=_TAKEN_BACK, code="revoked_at_x", actor=actor, now=now)
        await AccountCredential.update({AccountCredential.revoked_at: now}).where(
            (AccountCredential.account == account) & (AccountCredential.state == "revoked")
        )


async def _stop(account: UUID, *, state: str, reason: str, code: str, actor: Actor, now: datetime) -> None:
    """Mark keys as not working, and the account as waiting for new ones; once is enough."""
    await AccountCredential.update({AccountCredential.state: state, AccountCredential.reason: reason}).where(
        (AccountCredential.account == account) & (AccountCredential.state == "active")
    )
    marked = rows(
        await AccountTable.update({AccountTable.state: AccountState.NEEDS_REAUTH.value})
        .where((AccountTable.id == account) & (AccountTable.state == AccountState.CONNECTED.value))
        .returning(AccountTable.scope)
    )
    if not marked:
        return
    await audit.record(
        AccountDisconnected(reason=code),
        actor=actor,
        now=now,
        object=ObjectRef(kind="account", id=account),
        scope=marked[0]["scope"],
        change={"state": Change(before=AccountState.CONNECTED.value, after=AccountState.NEEDS_REAUTH.value)},
    )
