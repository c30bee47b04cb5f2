"""The people our accounts have met, where each stands now, and who may have said stop."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.accounts import Account
from govern.domain.actions import COMPANY, Action, Target
from govern.domain.consent import ConsentEvent, DmPermission
from govern.domain.members import Actor
from govern.domain.permission import dm_permission, newest_opener
from govern.services.contacts import ERASED_HANDLE, Contact
from govern.services.ledgers import accounts_read, met_at
from govern.services.message_views import pattern
from govern.services.policies import Policies
from govern.services.use_case import use_case
from govern.tables import ConsentEvent as ConsentTable
from govern.tables import Contact as ContactTable
from govern.tables import Publication

_FOUND = "SELECT c.id FROM contact c WHERE c.handle ILIKE {} OR c.name ILIKE {} LIMIT 200"
_RECENT = """
WITH near AS (
  (SELECT contact, written_at AS at FROM inbound WHERE account = ANY({})
      AND ({}::uuid[] IS NULL OR contact = ANY({})) ORDER BY written_at DESC LIMIT 400)
  UNION ALL
  (SELECT contact, recorded_at FROM consent_event WHERE account = ANY({})
      AND ({}::uuid[] IS NULL OR contact = ANY({})) ORDER BY recorded_at DESC LIMIT 400)
  UNION ALL
  (SELECT contact, created_at FROM message WHERE contact IS NOT NULL AND account = ANY({})
      AND ({}::uuid[] IS NULL OR contact = ANY({})) ORDER BY number DESC LIMIT 400)
)
SELECT c.id, c.handle, c.name, c.x_user_id::text AS x_user_id, max(near.at) AS seen_at
  FROM near JOIN contact c ON c.id = near.contact WHERE c.handle <> {}
 GROUP BY c.id ORDER BY seen_at DESC LIMIT 30
"""
_DOUBTS = """
SELECT DISTINCT ON (c.id) c.id, c.handle, c.name, c.x_user_id::text AS x_user_id, a.handle AS account,
       least(d.occurred_at, d.recorded_at) AS since
  FROM consent_event d JOIN account a ON a.id = d.account JOIN contact c ON c.id = d.contact
 WHERE d.kind = 'opt_out_doubtful' AND a.scope = ANY({}) AND c.handle <> {} AND NOT EXISTS (
   SELECT 1 FROM consent_event s WHERE s.contact = d.contact AND s.kind IN ('doubt_cleared', 'opt_out')
      AND least(s.occurred_at, s.recorded_at) > least(d.occurred_at, d.recorded_at)
      AND least(s.occurred_at, s.recorded_at) <= {})
 ORDER BY c.id, since DESC
"""
_EVENTS = """
SELECT id, contact, account, brand, kind, purpose, occurred_at, recorded_at, source, source_event_id, evidence,
       recorded_by FROM consent_event WHERE contact = ANY({})
"""
_SENT = """
SELECT m.contact, m.account, p.closed_at AS at FROM message m JOIN publication p ON p.message = m.id
 WHERE m.contact = ANY({}) AND m.kind = 'dm' AND m.confirms IS NULL AND p.x_id IS NOT NULL AND p.closed_at IS NOT NULL
"""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What one account may write to a person now."""

    account: Account
    permission: DmPermission


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A person and where they stand with the accounts that met them."""

    contact: Contact
    seen_at: datetime
    standings: tuple[Standing, ...]


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may have said stop; a person must decide."""

    contact: Contact
    account: str
    since: datetime


async def list_known(
    q: str | None, *, actor: Actor, access: Access, policies: Policies, now: datetime
) -> Sequence[Known]:
    """Return the people met lately by the accounts whose contacts the actor reads, or those whose name has `q` in it."""
    async with use_case(actor=actor, now=now):
        accounts = await accounts_read(actor, access)
        if not accounts:
            await access.require(actor, Action.CONTACT_READ, Target(scope=COMPANY))
        ours = {account.id: account for account in accounts}
        like = pattern(q.removeprefix("@")) if q else None
        wanted = [row["id"] for row in rows(await ContactTable.raw(_FOUND, like, like))] if like else None
        part = (list(ours), wanted, wanted)
        found = rows(await ContactTable.raw(_RECENT, *part, *part, *part, ERASED_HANDLE))
        standings = await _standings([row["id"] for row in found], ours, policies=policies, now=now)
        return [
            Known(contact=_contact(row), seen_at=row["seen_at"], standings=tuple(standings[row["id"]])) for row in found
        ]


async def list_doubts(*, actor: Actor, access: Access, now: datetime) -> Sequence[Doubt]:
    """Return who may have said stop to an account whose contacts the actor reads, the oldest first."""
    scopes = sorted(await access.where_can(actor, Action.CONTACT_READ))
    if not scopes:
        return ()
    found = rows(await ConsentTable.raw(_DOUBTS, scopes, ERASED_HANDLE, now))
    doubts = [Doubt(contact=_contact(row), account=row["account"], since=row["since"]) for row in found]
    return sorted(doubts, key=lambda doubt: doubt.since)


async def _standings(
    contacts: Sequence[UUID], accounts: dict[UUID, Account], *, policies: Policies, now: datetime
) -> dict[UUID, list[Standing]]:
    """Derive what each account may write to each person it met; the same queries for one person as for thirty."""
    events: dict[UUID, list[ConsentEvent]] = defaultdict(list)
    for row in rows(await ConsentTable.raw(_EVENTS, list(contacts))):
        event = msgspec.convert({**row, "evidence": msgspec.json.decode(row["evidence"])}, ConsentEvent)
        events[event.contact].append(event)
    sent: dict[tuple[UUID, UUID], list[datetime]] = defaultdict(list)
    for row in rows(await Publication.raw(_SENT, list(contacts))):
        sent[row["contact"], row["account"]].append(row["at"])
    found: dict[UUID, list[Standing]] = defaultdict(list)
    for row in sorted(await met_at(contacts), key=lambda row: str(row["account"])):
        account = accounts.get(row["account"])
        if account is not None:
            person = row["contact"]
            told = _derive(events[person], account, sent[person, account.id], policies=policies, now=now)
            found[person].append(Standing(account=account, permission=told))
    return found


def _derive(
    events: list[ConsentEvent], account: Account, sent: Sequence[datetime], *, policies: Policies, now: datetime
) -> DmPermission:
    rules = policies.consent
    opener = newest_opener(events, account=account.id, now=now)
    begun = opener.counts_from if opener else None
    answered = begun is not None and any(begun <= at < begun + rules.window(open_conversation=False) for at in sent)
    return dm_permission(
        events, account=account.id, brand=account.brand_id, now=now, rules=rules, open_conversation=answered
    )


def _contact(row: dict[str, object]) -> Contact:
    return msgspec.convert({name: row[name] for name in ("id", "handle", "name", "x_user_id")}, Contact)
