"""Text with its findings marked, and two texts compared word by word."""

import difflib
import re
from collections.abc import Sequence
from itertools import pairwise

import msgspec


class Segment(msgspec.Struct, frozen=True):
    """A piece of text and what is said of it: `""`, a tone, or `ins` and `del` in a comparison."""

    text: str
    mark: str = ""
    title: str = ""


class Span(msgspec.Struct, frozen=True):
    """Where a finding is, in characters of the text, and its tone."""

    start: int
    end: int
    mark: str
    title: str


_RANK = ("n", "w", "b")


def mark(text: str, spans: Sequence[Span]) -> list[Segment]:
    """Cut the text where findings begin and end; where they overlap the gravest shows."""
    inside = [span for span in spans if 0 <= span.start < span.end <= len(text)]
    edges = sorted({0, len(text), *(span.start for span in inside), *(span.end for span in inside)})
    segments = []
    for start, end in pairwise(edges):
        over = [span for span in inside if span.start <= start and end <= span.end]
        gravest = max(over, key=lambda span: _RANK.index(span.mark), default=None)
        titles = " · ".join(dict.fromkeys(span.title for span in over))
        segments.append(Segment(text[start:end], gravest.mark if gravest else "", titles))
    return segments


def compare(before: str, after: str) -> list[Segment]:
    """Say what was taken out and what was put in, by words; blanks stay with what is before them."""
    old, new = re.findall(r"\S+\s*|\s+", before), re.findall(r"\S+\s*|\s+", after)
    segments = []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if tag == "equal":
            segments.append(Segment("".join(new[j1:j2])))
            continue
        if i2 > i1:
            segments.append(Segment("".join(old[i1:i2]), "del"))
        if j2 > j1:
            segments.append(Segment("".join(new[j1:j2]), "ins"))
    return segments
