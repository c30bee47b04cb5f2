"""Sealing accounts' keys anew, row by row, so that an old sealing key can be destroyed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from govern.database import rows
from govern.domain.audit import CredentialResealed, ObjectRef
from govern.domain.members import Actor
from govern.services import audit
from govern.services.credential_rows import COLUMNS, CredentialRow, lock_row, seal_all
from govern.services.use_case import use_case
from govern.tables import AccountCredential
from govern.xapi.vault import BrokenSeal, MissingKey, Vault

_BY_KEY = "SELECT key_id, count(*) AS n FROM account_credential GROUP BY key_id ORDER BY key_id"
_OTHERS = "SELECT c.account, a.handle FROM account_credential c JOIN account a ON a.id = c.account WHERE c.key_id <> {}"
_SCOPE = "SELECT scope FROM account WHERE id = {}"


class KeyUse(msgspec.Struct, frozen=True, kw_only=True):
    """How many accounts' keys a sealing key seals, and whether it is here to open them."""

    key_id: str
    accounts: int
    here: bool
    seals: bool
    """It is the first: new keys are sealed with it."""


class Resealed(msgspec.Struct, frozen=True, kw_only=True):
    """What was sealed anew, and what could not be opened: the handle, and why."""

    key_id: str
    accounts: int
    failed: Sequence[tuple[str, str]]


async def list_key_use(*, vault: Vault) -> list[KeyUse]:
    """Return every sealing key that a row names, and the first of the ring, which may have no row yet."""
    used = {row["key_id"]: row["n"] for row in rows(await AccountCredential.raw(_BY_KEY))}
    return [
        KeyUse(key_id=key_id, accounts=count, here=vault.holds(key_id), seals=key_id == vault.first)
        for key_id, count in sorted({vault.first: 0, **used}.items())
    ]


async def reseal_all(*, vault: Vault, actor: Actor, now: datetime) -> Resealed:
    """Seal every row with the first key, each in a transaction of its own, with its entry. Run again, it goes on.

    A row that does not open is named and left as it is; the others are done all the same.
    """
    done, failed = 0, []
    for row in rows(await AccountCredential.raw(_OTHERS, vault.first)):
        try:
            done += await reseal_row(row["account"], vault=vault, actor=actor, now=now)
        except (MissingKey, BrokenSeal) as error:
            failed.append((str(row["handle"]), error.detail))
    return Resealed(key_id=vault.first, accounts=done, failed=failed)


async def reseal_row(account: UUID, *, vault: Vault, actor: Actor, now: datetime) -> bool:
    """Seal one account's keys with the first key, under its lock; False if they were meanwhile.

    Raises:
        MissingKey, BrokenSeal
    """
    async with use_case(actor=actor, now=now):
        row = await lock_row(account)
        if row is None or row.key_id == vault.first:
            return False
        await AccountCredential.update(_anew(row, vault)).where(AccountCredential.account == account)
        scope = rows(await AccountCredential.raw(_SCOPE, account))[0]["scope"]
        await audit.record(
            CredentialResealed(key=vault.first, previous=row.key_id),
            actor=actor,
            now=now,
            object=ObjectRef(kind="account", id=account),
            scope=scope,
        )
        return True


def _anew(row: CredentialRow, vault: Vault) -> dict[Any, Any]:
    """Return the row's secrets as a new version; what X refused stays refused."""
    version = row.version + 1
    secrets = {column: row.open(column, vault) for column in COLUMNS}
    key_id, sealed = seal_all(row.account, secrets, version=version, vault=vault)
    refused = version if row.refused_version == row.version else row.refused_version
    return {**sealed, "key_id": key_id, "version": version, "refused_version": refused}
