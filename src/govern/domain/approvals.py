"""How many approvals a message needs, from whom, until when: `policies/approval.toml`, first matching rule wins."""

import tomllib
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import msgspec

from govern.domain.answer_times import AnswerTimes, duration
from govern.domain.conversations import LEAST_TO_APPROVE
from govern.domain.messages import Kind
from govern.errors import N_, Conflict


class Verdict(StrEnum):
    """A member's answer to one revision."""

    APPROVED = "approved"
    """Send it."""
    REJECTED = "rejected"
    """Do not send it, for good."""
    CHANGES_REQUESTED = "changes_requested"
    """Write it anew."""


class Severity(StrEnum):
    """How grave a finding is, least first."""

    LOW = "low"
    """Worth a look."""
    MEDIUM = "medium"
    """Likely a breach of a rule."""
    HIGH = "high"
    """A breach that harms people or the company."""


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A member's verdict on one revision."""

    id: UUID
    revision: int
    approver: UUID
    approver_name: str
    verdict: Verdict
    reason: str | None
    created_at: datetime
    withdrawn_at: datetime | None


class When(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a rule is about; an absent key matches everything."""

    kinds: tuple[Kind, ...] = ()
    accounts: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    author_roles: tuple[str, ...] = ()
    severity: Severity | None = None
    """The gravest finding is at least this grave."""
    contains_link: bool | None = None
    plain: bool | None = None
    """An answer to somebody who wrote, without link or finding of warn or worse."""


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule of `approval.toml`."""

    id: str
    why: dict[str, str]
    """The sentence approvers read, by language (en, fr)."""
    when: When = When()
    approvals: int = 1
    from_roles: tuple[str, ...] = msgspec.field(name="from", default=("brand_manager", "compliance"))
    """Whose verdict counts; the access policy must allow it as well."""
    deadline: str = "24h"
    escalate_to: tuple[str, ...] = ()
    direct: bool = False
    """Send without approval where the access policy lets this author do so."""
    edit_and_approve: bool = True
    """An approver may edit and approve in one step; False: a second person must approve the edit."""

    @property
    def time_limit(self) -> timedelta:
        """How long approvers have, where no scheduled time is nearer."""
        return duration(self.deadline)


class ApprovalPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file, in order."""

    version: int
    answer: AnswerTimes = AnswerTimes()
    rule: tuple[Rule, ...]
    digest: str = ""


class ApprovalFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules may look at."""

    kind: Kind
    account: str
    brand: str
    author_roles: frozenset[str]
    severity: Severity | None
    contains_link: bool
    plain: bool


class ApprovalPolicyError(Exception):
    """`approval.toml` cannot be used; the message names the file, the rule and what was expected."""


class AlreadyDecided(Conflict):
    code = "approval.already_given"
    template = N_("You approved this revision already.")


class TooLate(Conflict):
    """The deadline passed: late approval never publishes by itself, the message expires."""

    code = "approval.too_late"
    template = N_("The time to approve this message ended at {deadline}. It expired; its author can hand it in again.")


class NothingToUndo(Conflict):
    code = "approval.nothing_to_undo"
    template = N_("There is no approval of yours that can still be taken back.")


class EditBlocked(Conflict):
    """Screening forbids the text an approver wrote. Data: `findings`."""

    code = "approval.edit_blocked"
    template = N_("Screening forbids the edited text ({rules}). Nothing was changed.")


def load_approval_policy(folder: Path) -> ApprovalPolicy:
    """Read and check `approval.toml`.

    Raises:
        ApprovalPolicyError: unknown key, duplicate id, bad duration, or no last rule that matches everything.
    """
    path = folder / "approval.toml"
    try:
        raw = path.read_bytes()
        policy = msgspec.convert(tomllib.loads(raw.decode()), ApprovalPolicy, strict=True)
        for rule in policy.rule:
            _check(rule)
        for account in ("", *policy.answer.accounts):
            for private in (False, True):
                policy.answer.within(account, private=private)
    except (OSError, ValueError) as error:  # msgspec's and tomllib's errors are ValueErrors
        raise ApprovalPolicyError(f"{path.name}: {error}") from error
    ids = [rule.id for rule in policy.rule]
    if len(set(ids)) != len(ids):
        raise ApprovalPolicyError(f"{path.name}: a rule id is used twice.")
    if not policy.rule or policy.rule[-1].when != When():
        raise ApprovalPolicyError(f"{path.name}: the last rule must have no `when`, so that every message finds one.")
    return msgspec.structs.replace(policy, digest="sha256:" + sha256(raw).hexdigest())


def _check(rule: Rule) -> None:
    if set(rule.why) != {"en", "fr"}:
        raise ValueError(f"rule {rule.id}: `why` needs a sentence in en and in fr")
    if not 1 <= rule.approvals <= 5:
        raise ValueError(f"rule {rule.id}: `approvals` must be 1 to 5; use `direct` for none")
    if not rule.from_roles:
        raise ValueError(f"rule {rule.id}: `from` needs a role, or nobody could approve")
    duration(rule.deadline)


def find_rule(policy: ApprovalPolicy, facts: ApprovalFacts) -> Rule:
    """Return the first rule that matches; the last one matches everything."""
    return next(rule for rule in policy.rule if _matches(rule.when, facts))


def rule_by_id(policy: ApprovalPolicy, rule_id: str | None) -> Rule | None:
    """Return a rule by its id, or None if this policy has no such rule (any more)."""
    return next((rule for rule in policy.rule if rule.id == rule_id), None)


def _matches(when: When, facts: ApprovalFacts) -> bool:
    return (
        (not when.kinds or facts.kind in when.kinds)
        and (not when.accounts or facts.account in when.accounts)
        and (not when.brands or facts.brand in when.brands)
        and (not when.author_roles or not facts.author_roles.isdisjoint(when.author_roles))
        and (when.severity is None or _at_least(facts.severity, when.severity))
        and (when.contains_link is None or facts.contains_link is when.contains_link)
        and (when.plain is None or facts.plain is when.plain)
    )


def _at_least(found: Severity | None, least: Severity) -> bool:
    order = list(Severity)
    return found is not None and order.index(found) >= order.index(least)


def approval_deadline(
    rule: Rule, *, now: datetime, scheduled_at: datetime | None, answer_due: datetime | None = None
) -> datetime:
    """Return until when approvers have: the scheduled time, or when the answer is due, or the rule's time.

    An answer that is late, or nearly so, has the rule's time: it is still worth more than none.
    """
    if scheduled_at is not None:
        return scheduled_at
    if answer_due is not None and answer_due - now >= LEAST_TO_APPROVE:
        return answer_due
    return now + rule.time_limit


def too_late(deadline: datetime | None, now: datetime) -> TooLate | None:
    """Return why an approval comes too late, if it does: the deadline is not after now."""
    if deadline is None or deadline > now:
        return None
    return TooLate(deadline=deadline.isoformat(timespec="minutes"))
