"""Looking at the personal fields of an entry: whose content is gone says so, and each look is an entry of its own."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from govern.access import Access
from govern.domain.actions import Action, Target
from govern.domain.audit import AuditOpened, Entry, EntryNotFound, ObjectRef, read_entry
from govern.domain.members import Actor
from govern.services import audit
from govern.services.audit.erasures import Erasure, read_personal_fields
from govern.services.use_case import about, use_case
from govern.tlog.canonical import Json


class FieldsView(msgspec.Struct, frozen=True, kw_only=True):
    """The personal fields of one entry."""

    values: Mapping[str, Json]
    """Those that open."""
    erased: Mapping[str, Erasure | None]
    """Those whose content is gone, each with the entry that erased it; None: no entry tells of it."""


async def open_fields(text: str, *, actor: Actor, access: Access, now: datetime) -> FieldsView:
    """Open the personal fields of an entry the actor was shown, by its text; recorded if there was anything to see.

    Raises:
        Denied: the actor may not read the log there.
        EntryNotFound: the text is not in our format, so nobody sealed anything for it.
        OpeningUnreadable, MissingKek, BrokenWrap: nothing is shown.
    """
    entry = read_entry(text)
    if entry is None:
        raise EntryNotFound(noun="entry", name="?")
    async with use_case(actor=actor, now=now):
        about(ObjectRef(kind="entry", id=entry.id))
        decision = await access.require(actor, Action.AUDIT_READ, Target(scope=entry.scope))
        fields = await read_personal_fields(entry)
        if fields.opened:
            await audit.record(
                AuditOpened(fields=tuple(sorted(fields.opened))),
                actor=actor,
                now=now,
                object=ObjectRef(kind="entry", id=entry.id),
                refs=_subjects(entry, fields.subjects),
                scope=entry.scope,
                decision=decision,
            )
        return FieldsView(values={name: each.value for name, each in fields.opened.items()}, erased=fields.erased)


def _subjects(entry: Entry, subjects: list[str]) -> list[ObjectRef]:
    return [ObjectRef(kind=each.kind, id=each.id) for each in entry.objects if each.key in subjects]
