"""What happened to a message, newest first, as the log tells it; reasons come from the verdicts themselves."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from govern.domain.approvals import Approval, Verdict
from govern.domain.members import ActorKind
from govern.domain.messages import WithdrawnFor
from govern.domain.publications import Hold
from govern.errors import N_
from govern.services.audit import EntryView
from govern.services.message_views import AttemptView
from govern.web.panel.i18n import gettext as _
from govern.web.panel.views import Step
from govern.web.panel.words import DECISIONS, HOLDS, TAKEN_BACK, badge

_VERDICTS = {f"message.{verdict}": verdict for verdict in Verdict}

# Action: what is said of it, and its tone. What has no words of its own is said in the log's.
TITLES: Mapping[str, tuple[str, str]] = {
    "message.drafted": (N_("Revision %(n)s written"), ""),
    "message.revised": (N_("Revision %(n)s written"), ""),
    "message.submitted": (N_("Revision %(n)s handed in"), ""),
    "message.blocked": (N_("Revision %(n)s blocked by screening"), "bad"),
    "message.approved": (N_("Revision %(n)s approved"), "ok"),
    "message.rejected": (N_("Revision %(n)s rejected"), "warn"),
    "message.changes_requested": (N_("Changes of revision %(n)s requested"), "warn"),
    "message.approval_withdrawn": (N_("Approval taken back"), "warn"),
    "message.scheduled": (N_("Scheduled"), ""),
    "message.warnings_acknowledged": (N_("Warnings of revision %(n)s seen"), ""),
    "message.copied": (N_("Written as a copy"), ""),
    "message.withdrawn": (N_("Withdrawn"), "warn"),
    "message.expired": (N_("Expired"), "bad"),
    "revision.screened": (N_("Revision %(n)s screened"), ""),
    "publication.sending": (N_("Being sent, attempt %(attempt)s"), "info"),
    "publication.sent": (N_("Sent"), "ok"),
    "publication.refused": (N_("Refused by X"), "bad"),
    "publication.failed": (N_("Did not leave; goes again"), "warn"),
    "publication.unknown": (N_("No answer from X"), "bad"),
    "publication.held": (N_("Held"), "warn"),
    "publication.settled": (N_("Settled"), "info"),
    "publication.undecided": (N_("X was read; a person decides"), "warn"),
    "publication.late_success": (N_("X says late that it is out"), "bad"),
    "publication.late_closed": (N_("Late answer of X closed"), "info"),
    "publication.duplicate": (N_("Its twin on X was looked for"), ""),
}


def steps(
    reader: UUID | None,
    told: Sequence[EntryView],
    approvals: Sequence[Approval],
    attempts: Sequence[AttemptView],
    *,
    entries: Mapping[UUID, UUID],
) -> Sequence[Step]:
    """Return the lines of the history; the reader's own are said as "you". `entries`: where verdicts are explained."""
    explained = frozenset(entries.values())
    reasons = _reasons(told, approvals)
    reasons |= _settlements(told, attempts)
    return [
        Step(
            title=_title(entry),
            by=_by(reader, entry),
            note=_note(entry, reasons),
            at=entry.at,
            tone=TITLES.get(entry.action, ("", ""))[1],
            why=f"/admin/why/{entry.id}" if entry.id in explained else "",
        )
        for entry in told
    ]


def _title(entry: EntryView) -> str:
    if entry.action == "publication.settled":
        return _("Settled: it is out") if entry.data.get("settlement") == "sent" else _("Settled: it is not out")
    if entry.action == "revision.screened" and entry.data.get("stage") not in {None, "submit"}:
        return _("Revision %(n)s screened again before sending") % {"n": entry.data.get("revision", "?")}
    words = TITLES.get(entry.action)
    if words is None:
        return entry.action.replace(".", " ").replace("_", " ").capitalize()
    number = entry.data.get("revision") or entry.object.rev or "?"
    return _(words[0]) % {"n": number, "attempt": entry.data.get("attempt", "?")}


def _by(reader: UUID | None, entry: EntryView) -> str:
    if entry.action == "revision.screened":
        return ""
    if entry.actor.id.startswith("worker:"):
        return _("by the worker")
    own = reader is not None and str(reader) in _people(entry)
    return _("by you") if own else _("by %(name)s") % {"name": entry.actor.name}


def _note(entry: EntryView, reasons: Mapping[UUID, str]) -> str:
    """Say what the title leaves open: the reason, the finding, X's answer."""
    reason = reasons.get(entry.id) if entry.id else None
    if reason:
        return f"“{reason}”"
    read = _NOTES.get(entry.action)
    return read(entry) if read else ""


def _screened(entry: EntryView) -> str:
    decision = str(entry.data.get("decision", ""))
    return badge(DECISIONS.get(decision), decision).words


def _edited(entry: EntryView) -> str:
    return _("edited by the approver") if entry.data.get("edited") else ""


def _held(entry: EntryView) -> str:
    hold = str(entry.data.get("hold", ""))
    return _(HOLDS[Hold(hold)]) if hold in set(Hold) else hold


def _answered(entry: EntryView) -> str:
    found = (entry.data.get(name) for name in ("reason", "cause"))
    x_id = entry.data.get("x_id")
    return " · ".join(filter(None, (*map(str, filter(None, found)), f"X {x_id}" if x_id else "")))


def _taken_back(entry: EntryView) -> str:
    reason = str(entry.data.get("reason", ""))
    return _(TAKEN_BACK[WithdrawnFor(reason)]) if reason in set(WithdrawnFor) else ""


_NOTES: Mapping[str, Callable[[EntryView], str]] = {
    "message.withdrawn": _taken_back,
    "revision.screened": _screened,
    "message.approved": _edited,
    "message.expired": _answered,
    "publication.held": _held,
    "publication.sent": _answered,
    "publication.refused": _answered,
    "publication.failed": _answered,
    "publication.unknown": _answered,
    "publication.settled": _answered,
    "publication.late_success": _answered,
}


def _settlements(told: Sequence[EntryView], attempts: Sequence[AttemptView]) -> dict[UUID, str]:
    """Return why somebody settled an outcome: attempts are counted from 1."""
    given = {n: each.resolved_reason for n, each in enumerate(attempts, 1) if each.resolved_reason}
    settled = [each for each in told if each.action == "publication.settled"]
    return {each.id: given[each.data["attempt"]] for each in settled if each.id and each.data.get("attempt") in given}


def _reasons(told: Sequence[EntryView], approvals: Sequence[Approval]) -> dict[UUID, str]:
    """Match each verdict to its entry, oldest first: the entry seals the reason, the verdict has it."""
    left, found = list(approvals), dict[UUID, str]()
    for entry in reversed(told):
        for approval in left:
            if entry.id and _fits(entry, approval):
                left.remove(approval)
                if approval.reason:
                    found[entry.id] = approval.reason
                break
    return found


def _fits(entry: EntryView, approval: Approval) -> bool:
    return (
        _VERDICTS.get(entry.action) == approval.verdict
        and entry.data.get("revision") == approval.revision
        and str(approval.approver) in _people(entry)
    )


def _people(entry: EntryView) -> set[str]:
    """Return the members who acted: a token acts for its owner, whom the entry names beside it."""
    owner = {each.id for each in entry.refs if each.kind == "member"} if entry.actor.kind == ActorKind.TOKEN else set()
    return {entry.actor.id.removeprefix("member:"), *owner}
