"""Which entry of the log keeps the decision behind a verdict: for "Why?" beside it."""

from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.actions import Action
from govern.domain.approvals import Approval, Verdict
from govern.domain.members import Actor
from govern.tables import AuditEntry

# `audit.recent` is what `audit.search` does not have yet: both in one statement miss no entry and find none twice.
_VERDICTS = """
SELECT entry::jsonb ->> 'id' AS id, entry::jsonb ->> 'action' AS action, entry::jsonb #>> ARRAY['data', 'revision'] AS revision,
       entry::jsonb #>> ARRAY['actor', 'id'] AS actor,
       jsonb_path_query_array(entry::jsonb, '$.refs[*].id')::text AS refs
  FROM (SELECT e.arrival, e.entry FROM audit.search s JOIN audit.entry e ON e.arrival = s.arrival
         WHERE s.object_id = {} AND s.action = ANY({})
        UNION ALL
        SELECT arrival, entry FROM audit.recent
         WHERE entry::jsonb #>> ARRAY['object', 'id'] = {} AND entry::jsonb ->> 'action' = ANY({})) AS found
 ORDER BY arrival
"""


async def find_verdict_entries(
    message: UUID, scope: str, approvals: list[Approval], *, actor: Actor, access: Access
) -> dict[UUID, UUID]:
    """Return the entry of each verdict, by the verdict's id, as far as the actor may ask why."""
    readers = await access.where_can(actor, Action.ACCESS_READ) | await access.where_can(actor, Action.AUDIT_READ)
    mine = [each for each in approvals if scope in readers or each.approver == actor.member]
    if not mine:
        return {}
    wanted = [f"message.{verdict}" for verdict in Verdict]
    kept = rows(await AuditEntry.raw(_VERDICTS, str(message), wanted, str(message), wanted))
    found = {}
    for approval in mine:
        fits = [row for row in kept if _fits(row, approval)]
        if fits:
            found[approval.id] = UUID(fits[0]["id"])
            kept.remove(fits[0])
    return found


def _fits(row: dict[str, str], approval: Approval) -> bool:
    """Tell whether an entry is of this verdict; a token acts for its owner, whom the entry names beside it."""
    members = {row["actor"].removeprefix("member:"), *msgspec.json.decode(row["refs"], type=list[str])}
    return (
        row["action"] == f"message.{approval.verdict}"
        and row["revision"] == str(approval.revision)
        and str(approval.approver) in members
    )
