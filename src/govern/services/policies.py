"""The rules this process runs under, read once at its start and handed to the services."""

from pathlib import Path

import msgspec

from govern.domain.approvals import ApprovalPolicy, load_approval_policy
from govern.domain.consent import ConsentRules, parse_rules
from govern.screening.policy import Policy as ScreeningPolicy
from govern.screening.policy import load_policy


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
