"""What the database believes of each message against what the sandbox has: lost, doubled, falsely failed, falsely sent."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from govern.domain.messages import State

TOLD = frozenset({State.FAILED, State.EXPIRED, State.WITHDRAWN, State.OUTCOME_UNKNOWN})
"""Where a message that is not on X may be: its author was told."""
ON_X = frozenset({State.SENT})
MAY_BE_OUT = ON_X | {State.OUTCOME_UNKNOWN}
"""Where a message that is on X may be."""
READ_BELIEFS = """
SELECT coalesce(json_agg(b), '[]') FROM (
  SELECT m.id, a.handle AS account, m.kind, r.text, m.state, p.x_id::text AS x_id,
         (SELECT count(*) FROM attempt t WHERE t.publication = p.id) AS attempts,
         (SELECT count(*) FROM attempt t WHERE t.publication = p.id AND t.outcome = 'unknown') AS unknown
    FROM message m JOIN account a ON a.id = m.account
    JOIN revision r ON r.message = m.id AND r.number = m.current_revision
    LEFT JOIN publication p ON p.revision = r.id
   ORDER BY m.number) b
"""


class Belief(msgspec.Struct, frozen=True, kw_only=True):
    """What the database says of one approved message; `unknown` counts its attempts without an answer."""

    id: str
    account: str
    kind: str
    text: str
    state: State
    x_id: str | None
    attempts: int
    unknown: int


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The messages, by their ids, of which database and X disagree."""

    messages: int
    out: int
    lost: tuple[str, ...] = ()
    """Approved, not on X, and nobody was told."""
    duplicated: tuple[str, ...] = ()
    falsely_failed: tuple[str, ...] = ()
    """On X, and shown as anything but sent or unknown."""
    falsely_sent: tuple[str, ...] = ()
    """Shown as sent and not on X, or under the id of something else."""
    strange: tuple[str, ...] = ()
    """On X, under one of our accounts, and nobody approved it."""

    @property
    def agrees(self) -> bool:
        return not (self.lost or self.duplicated or self.falsely_failed or self.falsely_sent or self.strange)


def compare(beliefs: Iterable[Belief], on_x: Mapping[str, Iterable[Mapping[str, Any]]]) -> Verdict:
    """Compare; texts tell messages apart, so none may be used twice."""
    believed = list(beliefs)
    out = _found(on_x, {belief.account for belief in believed})
    known = {(belief.account, belief.text) for belief in believed}

    def wrong(what: Any) -> tuple[str, ...]:
        return tuple(each.id for each in believed if what(each, out.get((each.account, each.text), [])))

    return Verdict(
        messages=len(believed),
        out=sum(len(ids) for ids in out.values()),
        lost=wrong(lambda each, ids: not ids and each.state not in TOLD | ON_X),
        duplicated=wrong(lambda _each, ids: len(ids) > 1),
        falsely_failed=wrong(lambda each, ids: ids and each.state not in MAY_BE_OUT),
        falsely_sent=wrong(lambda each, ids: each.state in ON_X and each.x_id not in ids),
        strange=tuple(x_id for found, ids in out.items() if found not in known for x_id in ids),
    )


def _found(on_x: Mapping[str, Iterable[Mapping[str, Any]]], ours: set[str]) -> dict[tuple[str, str], list[str]]:
    found = defaultdict[tuple[str, str], list[str]](list)
    for post in on_x["posts"]:
        if post["account"] in ours:
            found[post["account"], post["text"]].append(str(post["id"]))
    for dm in on_x["dms"]:
        if dm["sender"] in ours:
            found[dm["sender"], dm["text"]].append(str(dm["id"]))
    return dict(found)
