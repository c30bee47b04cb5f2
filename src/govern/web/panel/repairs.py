"""What "Use" does: the mechanical repair of a finding, as a new text. Whoever writes decides, and can take it back."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from govern.domain.languages import likely_language
from govern.errors import N_
from govern.screening.normalise import fold
from govern.screening.tweet_text import measure
from govern.web.panel.i18n import gettext as _

Found = Mapping[str, Any]
"""A finding as it is stored, or as `msgspec.to_builtins` gives it."""

_SENTENCE = re.compile(r"[^.!?…\n]+[.!?…]*[ \t]*|[.!?…]+[ \t]*|\n")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff]"
)
_USERINFO = re.compile(r"^(\w+://)?[^/\s]*@")
_MORE = "…"
_DISCLOSURE = {"en": "#ad", "fr": "#pub"}
_OPT_OUT = {
    "en": "Reply STOP to receive no more offers.",
    "fr": "Répondez STOP pour ne plus recevoir d’offres.",
}


class _Case(msgspec.Struct, frozen=True, kw_only=True):
    """One finding in its text, with all others."""

    text: str
    found: Found
    others: Sequence[Found]
    limit: int

    @property
    def span(self) -> tuple[int, int] | None:
        span = self.found.get("span")
        return (int(span[0]), int(span[1])) if span else None

    @property
    def language(self) -> str:
        return likely_language([self.text]) or "en"


def repaired(text: str, found: Found, others: Sequence[Found], *, limit: int) -> str | None:
    """Return the text with one finding repaired, or None where only a person can."""
    way = _WAYS.get(_code(found))
    if way is None:
        return None
    new = way[1](_Case(text=text, found=found, others=others, limit=limit))
    return new if new and new.strip() and new != text else None


def repair_words(found: Found) -> str:
    """Say on the button what `repaired` does."""
    return _(_WAYS[_code(found)][0])


def _code(found: Found) -> str:
    advice = found.get("advice")
    return str(advice["code"]) if advice else ""


def _without_marked(case: _Case) -> str | None:
    return _cut(case.text, *case.span) if case.span else None


def _cut(text: str, start: int, end: int, put: str = "") -> str:
    """Take a place out; of the blanks around it one is left, and none before a full stop."""
    left, right = text[:start] + put, text[end:]
    if not put and (not left or left[-1].isspace()) and right[:1].isspace():
        right = right.lstrip(" \t")
    if not put and right[:1] in {",", ".", ";", "…", ")"}:
        left = left.rstrip(" \t")
    return (left + right).strip()


def _without_promotion(case: _Case) -> str | None:
    """Take out the sentences in which something counted as promotion."""
    hits = [each["span"] for each in case.others if each.get("span") and (each.get("points") or 0) > 0]
    kept = [
        piece.group()
        for piece in _SENTENCE.finditer(case.text)
        if not any(start < piece.end() and piece.start() < end for start, end in hits)
    ]
    return "".join(kept).strip() if hits else None


def _shortened(case: _Case) -> str | None:
    """Cut at the last word that fits, with a mark that there was more."""
    ends = [match.start() for match in re.finditer(r"\s+", case.text)] or [0]
    low, high = 0, len(ends)
    while low < high:
        middle = (low + high + 1) // 2
        fits = measure(case.text[: ends[middle - 1]].rstrip(" ,;:") + _MORE).weighted_length <= case.limit
        low, high = (middle, high) if fits else (low, middle - 1)
    return case.text[: ends[low - 1]].rstrip(" ,;:") + _MORE if low else None


def _plain(case: _Case) -> str | None:
    if case.span is None:
        return None
    start, end = case.span
    return _cut(case.text, start, end, fold(case.text[start:end]).text)


def _visible(case: _Case) -> str | None:
    start, end = case.span or (0, len(case.text))
    return case.text[:start] + _INVISIBLE.sub("", case.text[start:end]) + case.text[end:]


def _no_control(case: _Case) -> str | None:
    kept = (letter for letter in case.text if letter in "\n\t" or (letter.isprintable() or letter.isspace()))
    return _INVISIBLE.sub("", "".join(kept).replace("\0", ""))


def _bare_link(case: _Case) -> str | None:
    if case.span is None:
        return None
    start, end = case.span
    return _cut(case.text, start, end, _USERINFO.sub(lambda found: found[1] or "", case.text[start:end]))


def _no_cashtag(case: _Case) -> str | None:
    if case.span is None:
        return None
    start, end = case.span
    return _cut(case.text, start, end, case.text[start:end].replace("$", ""))


def _disclosed(case: _Case) -> str | None:
    return f"{_DISCLOSURE[case.language]} {case.text}"


def _with_opt_out(case: _Case) -> str | None:
    return f"{case.text.rstrip()}\n{_OPT_OUT[case.language]}"


_MARKED = (N_("Take the marked words out"), _without_marked)
_PROMOTION = (N_("Take the promotion out"), _without_promotion)
_WAYS: Mapping[str, tuple[str, Callable[[_Case], str | None]]] = {
    "move_to_dm_and_delete": _MARKED,
    "leave_out": _MARKED,
    "remove_link": _MARKED,
    "remove_claim": _MARKED,
    "remove_passage": _MARKED,
    "remove_product": _MARKED,
    "remove_promise": _MARKED,
    "remove_promotion": _PROMOTION,
    "rephrase": _PROMOTION,
    "answer_only": _PROMOTION,
    "plain_reply": _PROMOTION,
    "shorten": (N_("Cut it where it is full"), _shortened),
    "write_plainly": (N_("Write it in plain letters"), _plain),
    "remove_invisible": (N_("Take the invisible signs out"), _visible),
    "remove_control": (N_("Take the sign out"), _no_control),
    "clean_link": (N_("Write the plain address"), _bare_link),
    "remove_cashtag": (N_("Write it without $"), _no_cashtag),
    "add_disclosure": (N_("Put the disclosure in front"), _disclosed),
    "add_opt_out": (N_("Add how to stop these messages"), _with_opt_out),
}
