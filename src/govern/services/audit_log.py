"""Reading the audit log, for those who may; entries of other scopes do not exist for the reader."""

from datetime import datetime
from uuid import UUID

from govern.access import Access
from govern.domain.actions import COMPANY, Action, Target
from govern.domain.members import Actor
from govern.services.audit import EntryFilter, EntryView, Page, get_entry, search_entries
from govern.services.use_case import use_case


async def search_log(
    wanted: EntryFilter,
    *,
    limit: int = 50,
    before: int | None = None,
    actor: Actor,
    access: Access,
    now: datetime,
) -> Page:
    """Return the entries that match, newest first, at most 200.

    Raises:
        Denied: the actor may not read the log anywhere.
    """
    scopes = await _scopes(actor, access, now)
    return await search_entries(wanted, scopes=scopes, limit=limit, before=before)


async def read_entry(which: int | UUID, *, actor: Actor, access: Access, now: datetime) -> EntryView:
    """Return one entry, by its place in the log or its id.

    Raises:
        Denied: the actor may not read the log anywhere.
        EntryNotFound: there is none, or it belongs to a scope the actor may not read.
    """
    return await get_entry(which, scopes=await _scopes(actor, access, now))


async def _scopes(actor: Actor, access: Access, now: datetime) -> frozenset[str]:
    async with use_case(actor=actor, now=now):
        found = await access.where_can(actor, Action.AUDIT_READ)
        if not found:
            await access.require(actor, Action.AUDIT_READ, Target(scope=COMPANY))
        return found
