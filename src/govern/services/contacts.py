"""The people outside we write with."""

from datetime import datetime
from uuid import UUID

import msgspec

from govern.database import rows
from govern.domain.accounts import parse_handle
from govern.domain.audit import ContactCreated, ContactRenamed, ObjectRef
from govern.domain.ids import uuid7
from govern.domain.members import Actor
from govern.errors import N_, NotFound
from govern.services import audit
from govern.services.suppressions import restore_stops
from govern.tables import Contact as ContactTable

_BY_HANDLE = """
SELECT id, handle, name, x_user_id::text AS x_user_id FROM contact WHERE lower(handle) = lower({})
 ORDER BY x_user_id IS NULL, created_at DESC LIMIT 1
"""
_BY_X_ID = "SELECT id, handle, name, x_user_id::text AS x_user_id FROM contact WHERE x_user_id = {}"
_BY_ID = "SELECT id, handle, name, x_user_id::text AS x_user_id FROM contact WHERE id = {}"
_LOCK = "SELECT id FROM contact WHERE id = {} FOR NO KEY UPDATE"
ERASED_HANDLE = "(erased)"
"""No handle of X: nobody is found by it, and nobody is taken for an erased person."""


class UnknownContact(NotFound):
    code = "contact.unknown"
    template = N_("There is no contact @{name}.")


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """An X user outside; `x_user_id` is None until X told us."""

    id: UUID
    handle: str
    name: str
    x_user_id: str | None


async def find_contact(handle: str) -> Contact | None:
    """Return the contact with this handle."""
    return _first(await ContactTable.raw(_BY_HANDLE, parse_handle(handle)))


async def lock_contact(contact: UUID) -> None:
    """Lock a contact's row: an opt-out and a send to the same person have an order."""
    await ContactTable.raw(_LOCK, contact)


async def find_and_lock_contact(which: str | UUID) -> Contact:
    """Lock the row of the contact with this handle or id until the end of the transaction.

    Raises:
        UnknownContact, BadHandle
    """
    if isinstance(which, UUID):
        contact = (await read_contact(which)).id
    elif found := await find_contact(which):
        contact = found.id
    else:
        raise UnknownContact(name=parse_handle(which))
    await lock_contact(contact)
    return await get_contact(contact)


async def forget_contact(contact: UUID) -> None:
    """Take a person's names and X id out of their row, in the caller's transaction; who writes again is somebody new."""
    await ContactTable.update(
        {ContactTable.handle: ERASED_HANDLE, ContactTable.name: "", ContactTable.x_user_id: None}
    ).where(ContactTable.id == contact)


async def read_contact(contact: UUID) -> Contact:
    """Return the contact of an id.

    Raises:
        UnknownContact
    """
    found = _first(await ContactTable.raw(_BY_ID, contact))
    if found is None:
        raise UnknownContact(name=str(contact))
    return found


async def called_contact(which: UUID | str) -> Contact:
    """Return the contact of this id or handle.

    Raises:
        UnknownContact, BadHandle
    """
    if isinstance(which, UUID):
        found, name = _first(await ContactTable.raw(_BY_ID, which)), str(which)
    else:
        found, name = await find_contact(which), parse_handle(which)
    if found is None:
        raise UnknownContact(name=name)
    return found


async def get_contact(contact: UUID) -> Contact:
    """Return a contact known to exist."""
    found = _first(await ContactTable.raw(_BY_ID, contact))
    if found is None:
        raise LookupError("a message names a contact that is not there")
    return found


async def contact_for(handle: str, *, scope: str, actor: Actor, now: datetime) -> Contact:
    """Return the contact with this handle, making one if there is none, in the caller's transaction."""
    handle = parse_handle(handle)
    found = await find_contact(handle)
    return found or await _create(handle, name="", x_user_id=None, scope=scope, actor=actor, now=now)


async def contact_from_x(
    *, x_user_id: str, handle: str | None, name: str, scope: str, actor: Actor, now: datetime
) -> Contact:
    """Return the contact X calls by this id, learning id, handle and name from what X says, in the caller's transaction."""
    known = _first(await ContactTable.raw(_BY_X_ID, int(x_user_id)))
    shown = handle or (known.handle if known else f"x{x_user_id[-14:]}")
    new_id = known is None
    if known is None:
        by_handle = await find_contact(shown)
        if by_handle is None or by_handle.x_user_id is not None:
            known = await _create(shown, name=name, x_user_id=x_user_id, scope=scope, actor=actor, now=now)
        else:
            known = by_handle
    seen = Contact(id=known.id, handle=shown, name=name[:80] or known.name, x_user_id=x_user_id)
    if seen != known:
        await _rename(seen, scope=scope, actor=actor, now=now)
    if new_id:  # perhaps somebody who was erased, and who had said stop
        await lock_contact(seen.id)
        await restore_stops(seen.id, x_user_id, scope=scope, actor=actor, now=now)
    return seen


async def _rename(seen: Contact, *, scope: str, actor: Actor, now: datetime) -> None:
    await ContactTable.update(
        {
            ContactTable.handle: seen.handle,
            ContactTable.name: seen.name[:80],
            ContactTable.x_user_id: int(seen.x_user_id) if seen.x_user_id else None,
        }
    ).where(ContactTable.id == seen.id)
    await audit.record(
        ContactRenamed(handle=seen.handle, name=seen.name[:80] or None, x_user_id=seen.x_user_id),
        actor=actor,
        now=now,
        object=ObjectRef(kind="contact", id=seen.id),
        scope=scope,
    )


async def _create(handle: str, *, name: str, x_user_id: str | None, scope: str, actor: Actor, now: datetime) -> Contact:
    contact = Contact(id=uuid7(now), handle=handle, name=name[:80], x_user_id=x_user_id)
    await ContactTable.insert(
        ContactTable(
            id=contact.id,
            handle=handle,
            name=contact.name,
            x_user_id=int(x_user_id) if x_user_id else None,
            created_at=now,
        )
    )
    await audit.record(
        ContactCreated(handle=handle, name=name[:80] or None, x_user_id=x_user_id),
        actor=actor,
        now=now,
        object=ObjectRef(kind="contact", id=contact.id),
        scope=scope,
    )
    return contact


def _first(result: object) -> Contact | None:
    found = rows(result)
    return msgspec.convert(found[0], Contact) if found else None
