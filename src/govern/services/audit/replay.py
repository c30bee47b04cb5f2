"""Replaying the log: what messages, grants and pauses are by its entries must be what their tables say."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from govern.database import rows
from govern.services.audit.claims import Findings
from govern.tables import AuditEntry, AuditLeaf, Message, Pause, RoleGrant

PART = 5_000
_TEXTS = """
SELECT array_agg(arrival) AS arrivals, array_agg(entry) AS texts FROM (
  SELECT arrival, entry FROM audit.entry WHERE arrival > {} ORDER BY arrival LIMIT {}) AS part
"""
_PLACE = "SELECT leaf_index FROM audit.leaf WHERE arrival = {}"
_MESSAGES = """
SELECT m.id::text AS id, m.state, m.current_revision AS revision, encode(r.digest, 'hex') AS digest,
       m.scheduled_at IS NOT NULL AS timed
  FROM message m LEFT JOIN revision r ON r.message = m.id AND r.number = m.current_revision ORDER BY m.id
"""
_GRANTS = """
SELECT id::text AS id, member::text AS member, role, scope, revoked_at IS NOT NULL AS ended FROM role_grant ORDER BY id
"""
_PAUSES = "SELECT id::text AS id, scope, kinds, lifted_at IS NOT NULL AS lifted FROM pause ORDER BY id"

# In the transaction that completes an approval, or submits what needs none, a message with a time to come is put on
# its way: the entry says `approved`, the row `scheduled`.
_PLANNED = ("message.approved", "message.submitted")


class _Object(msgspec.Struct):
    kind: str
    id: str


class _Entry(msgspec.Struct):
    """As much of an entry as is replayed."""

    action: str
    scope: str
    object: _Object
    data: msgspec.Raw
    change: dict[str, msgspec.Raw] = {}


class _Data(msgspec.Struct):
    revision: int | None = None
    digest: str | None = None
    member: str | None = None
    role: str | None = None
    kinds: list[str] | None = None


class _State(msgspec.Struct):
    after: Any = None


_ENTRY = msgspec.json.Decoder(_Entry)
_DATA = msgspec.json.Decoder(_Data)


@dataclass
class _Told:
    """What the log says of one object, and which entry said it last."""

    arrival: int
    action: str
    facts: dict[str, object] = field(default_factory=dict)


class Replay:
    """The last state of each object, by the entries so far."""

    def __init__(self) -> None:
        self.told: dict[str, dict[str, _Told]] = {"message": {}, "grant": {}, "pause": {}}

    def feed(self, arrival: int, text: str) -> None:
        """Take the next entry; what is not in our format is another check's business."""
        try:
            entry = _ENTRY.decode(text)
            known = self.told.get(entry.object.kind)
            if known is None:
                return
            facts = _facts(entry)
        except msgspec.MsgspecError:
            return
        if facts:
            told = known.setdefault(entry.object.id, _Told(arrival, entry.action))
            told.arrival, told.action = arrival, entry.action
            told.facts |= facts


def _facts(entry: _Entry) -> dict[str, object]:
    """Return what an entry says of its object's state; nothing if it leaves it as it was."""
    data = _DATA.decode(entry.data)
    told: dict[str, dict[str, object]] = {
        "message.drafted": {"state": "draft", "revision": 1, "digest": data.digest},
        "message.revised": {**_changed(entry), "revision": data.revision, "digest": data.digest},
        "role.assigned": {"member": data.member, "role": data.role, "scope": entry.scope, "ended": False},
        "role.revoked": {"ended": True},
        "pause.set": {"scope": entry.scope, "kinds": data.kinds, "lifted": False},
        "pause.lifted": {"lifted": True},
    }
    return told.get(entry.action) or (_changed(entry) if entry.object.kind == "message" else {})


def _changed(entry: _Entry) -> dict[str, object]:
    if "state" not in entry.change:
        return {}
    return {"state": msgspec.json.decode(entry.change["state"], type=_State).after}


async def check_replay(findings: Findings) -> int:
    """Replay every entry, placed or not, and compare; returns how many objects there are. In the caller's transaction."""
    replay, arrival = Replay(), 0
    while (part := rows(await AuditEntry.raw(_TEXTS, arrival, PART))[0])["arrivals"]:
        for arrival, text in zip(part["arrivals"], part["texts"], strict=True):
            replay.feed(arrival, text)
    tables = {
        "message": rows(await Message.raw(_MESSAGES)),
        "grant": rows(await RoleGrant.raw(_GRANTS)),
        "pause": rows(await Pause.raw(_PAUSES)),
    }
    wrong = [each for kind, found in tables.items() for each in _compare(kind, replay.told[kind], found)]
    wrong.sort(key=lambda each: each[0] or sys.maxsize)  # what an entry can be named for comes first
    for number, (told, words) in enumerate(wrong):
        findings.wrong("replay", words, await _place(told) if told and not number else None)
    return sum(map(len, tables.values()))


def _compare(kind: str, told: Mapping[str, _Told], found: list[dict[str, Any]]) -> Iterator[tuple[int | None, str]]:
    """Give what table and log say differently, each with the arrival of the last entry about it, None if there is none."""
    present = set()
    for row in found:
        present.add(row["id"])
        known = told.get(row["id"])
        if known is None:
            yield None, f"No entry tells of the {kind} {row['id']}, which is in its table."
        elif fact := _contradicted(known, row):
            said = f"{fact} is {row[fact]!r} in its table, {known.facts[fact]!r} by the log"
            yield known.arrival, f"The {kind} {row['id']}: {said}."
    for name, known in told.items():
        if name not in present:
            yield known.arrival, f"The {kind} {name}, of which the log tells, is not in its table."


def _contradicted(known: _Told, row: Mapping[str, Any]) -> str | None:
    """Return the first fact that the table has otherwise."""
    for fact, value in known.facts.items():
        planned = row.get("timed") and known.action in _PLANNED and (value, row[fact]) == ("approved", "scheduled")
        if row[fact] != value and not planned:
            return fact
    return None


async def _place(arrival: int) -> int | None:
    found = rows(await AuditLeaf.raw(_PLACE, arrival))
    return found[0]["leaf_index"] if found else None
