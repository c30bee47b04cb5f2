"""The rules this process runs under, read once at its start and handed to the services."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from govern.database import rows, transaction
from govern.domain.actions import COMPANY
from govern.domain.approvals import ApprovalPolicy, load_approval_policy
from govern.domain.audit import ObjectRef, PolicyLoaded
from govern.domain.consent import ConsentRules, parse_rules
from govern.domain.members import Actor, Via, system_actor
from govern.screening.policy import Policy as ScreeningPolicy
from govern.screening.policy import load_policy
from govern.services import audit
from govern.tables import AuditEntry

LOADER: Actor = system_actor("policy-loader", via=Via.JOB)

# Two processes that start at once must not both find the older digest.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('govern.policy.loaded'))"
_LAST = """
SELECT entry::jsonb #>> ARRAY['data', 'digest'] AS digest
  FROM (SELECT e.arrival, e.entry FROM audit.search s JOIN audit.entry e ON e.arrival = s.arrival
         WHERE s.action = 'policy.loaded'
        UNION ALL
        SELECT arrival, entry FROM audit.recent WHERE entry::jsonb ->> 'action' = 'policy.loaded') AS found
 WHERE entry::jsonb #>> ARRAY['data', 'family'] = {} ORDER BY arrival DESC LIMIT 1
"""


class Policies(msgspec.Struct, frozen=True, kw_only=True):
    """`policies/` but for `access/`, checked and compiled; each part knows its digest."""

    approval: ApprovalPolicy
    screening: ScreeningPolicy
    consent: ConsentRules


def load_policies(folder: Path) -> Policies:
    """Read the policy files.

    Raises:
        ApprovalPolicyError, PolicyError, Invalid: a file is faulty; the message names it and the reason.
    """
    return Policies(
        approval=load_approval_policy(folder),
        screening=load_policy(folder),
        consent=parse_rules((folder / "consent.toml").read_text()),
    )


async def record_loaded(policies: Policies, *, now: datetime) -> None:
    """Write into the log which rules are in force from now on, where they differ from the last ones it knows.

    The access policy is put in force by `services/policy_activation.py`, which records that itself.
    """
    digests: Mapping[str, str] = {
        "approval": policies.approval.digest,
        "screening": policies.screening.digest,
    }
    async with transaction():
        await AuditEntry.raw(_ONE_AT_A_TIME)
        for family, digest in digests.items():
            previous = await newest_digest(family)
            if previous == digest:
                continue
            await audit.record(
                PolicyLoaded(family=family, digest=digest, previous=previous),
                actor=LOADER,
                now=now,
                object=ObjectRef(kind="policy", id=family),
                scope=COMPANY,
            )


async def newest_digest(family: str) -> str | None:
    """Return the digest of the rules that were loaded last, by whichever process; None before the first time."""
    last = rows(await AuditEntry.raw(_LAST, family))
    return str(last[0]["digest"]) if last else None
