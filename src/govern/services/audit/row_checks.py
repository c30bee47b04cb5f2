"""What is asked of the tables as a whole: no entry twice, none waiting, and what was found the last time."""

from datetime import datetime

import msgspec

from govern.database import rows
from govern.domain.audit import Entry, LogContinued, LogCreated, LogMismatch, LogVerified, read_entry
from govern.services.audit.claims import Findings
from govern.tables import AuditEntry, AuditLeaf, AuditLogState, AuditSearch

_STATE = "SELECT origin, size FROM audit.log_state WHERE id = 1"
_INDEXED = "SELECT coalesce(max(leaf_index) + 1, 0) AS indexed FROM audit.search"
_TWICE = """
SELECT arrival, max(leaf_index) AS place FROM audit.leaf GROUP BY arrival HAVING count(*) > 1 ORDER BY 2 LIMIT 1
"""
_SAME_ID = """
SELECT max(leaf_index) AS place FROM audit.search WHERE entry_id IS NOT NULL
 GROUP BY entry_id HAVING count(*) > 1 ORDER BY 1 LIMIT 1
"""
_WAITING = """
SELECT e.arrival, l.leaf_index AS place FROM audit.entry e LEFT JOIN audit.leaf l ON l.arrival = e.arrival
 WHERE e.recorded_at < now() - interval '60 seconds' AND (l.arrival IS NULL OR l.leaf_index >= {})
 ORDER BY e.arrival LIMIT 1
"""
_TOLD = """
SELECT e.arrival, e.entry, e.recorded_at FROM audit.search s JOIN audit.entry e ON e.arrival = s.arrival
 WHERE s.action = ANY({})
UNION ALL
SELECT r.arrival, r.entry, r.recorded_at FROM audit.recent r WHERE r.entry::jsonb ->> 'action' = ANY({})
ORDER BY arrival DESC LIMIT {}
"""
_BEGAN = "SELECT min(recorded_at) AS began FROM (SELECT recorded_at FROM audit.entry ORDER BY arrival LIMIT 1) AS first"
_MOST_ORIGINS = 100
_MOST_RUNS = 100


class Earlier(msgspec.Struct, frozen=True, kw_only=True):
    """What the last verification found."""

    at: datetime
    entry: Entry

    @property
    def held(self) -> bool:
        """Tell whether all was right."""
        return self.entry.action == LogVerified.NAME


async def state_of_log() -> tuple[str | None, int]:
    """Return the origin, None if nobody created the log, and how many entries were placed."""
    found = rows(await AuditLogState.raw(_STATE))
    return (found[0]["origin"], found[0]["size"]) if found else (None, 0)


async def indexed_to() -> int:
    """Return how many entries have their search row, the first without one apart."""
    return int(rows(await AuditSearch.raw(_INDEXED))[0]["indexed"])


async def last_verification() -> Earlier | None:
    """Return what the last verification found, None if there was none."""
    for row in await _told([LogVerified.NAME, LogMismatch.NAME], 1):
        if entry := read_entry(str(row["entry"])):
            return msgspec.convert({"at": row["recorded_at"], "entry": entry}, Earlier)
    return None


async def last_full() -> datetime | None:
    """Return when a verification last read every entry, and all was right."""
    for row in await _told([LogVerified.NAME], _MOST_RUNS):
        entry = read_entry(str(row["entry"]))
        if entry and entry.data.get("begin") == 0:
            return msgspec.convert(row["recorded_at"], datetime)
    return None


async def log_began() -> datetime | None:
    """Return when the first entry was recorded."""
    began: datetime | None = rows(await AuditEntry.raw(_BEGAN))[0]["began"]
    return began


async def known_origins() -> frozenset[str]:
    """Return the names this log had."""
    entries = [
        read_entry(str(row["entry"])) for row in await _told([LogCreated.NAME, LogContinued.NAME], _MOST_ORIGINS)
    ]
    said = [entry.data for entry in entries if entry]
    return frozenset(str(data[name]) for data in said for name in ("origin", "before") if name in data)


async def _told(actions: list[str], most: int) -> list[dict[str, object]]:
    return rows(await AuditEntry.raw(_TOLD, actions, actions, most))


async def check_rows(findings: Findings, signed: int, *, full: bool) -> None:
    """Check that no entry waits for long, and, if `full`, that none stands in the log twice."""
    for row in rows(await AuditEntry.raw(_WAITING, signed)):
        what = "has no place in the tree" if row["place"] is None else "is under no signed checkpoint"
        words = f"The entry with the arrival {row['arrival']} {what}, more than 60 s after it was recorded."
        findings.wrong("waiting", words, row["place"])
    if not full:
        return
    for row in rows(await AuditLeaf.raw(_TWICE)):
        findings.wrong("leaves", f"Entry {row['place']} is placed a second time.", row["place"])
    for row in rows(await AuditSearch.raw(_SAME_ID)):
        findings.wrong("format", f"Entry {row['place']} has the id of an earlier one.", row["place"])
