"""A text as X will show it, with its findings marked, weighed and said in words."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from govern.domain.accounts import Account
from govern.domain.messages import Kind
from govern.screening.tweet_text import measure
from govern.web.panel.i18n import gettext as _
from govern.web.panel.i18n import in_language, ngettext
from govern.web.panel.marks import Span, mark
from govern.web.panel.views import FindingView, Preview
from govern.web.panel.words import DECISIONS, Badge, badge

DM_LIMIT = 10_000
_MARKS = {"block": "b", "needs_approval": "w", "warn": "n", "allow": "n"}
_TONES = {"block": "bad", "needs_approval": "warn", "warn": "info", "allow": "ok"}
_SILENT = "allow"
_ORDER = ("allow", "warn", "needs_approval", "block")


def preview_of(text: str, kind: Kind, account: Account | None, findings: Sequence[Any], *, screened: bool) -> Preview:
    """Build the preview; `findings` are the engine's, as values or as they were stored."""
    plain: list[dict[str, Any]] = [msgspec.to_builtins(finding) for finding in findings]
    limit = DM_LIMIT if kind is Kind.DM else account.length_limit if account else 280
    weighted = len(text) if kind is Kind.DM else measure(text).weighted_length
    worst = max((str(found["decision"]) for found in plain), key=_rank, default="allow")
    ordered = sorted(plain, key=lambda found: -_rank(str(found["decision"])))
    said = [_finding(found, text) for found in ordered if found["decision"] != _SILENT]
    return Preview(
        # What counted is marked where it led to a finding; in a text without one it would only distract.
        segments=mark(text, [_span(found) for found in plain if found.get("span") and said]),
        weighted=weighted,
        limit=limit,
        over=weighted > limit,
        findings=said,
        signals=[_finding(found, text) for found in plain if found["decision"] == _SILENT],
        screened=screened,
        headline=_headline(plain) if screened else _("not screened yet"),
        worst=badge(DECISIONS.get(worst), worst),
    )


def flags(findings: Sequence[Mapping[str, Any]], permission: str | None) -> list[Badge]:
    """Return what a list says about a message's findings: the gravest kind, and how many."""
    grave = [str(found["decision"]) for found in findings if found["decision"] in {"block", "needs_approval", "warn"}]
    if not grave:
        return []
    worst = max(grave, key=_rank)
    words = ngettext("%(n)s finding", "%(n)s findings", len(grave)) % {"n": len(grave)}
    tone = "bad" if permission in {"unsolicited", "opted_out"} else _TONES[worst]
    return [Badge(words, tone, "")]


def _rank(decision: str) -> int:
    return _ORDER.index(decision) if decision in _ORDER else 0


def _span(found: Mapping[str, Any]) -> Span:
    start, end = found["span"]
    return Span(int(start), int(end), _MARKS.get(str(found["decision"]), "n"), in_language(found["message"]))


def _finding(found: Mapping[str, Any], text: str) -> FindingView:
    decision, span, points = str(found["decision"]), found.get("span"), found.get("points")
    return FindingView(
        badge=Badge(_points(float(points)))
        if decision == _SILENT and points is not None
        else badge(DECISIONS.get(decision), decision),
        title=in_language(found["message"]),
        quote=text[int(span[0]) : int(span[1])] if span else "",
        rule=str(found["rule"]),
        advice=in_language(found["advice"]) if found.get("advice") else "",
        tone=_TONES.get(decision, "info"),
    )


def _points(points: float) -> str:
    """Say what a signal counts for or against being promotion."""
    if points < 0:
        return _("takes off %(n)s points") % {"n": f"{-points:g}"}
    return _("adds %(n)s points") % {"n": f"{points:g}"}


def _headline(plain: Sequence[Mapping[str, Any]]) -> str:
    found = [str(each["decision"]) for each in plain if each["decision"] != _SILENT]
    blocking = found.count("block")
    if not found:
        return _("nothing found")
    words = ngettext("%(n)s finding", "%(n)s findings", len(found)) % {"n": len(found)}
    if not blocking:
        return _("%(findings)s, none blocking") % {"findings": words}
    return _("%(findings)s, %(n)s blocking") % {"findings": words, "n": blocking}
