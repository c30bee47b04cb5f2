"""Reading the audit log, for those who may; entries of other scopes do not exist for the reader."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from govern.access import Access
from govern.database import rows
from govern.domain.actions import COMPANY, Action, Target
from govern.domain.audit import EntryNotFound
from govern.domain.members import Actor
from govern.services.audit import EntryFilter, EntryView, Page, get_entry, same_request, search_entries
from govern.services.audit.log_reading import read_bundle_tile, read_checkpoint, read_tile
from govern.services.audit.places import CURSOR
from govern.services.audit.proofs import prove_entry
from govern.services.message_lists import BadCursor
from govern.services.message_views import READABLE, pattern, readable
from govern.services.use_case import use_case
from govern.tables import Message
from govern.tlog.proof import InclusionProof
from govern.tlog.tiles import TileRef

# No index serves this: a part of a word is found by trigrams only, and the embedded server comes without pg_trgm, so a
# migration cannot ask for it. It reads the current revisions, of which there are far fewer than entries.
_SAYING = (
    """
SELECT m.id FROM message m JOIN account a ON a.id = m.account
  JOIN revision r ON r.message = m.id AND r.number = m.current_revision
 WHERE r.text ILIKE {} AND """
    + READABLE
    + " ORDER BY m.number DESC LIMIT 200"
)


async def search_log(
    wanted: EntryFilter,
    *,
    limit: int = 50,
    before: str | None = None,
    actor: Actor,
    access: Access,
    now: datetime,
) -> Page:
    """Return the entries that match, newest first, at most 200; `before` is the `next_cursor` of the page before.

    Raises:
        Denied: the actor may not read the log anywhere.
        BadCursor
        Invalid: the query breaks a rule of its language.
    """
    scopes = await _scopes(Action.AUDIT_READ, actor, access, now)
    if before is not None and not CURSOR.fullmatch(before):
        raise BadCursor(field="cursor")
    saying = _texts(actor, access)
    return await search_entries(wanted, scopes=scopes, limit=limit, before=before, saying=saying)


async def read_entry(which: int | UUID, *, actor: Actor, access: Access, now: datetime) -> EntryView:
    """Return one entry, by its place in the log or its id.

    Raises:
        Denied: the actor may not read the log anywhere.
        EntryNotFound: there is none, or it belongs to a scope the actor may not read.
    """
    return await get_entry(which, scopes=await _scopes(Action.AUDIT_READ, actor, access, now))


async def read_same_request(entry: EntryView, *, actor: Actor, access: Access, now: datetime) -> tuple[EntryView, ...]:
    """Return what else the request of an entry wrote, as far as the actor may read it.

    Raises:
        Denied: the actor may not read the log anywhere.
    """
    return await same_request(entry, scopes=await _scopes(Action.AUDIT_READ, actor, access, now))


async def prove(which: int | UUID, *, actor: Actor, access: Access, now: datetime) -> InclusionProof:
    """Return the proof that an entry stands in the log. Checking proofs is a right of its own: a proof tells no entry.

    Raises:
        Denied: the actor may not check the log anywhere.
        EntryNotFound, NotCovered, ProofFailed
    """
    entry = await get_entry(which, scopes=await _scopes(Action.AUDIT_VERIFY, actor, access, now))
    if entry.id is None:
        raise EntryNotFound(noun="entry", name=str(which))
    return await prove_entry(entry.id)


async def checkpoint(*, actor: Actor, access: Access, now: datetime) -> str:
    """Return the newest signed checkpoint.

    Raises:
        Denied: the actor may not check the log anywhere.
        NoCheckpoint
    """
    await _scopes(Action.AUDIT_VERIFY, actor, access, now)
    return await read_checkpoint()


async def tile(ref: TileRef, *, actor: Actor, access: Access, now: datetime) -> bytes:
    """Return a tile of the tree, or a bundle of entries: of the whole log, so for those who may read all of it.

    Raises:
        Denied
        NoTile: the newest checkpoint does not cover it.
    """
    async with use_case(actor=actor, now=now):
        await access.require(actor, Action.AUDIT_READ, Target(scope=COMPANY))
    return await (read_bundle_tile(ref) if ref.level is None else read_tile(ref))


def _texts(actor: Actor, access: Access) -> Callable[[str], Awaitable[frozenset[str]]]:
    """Find messages by their text of today, among those the actor may read; private ones only where DMs are read."""

    async def saying(word: str) -> frozenset[str]:
        found = rows(await Message.raw(_SAYING, pattern(word), *await readable(actor, access)))
        return frozenset(str(row["id"]) for row in found)

    return saying


async def _scopes(action: Action, actor: Actor, access: Access, now: datetime) -> frozenset[str]:
    async with use_case(actor=actor, now=now):
        found = await access.where_can(actor, action)
        if not found:
            await access.require(actor, action, Target(scope=COMPANY))
        return found
