"""Which entry erased what: for the views that say "content erased by entry N"."""

from collections.abc import Collection, Mapping
from uuid import UUID

import msgspec

from govern.database import rows
from govern.domain.audit import BY_NAME, BadEntry, Entry, personal_fields, subject_of
from govern.services.audit.openings import Opened, open_entries
from govern.tables import AuditEntry

ERASED = ["contact.erased", "member.erased", "message.erased"]

# The first one counts, so it is read last. `audit.recent` has what is not in `search` yet.
_FOUND = """
SELECT e.arrival, s.leaf_index, e.entry::jsonb ->> 'id' AS entry_id, concat_ws(':', s.object_kind, s.object_id) AS subject
  FROM audit.search s JOIN audit.entry e ON e.arrival = s.arrival
 WHERE s.object_id = ANY({}) AND s.action = ANY({})
UNION
SELECT r.arrival, r.leaf_index, r.entry::jsonb ->> 'id',
       concat_ws(':', r.entry::jsonb #>> ARRAY['object', 'kind'], r.entry::jsonb #>> ARRAY['object', 'id'])
  FROM audit.recent r
 WHERE r.entry::jsonb #>> ARRAY['object', 'id'] = ANY({}) AND r.entry::jsonb ->> 'action' = ANY({})
ORDER BY 1 DESC
"""


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """The entry that tells of an erasure."""

    entry_id: UUID
    arrival: int
    leaf_index: int | None
    """Its place in the log; None: not placed yet."""


class PersonalFields(msgspec.Struct, frozen=True, kw_only=True):
    """The personal fields of an entry: those that open, and those whose content is gone, with what erased it."""

    opened: Mapping[str, Opened]
    erased: Mapping[str, Erasure | None]
    """None: no entry tells of it. The opening was taken away from outside, or belongs to an entry that is not ours."""

    @property
    def subjects(self) -> list[str]:
        """Whose keys opened what is open."""
        return sorted({each.subject for each in self.opened.values()})


async def find_erasures(subjects: Collection[str]) -> dict[str, Erasure]:
    """Return the entry that erased each of these subjects; the others are absent."""
    ids = [subject.partition(":")[2] for subject in subjects]
    if not ids:
        return {}
    found = rows(await AuditEntry.raw(_FOUND, ids, ERASED, ids, ERASED))
    return {
        row["subject"]: Erasure(entry_id=UUID(row["entry_id"]), arrival=row["arrival"], leaf_index=row["leaf_index"])
        for row in found
        if row["subject"] in subjects
    }


async def read_personal_fields(entry: Entry) -> PersonalFields:
    """Return what became of each personal field of an entry.

    Raises:
        OpeningUnreadable, MissingKek, BrokenWrap
    """
    opened = (await open_entries([entry.id])).get(entry.id, {}) if entry.commit else {}
    gone = {field: _subject(entry, field) for field in entry.commit if field not in opened}
    erasures = await find_erasures({subject for subject in gone.values() if subject})
    return PersonalFields(
        opened=opened, erased={field: erasures.get(subject or "") for field, subject in sorted(gone.items())}
    )


def _subject(entry: Entry, field: str) -> str | None:
    action = BY_NAME.get(entry.action)
    kind = personal_fields(action).get(field) if action else None
    try:
        return subject_of(kind, entry.objects) if kind else None
    except BadEntry:  # appended by a stolen login under one of our names
        return None
