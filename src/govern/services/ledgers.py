"""The ledger of one person: why each account may write to them or not, and the private messages that did not go."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.accounts import Account
from govern.domain.actions import Action, Target
from govern.domain.members import Actor
from govern.domain.messages import State, WithdrawnFor
from govern.services.accounts import list_accounts
from govern.services.contacts import Contact, UnknownContact, called_contact, find_contact
from govern.services.permissions import Ledger, explain_permission
from govern.services.policies import Policies
from govern.services.scope_rights import require_at
from govern.services.use_case import use_case
from govern.tables import Contact as ContactTable
from govern.tables import Inbound
from govern.tables import Message as MessageTable

_MET = """
SELECT DISTINCT met.contact, a.id AS account, a.scope FROM (
  SELECT contact, account FROM inbound WHERE contact = ANY({})
  UNION ALL SELECT contact, account FROM consent_event WHERE contact = ANY({}) AND account IS NOT NULL
  UNION ALL SELECT contact, account FROM message WHERE contact = ANY({})
) AS met JOIN account a ON a.id = met.account
"""
_POSTS = """
SELECT a.handle AS account, a.scope, a.language, i.x_id::text AS x_id, i.text, i.written_at
  FROM inbound i JOIN account a ON a.id = i.account
 WHERE i.contact = {} AND i.x_kind = 'post' AND i.erased_at IS NULL AND a.scope = ANY({})
 ORDER BY i.written_at DESC LIMIT 10
"""
_UNSENT = """
SELECT m.number, a.handle AS account, m.state, m.withdrawn_for, m.updated_at, s.findings
  FROM message m JOIN account a ON a.id = m.account
  JOIN revision r ON r.message = m.id AND r.number = m.current_revision
  LEFT JOIN LATERAL (SELECT findings FROM screening WHERE revision = r.id ORDER BY created_at DESC LIMIT 1) s ON true
 WHERE m.contact = {} AND m.kind = 'dm' AND a.scope = ANY({}) AND (m.state = 'blocked' OR m.withdrawn_for IS NOT NULL)
 ORDER BY m.number DESC LIMIT 20
"""


class PublicPost(msgspec.Struct, frozen=True, kw_only=True):
    """A public post to one of our accounts."""

    account: str
    scope: str
    language: str
    x_id: str
    text: str
    written_at: datetime


class UnsentDm(msgspec.Struct, frozen=True, kw_only=True):
    """A private message that was blocked, or taken back by the service; without its text."""

    number: int
    account: str
    state: State
    withdrawn_for: WithdrawnFor | None
    updated_at: datetime
    rules: tuple[str, ...]


class Ledgers(msgspec.Struct, frozen=True, kw_only=True):
    """All that is kept about the right to write to one person, as far as the reader may see."""

    contact: Contact
    met: tuple[Ledger, ...]
    others: tuple[Ledger, ...]
    """Of accounts that never met them."""
    posts: tuple[PublicPost, ...]
    unsent: tuple[UnsentDm, ...]


async def open_ledgers(contact: UUID, *, actor: Actor, access: Access, policies: Policies, now: datetime) -> Ledgers:
    """Return what is kept about the right to write to a person.

    Raises:
        UnknownContact: there is nobody, or no account met them where the actor may know of it.
        Denied
    """
    person = await check_met(contact, actor=actor, access=access, now=now)
    accounts = await accounts_read(actor, access)
    met = {row["account"] for row in await met_at([contact])}
    told = {
        account.id: await explain_permission(
            contact, account.handle, actor=actor, access=access, policies=policies, now=now
        )
        for account in accounts
    }
    scopes = sorted(account.scope for account in accounts)
    return Ledgers(
        contact=person,
        met=tuple(told[account.id] for account in accounts if account.id in met),
        others=tuple(told[account.id] for account in accounts if account.id not in met),
        posts=tuple(msgspec.convert(row, PublicPost) for row in rows(await Inbound.raw(_POSTS, contact, scopes))),
        unsent=tuple(_unsent(row) for row in rows(await MessageTable.raw(_UNSENT, contact, scopes))),
    )


async def check_met(contact: UUID, *, actor: Actor, access: Access, now: datetime) -> Contact:
    """Return a person whom an account met whose contacts the actor reads.

    Raises:
        UnknownContact, Denied
    """
    async with use_case(actor=actor, now=now):
        person = await called_contact(contact)
        places = {row["scope"] for row in await met_at([contact])}
        if not places & await access.where_can(actor, Action.CONTACT_READ):
            seen = places & await access.where_can(actor, Action.MESSAGE_READ)
            place = Target(scope=min(seen or places, default=""))
            unknown = UnknownContact(name=str(contact))
            await require_at(place, Action.CONTACT_READ, unknown=unknown, actor=actor, access=access)
        return person


async def ledger_of(handle: str, *, actor: Actor, access: Access) -> UUID | None:
    """Return the id under which the actor finds the ledger of whoever has this handle."""
    person = await find_contact(handle)
    if person is None:
        return None
    places = {row["scope"] for row in await met_at([person.id])}
    return person.id if places & await access.where_can(actor, Action.CONTACT_READ) else None


async def newest_post(account: Account, handle: str, *, actor: Actor, access: Access) -> PublicPost | None:
    """Return the newest public post of somebody to an account, for who reads conversations there."""
    person = await find_contact(handle)
    readable = await access.where_can(actor, Action.CONVERSATION_READ)
    if person is None or account.scope not in readable:
        return None
    found = rows(await Inbound.raw(_POSTS, person.id, [account.scope]))
    return msgspec.convert(found[0], PublicPost) if found else None


async def accounts_read(actor: Actor, access: Access) -> list[Account]:
    """Return the accounts whose contacts the actor reads."""
    scopes = await access.where_can(actor, Action.CONTACT_READ)
    return [account for account in await list_accounts(actor=actor, access=access) if account.scope in scopes]


async def met_at(contacts: Sequence[UUID]) -> Sequence[dict[str, Any]]:
    """Return which accounts met these people: `contact`, `account`, `scope`."""
    wanted = list(contacts)
    return rows(await ContactTable.raw(_MET, wanted, wanted, wanted))


def _unsent(row: dict[str, object]) -> UnsentDm:
    findings = msgspec.json.decode(str(row["findings"])) if row["findings"] else []
    rules = dict.fromkeys(str(found["rule"]) for found in findings if found["decision"] == "block")
    return msgspec.convert({**row, "rules": tuple(rules)}, UnsentDm)
