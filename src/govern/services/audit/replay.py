"""Replaying the log: what messages, grants and pauses are by its entries must be what their tables say."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from govern.database import rows
from govern.services.audit.claims import Findings
from govern.services.audit.entry_reading import AnyEntry, read_loosely
from govern.tables import AuditEntry, Message, Pause, RoleGrant

PART = 5_000
_UNPLACED = sys.maxsize
# What a verification has not shown: what was placed before or after it, or not at all.
_OTHERS = """
SELECT e.arrival, l.leaf_index AS place, e.entry
  FROM audit.entry e LEFT JOIN audit.leaf l ON l.arrival = e.arrival
 WHERE e.arrival > {} AND (l.arrival IS NULL OR l.leaf_index < {} OR l.leaf_index >= {})
 ORDER BY e.arrival LIMIT {}
"""
_MESSAGES = """
SELECT m.id::text AS id, m.state, m.current_revision AS revision, encode(r.digest, 'hex') AS digest
  FROM message m LEFT JOIN revision r ON r.message = m.id AND r.number = m.current_revision ORDER BY m.id
"""
_GRANTS = """
SELECT id::text AS id, member::text AS member, role, scope, revoked_at IS NOT NULL AS ended FROM role_grant ORDER BY id
"""
_PAUSES = "SELECT id::text AS id, scope, kinds, lifted_at IS NOT NULL AS lifted FROM pause ORDER BY id"


@dataclass
class _Told:
    """What the log says of one object, and which entry said it last."""

    place: int
    facts: dict[str, tuple[int, object]] = field(default_factory=dict)
    """Each with the place of the entry that said it."""


class Replay:
    """The last state of each object, by the entries so far, in whatever order they are shown."""

    def __init__(self) -> None:
        self.told: dict[str, dict[str, _Told]] = {"message": {}, "grant": {}, "pause": {}}
        self.begin = self.end = 0
        """From where to where a verification showed the log."""

    def feed(self, place: int, entry: AnyEntry) -> None:
        """Take one entry of those that follow one another in the log."""
        if self.end == 0:
            self.begin = place
        self.end = place + 1
        self.take(place, entry)

    def take(self, place: int, entry: AnyEntry) -> None:
        """Take one entry; of two that say something of the same thing, the later one counts."""
        known = self.told.get(entry.object.kind)
        facts = None if known is None else _facts(entry)
        if known is None or not facts:
            return
        told = known.get(entry.object.id)
        if told is None:
            told = known[entry.object.id] = _Told(place)
        told.place = max(told.place, place)
        for name, value in facts.items():
            if name not in told.facts or told.facts[name][0] <= place:
                told.facts[name] = (place, value)


def _facts(entry: AnyEntry) -> dict[str, object]:
    """Return what an entry says of its object's state; nothing if it leaves it as it was."""
    data = entry.data
    match entry.action:
        case "role.assigned":
            return {"member": data.get("member"), "role": data.get("role"), "scope": entry.scope, "ended": False}
        case "role.revoked":
            return {"ended": True}
        case "pause.set":
            return {"scope": entry.scope, "kinds": data.get("kinds"), "lifted": False}
        case "pause.lifted":
            return {"lifted": True}
        case _:
            return _message_facts(entry) if entry.object.kind == "message" else {}


def _message_facts(entry: AnyEntry) -> dict[str, object]:
    digest = entry.data.get("digest")
    if entry.action == "message.drafted":
        return {"state": "draft", "revision": 1, "digest": digest}
    if entry.action == "message.revised":
        return {**_changed(entry), "revision": entry.data.get("revision"), "digest": digest}
    return _changed(entry)


def _changed(entry: AnyEntry) -> dict[str, object]:
    return {"state": entry.change["state"].after} if "state" in entry.change else {}


async def check_replay(findings: Findings, replay: Replay) -> int:
    """Replay what was not shown yet, placed or not, and compare; returns how many objects there are.

    In the caller's transaction.
    """
    part: list[dict[str, Any]] = [{"arrival": 0}]
    while part:
        part = rows(await AuditEntry.raw(_OTHERS, part[-1]["arrival"], replay.begin, replay.end, PART))
        for row in part:
            entry = read_loosely(row["entry"])
            if entry is not None:  # what is not in our format is another check's business
                replay.take(_UNPLACED if row["place"] is None else row["place"], entry)
    tables = {
        "message": rows(await Message.raw(_MESSAGES)),
        "grant": rows(await RoleGrant.raw(_GRANTS)),
        "pause": rows(await Pause.raw(_PAUSES)),
    }
    wrong = [each for kind, found in tables.items() for each in _compare(kind, replay.told[kind], found)]
    wrong.sort(key=lambda each: each[0])  # what an entry can be named for comes first
    for place, words in wrong:
        findings.wrong("replay", words, None if place == _UNPLACED else place)
    return sum(map(len, tables.values()))


def _compare(kind: str, told: Mapping[str, _Told], found: list[dict[str, Any]]) -> Iterator[tuple[int, str]]:
    """Give what table and log say differently, each with the place of the last entry about it."""
    present = set()
    for row in found:
        present.add(row["id"])
        known = told.get(row["id"])
        if known is None:
            yield _UNPLACED, f"No entry tells of the {kind} {row['id']}, which is in its table."
        elif fact := _contradicted(known, row):
            said = f"{fact} is {row[fact]!r} in its table, {known.facts[fact][1]!r} by the log"
            yield known.place, f"The {kind} {row['id']}: {said}."
    for name, known in told.items():
        if name not in present:
            yield known.place, f"The {kind} {name}, of which the log tells, is not in its table."


def _contradicted(known: _Told, row: Mapping[str, Any]) -> str | None:
    """Return the first fact that the table has otherwise."""
    return next((fact for fact, (_, value) in known.facts.items() if row[fact] != value), None)
