"""The matrix of right to write and class, and how its answer is said."""

from collections.abc import Mapping

import msgspec

from govern.domain.consent import PermissionState
from govern.domain.messages import Kind
from govern.screening.findings import (
    TOTAL_RULE,
    Decision,
    Family,
    Finding,
    Input,
    Klass,
    Wording,
    severity_of,
)
from govern.screening.promotional import Verdict


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What each class of text leads to, for one permission or one public kind."""

    clean: Decision
    suspected: Decision
    promotional: Decision
    promotional_without_opt_out: Decision | None = None
    """Takes the place of `promotional` where the text does not say how to stop these messages."""

    def cell(self, klass: Klass, *, tells_how_to_stop: bool) -> Decision:
        """Return the decision for one class."""
        if klass is Klass.CLEAN:
            return self.clean
        if klass is Klass.SUSPECTED:
            return self.suspected
        if self.promotional_without_opt_out and not tells_how_to_stop:
            return self.promotional_without_opt_out
        return self.promotional


class Matrix(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every permission a DM can have, and every public kind, with its row."""

    dm: Mapping[PermissionState, Row]
    public: Mapping[Kind, Row]


class PermissionRules(msgspec.Struct, frozen=True):
    """The matrix, and what its cells say: by permission, by class, or by both as `permission.class`."""

    matrix: Matrix
    wording: Mapping[str, Wording]

    def said(self, situation: str, klass: Klass) -> Wording:
        """Return the words for a situation, or the plain ones of its class."""
        return self.wording.get(situation, self.wording[klass])


NEVER = (PermissionState.UNSOLICITED, PermissionState.OPTED_OUT)
"""No text goes out under these, whatever a policy file says (`policy.py` refuses such a file)."""


def judge_permission(given: Input, verdict: Verdict, policy: PermissionRules) -> list[Finding]:
    """Return the finding of the right to write, where it forbids every text, and the one of the class."""
    permission = given.permission or PermissionState.UNSOLICITED
    is_dm = given.kind is Kind.DM
    row = policy.matrix.dm[permission] if is_dm else policy.matrix.public[given.kind]
    findings = []
    if row.clean is not Decision.ALLOW:
        rule = "DM-" + permission.upper().replace("_", "-")
        findings.append(_say(rule, Family.PERMISSION, row.clean, policy.wording[permission], given))
    # Service words alone count nothing, so there is no total to speak of; the model suspects texts without points, too.
    if verdict.total or verdict.klass is not Klass.CLEAN:
        decision = row.cell(verdict.klass, tells_how_to_stop=verdict.tells_how_to_stop)
        situation = f"{permission if is_dm else 'public'}.{verdict.klass}"
        words = policy.wording[verdict.klass] if decision is Decision.ALLOW else policy.said(situation, verdict.klass)
        total = _say(TOTAL_RULE, Family.PROMOTIONAL, decision, words, given)
        findings.append(msgspec.structs.replace(total, points=verdict.total / 100))
    return findings


def _say(rule: str, family: Family, decision: Decision, words: Wording, given: Input) -> Finding:
    account = given.facts.account
    said = words.filled(
        en={"account": f"@{account}" if account else "this account"},
        fr={"account": f"@{account}" if account else "ce compte"},
    )
    return Finding(
        rule=rule,
        family=family,
        decision=decision,
        severity=severity_of(decision),
        message=said.message,
        advice=said.advice,
    )
