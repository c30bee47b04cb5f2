"""Asked again at the last moment: may this still go out, for its author, its approvers, the pauses and the worker."""

from uuid import UUID

from govern.access import Access
from govern.database import rows
from govern.domain.actions import Action, Decision, Target
from govern.domain.members import PUBLISHER, Via, member_actor
from govern.domain.messages import Message
from govern.services.pauses import is_paused
from govern.services.screening import WRITE_ACTION
from govern.services.verdicts import approve_target
from govern.tables import Approval

_APPROVERS = """
SELECT ap.id, ap.approver, m.name FROM approval ap JOIN member m ON m.id = ap.approver
 WHERE ap.revision = {} AND ap.verdict = 'approved' AND ap.withdrawn_at IS NULL AND ap.digest = {}
"""


async def decide_again(message: Message, *, access: Access) -> tuple[Decision, list[UUID]]:
    """Ask again whether this may go out, for author, approvers, pauses, worker; and say which approvals count."""
    approvals = await _valid_approvals(message, access=access)
    facts = {
        "author_may_write": await _author_may_write(message, access=access),
        "approvals_valid": len(approvals),
        "approvals_required": message.approvals_required,
        "paused": await is_paused(message.scope, message.kind),
    }
    target = Target(scope=message.scope, facts=facts)
    return await access.decide(PUBLISHER, Action.MESSAGE_PUBLISH, target), approvals


async def _author_may_write(message: Message, *, access: Access) -> bool:
    """Ask for the author; the answer to a stop has none, and needs nobody's right: it is owed."""
    if message.confirms is not None:
        return True
    author = member_actor(message.author, message.author_name, via=Via.JOB)
    return await access.allows(author, WRITE_ACTION[message.kind], Target(scope=message.scope))


async def _valid_approvals(message: Message, *, access: Access) -> list[UUID]:
    """Return the approvals whose givers may still give them."""
    valid = []
    for row in rows(await Approval.raw(_APPROVERS, message.revision.id, message.revision.digest)):
        approver = member_actor(row["approver"], row["name"], via=Via.JOB)
        target = approve_target(message, edit_and_approve=message.revision.edit_and_approve)
        if await access.allows(approver, Action.MESSAGE_APPROVE, target):
            valid.append(row["id"])
    return valid
