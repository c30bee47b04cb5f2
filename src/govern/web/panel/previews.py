"""A text as X will show it, with its findings marked, weighed and said in words."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from govern.domain.accounts import Account
from govern.domain.messages import Kind
from govern.screening.tweet_text import measure
from govern.web.panel.asking import Asking, name_of
from govern.web.panel.i18n import gettext as _
from govern.web.panel.i18n import in_language, ngettext
from govern.web.panel.marks import Span, mark
from govern.web.panel.repairs import repair_words, repaired
from govern.web.panel.views import FindingView, Preview
from govern.web.panel.words import DECISIONS, Badge, badge

DM_LIMIT = 10_000
_MARKS = {"block": "b", "needs_approval": "w", "advise": "w", "warn": "n", "allow": "n"}
_TONES = {"block": "bad", "needs_approval": "warn", "advise": "warn", "warn": "info", "allow": "ok"}
_SILENT = "allow"
_ORDER = ("allow", "warn", "needs_approval", "advise", "block")


def preview_of(
    text: str,
    kind: Kind,
    account: Account | None,
    findings: Sequence[Any],
    *,
    screened: bool,
    asking: Asking | None = None,
    seen: Mapping[str, Sequence[str]] | None = None,
) -> Preview:
    """Build the preview; `findings` are the engine's, as values or as they were stored.

    `asking`: it stands in a form. `seen`: who acknowledged which warning.
    """
    plain: list[dict[str, Any]] = [msgspec.to_builtins(finding) for finding in findings]
    limit = limit_of(kind, account)
    weighted = len(text) if kind is Kind.DM else measure(text).weighted_length
    worst = max((str(found["decision"]) for found in plain), key=_rank, default="allow")
    ordered = sorted(plain, key=lambda found: -_rank(str(found["decision"])))
    said = [
        _asked(_finding(found, text, seen), found, text, plain, limit=limit, asking=asking)
        for found in ordered
        if found["decision"] != _SILENT
    ]
    return Preview(
        segments=marked(text, _shown(plain)),
        weighted=weighted,
        limit=limit,
        over=weighted > limit,
        findings=said,
        signals=[_finding(found, text, None) for found in plain if found["decision"] == _SILENT],
        screened=screened,
        headline=_headline(plain) if screened else _("not screened yet"),
        worst=badge(DECISIONS.get(worst), worst),
    )


def limit_of(kind: Kind, account: Account | None) -> int:
    """Return how long a text may be."""
    return DM_LIMIT if kind is Kind.DM else account.length_limit if account else 280


def finding_views(findings: Sequence[Any], text: str, *, asking: Asking | None = None) -> list[FindingView]:
    """Say findings in words, without a preview around them."""
    plain: list[dict[str, Any]] = [msgspec.to_builtins(finding) for finding in findings]
    return [_asked(_finding(found, text, None), found, text, plain, limit=DM_LIMIT, asking=asking) for found in plain]


def marked(text: str, findings: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
    """Return the text in pieces, those marked that a finding is about."""
    return mark(text, [_span(found) for found in findings if found.get("span")])


def flags(findings: Sequence[Mapping[str, Any]], permission: str | None) -> list[Badge]:
    """Return what a list says about a message's findings: the gravest kind, and how many."""
    grave = [str(found["decision"]) for found in findings if found["decision"] in {"block", "needs_approval", "warn"}]
    if not grave:
        return []
    worst = max(grave, key=_rank)
    words = ngettext("%(n)s finding", "%(n)s findings", len(grave)) % {"n": len(grave)}
    tone = "bad" if permission in {"unsolicited", "opted_out"} else _TONES[worst]
    return [Badge(words, tone, "")]


def _shown(plain: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return what is marked: every finding, and what counted only where it led to one; else it would distract."""
    led = any(found["decision"] != _SILENT and found.get("points") for found in plain)
    return [found for found in plain if found["decision"] != _SILENT or (led and found.get("points"))]


def _rank(decision: str) -> int:
    return _ORDER.index(decision) if decision in _ORDER else 0


def _span(found: Mapping[str, Any]) -> Span:
    start, end = found["span"]
    return Span(int(start), int(end), _MARKS.get(str(found["decision"]), "n"), in_language(found["message"]))


def _finding(found: Mapping[str, Any], text: str, seen: Mapping[str, Sequence[str]] | None) -> FindingView:
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
        seen_by=(seen or {}).get(name_of(found), ()),
    )


def _asked(
    view: FindingView,
    found: Mapping[str, Any],
    text: str,
    all_found: Sequence[Mapping[str, Any]],
    *,
    limit: int,
    asking: Asking | None,
) -> FindingView:
    """Add what a form asks about a finding, and offers."""
    if asking is None:
        return view
    name, warns = name_of(found), asking.boxes and found["decision"] == "warn"
    mended = asking.mends and repaired(text, found, all_found, limit=limit) is not None
    return msgspec.structs.replace(
        view,
        ack=name if warns else "",
        acknowledged=warns and name in asking.acknowledged,
        missing=warns and name in asking.missing,
        use=name if mended else "",
        use_words=repair_words(found) if mended else "",
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
