"""What happened to a message, newest first, from its revisions, verdicts and attempts."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from govern.domain.approvals import Approval, Verdict
from govern.domain.messages import Revision
from govern.domain.publications import Outcome
from govern.services.message_views import AttemptView
from govern.services.screening import ScreeningView
from govern.web.panel.i18n import gettext as _
from govern.web.panel.views import Step
from govern.web.panel.words import ATTEMPTS, DECISIONS, badge


def steps(
    reader: UUID | None,
    revisions: Sequence[Revision],
    screenings: Sequence[ScreeningView],
    approvals: Sequence[Approval],
    attempts: Sequence[AttemptView],
    *,
    entries: Mapping[UUID, UUID],
) -> Sequence[Step]:
    """Return the lines of the history; the reader's own are said as "you". `entries`: where verdicts are explained."""
    edited = {each.number for each in revisions if each.edit_and_approve}
    found = [
        *(_revision(reader, each) for each in revisions),
        *(_screening(each, edited) for each in screenings),
        *(_verdict(reader, each, entries.get(each.id)) for each in approvals),
        *(_undone(reader, each) for each in approvals if each.withdrawn_at),
        *(_attempt(each) for each in attempts),
        *(_settled(each) for each in attempts if each.resolved and each.resolved_at),
    ]
    # What one transaction did has one time: the order above is the order it happened in.
    found.sort(key=lambda step: step.at)
    return found[::-1]


def _revision(reader: UUID | None, revision: Revision) -> Step:
    title = _("Revision %(n)s written") % {"n": revision.number}
    note = _("edited by the approver") if revision.edit_and_approve else ""
    return Step(title=title, by=_by(reader, revision.editor, revision.editor_name), note=note, at=revision.created_at)


def _screening(screening: ScreeningView, edited: set[int]) -> Step:
    if screening.moment != "submit":
        title = _("Revision %(n)s screened again before sending")
    else:
        title = _("Revision %(n)s screened") if screening.revision in edited else _("Revision %(n)s handed in")
    answer = badge(DECISIONS.get(screening.decision), screening.decision)
    return Step(title=title % {"n": screening.revision}, by="", note=answer.words, at=screening.created_at)


def _verdict(reader: UUID | None, approval: Approval, entry: UUID | None) -> Step:
    words, tone = {
        Verdict.APPROVED: (_("Revision %(n)s approved"), "ok"),
        Verdict.REJECTED: (_("Revision %(n)s rejected"), "warn"),
        Verdict.CHANGES_REQUESTED: (_("Changes of revision %(n)s requested"), "warn"),
    }[approval.verdict]
    return Step(
        title=words % {"n": approval.revision},
        by=_by(reader, approval.approver, approval.approver_name),
        note=f"“{approval.reason}”" if approval.reason else "",
        at=approval.created_at,
        tone=tone,
        why=f"/admin/why/{entry}" if entry else "",
    )


def _undone(reader: UUID | None, approval: Approval) -> Step:
    return Step(
        title=_("Approval taken back"),
        by=_by(reader, approval.approver, approval.approver_name),
        note="",
        at=approval.withdrawn_at or approval.created_at,
        tone="warn",
    )


def _attempt(attempt: AttemptView) -> Step:
    known = ATTEMPTS.get(Outcome(attempt.outcome)) if attempt.outcome else None
    found = badge(known, _("Being sent"))
    detail = " · ".join(filter(None, (attempt.reason, f"X {attempt.x_id}" if attempt.x_id else "")))
    return Step(
        title=found.words, by=_("by the worker"), note=detail, at=attempt.finished_at or attempt.started_at, tone="info"
    )


def _settled(attempt: AttemptView) -> Step:
    is_out = attempt.resolved == Outcome.SENT
    return Step(
        title=_("Settled: it is out") if is_out else _("Settled: it is not out"),
        by="",
        note=attempt.resolved_reason or "",
        at=attempt.resolved_at or attempt.started_at,
        tone="info",
    )


def _by(reader: UUID | None, who: UUID, name: str) -> str:
    return _("by you") if who == reader else _("by %(name)s") % {"name": name}
