"""Measure screening on texts that nobody tuned it on: the fifth of `../shared/data/screening` that is kept aside.

    python tools/measure_screening.py [--another | --cases] [--json]

A text is kept aside if sha256 of it, modulo 5, is 0; the training tool leaves these out. `--another` measures on
`tools/screening_aside` instead: 560 texts of one more author, whom rules, models and their authors have never seen; whoever
reads a failure there has to write a new set. `--cases` measures on the golden cases; their failures were read once, so they
tell whether something was lost, not how good it is. Prints precision and
recall with 95 % intervals (Wilson), by language; and, for each disguise, how many of the texts that were found are still found.
Screens direct messages in an open service window.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from math import sqrt
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from govern.domain.consent import PermissionState
from govern.domain.messages import Kind
from govern.screening.engine import screen
from govern.screening.findings import Decision as Ruling
from govern.screening.findings import Direction, Input, Klass, OptOut, Screening, strictness
from govern.screening.policy import Policy, load_policy

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data" / "screening"
ANOTHER = ROOT / "tools" / "screening_aside"
CASES = ROOT / "policies" / "screening" / "cases"
ASIDE = 5
Row: TypeAlias = dict[str, Any]
SECOND_LOOK = strictness(Ruling.NEEDS_APPROVAL)


class Text(NamedTuple):
    """A text of one of the three kinds, and whether the thing looked for is in it."""

    kind: str
    lang: str
    given: Input
    wanted: bool


class Measure(NamedTuple):
    """What is counted as found of a kind of text."""

    name: str
    kind: str
    found: Callable[[Screening], bool]


MEASURES = (
    Measure("promotional, needs approval or worse", "dm", lambda said: strictness(said.decision) >= SECOND_LOOK),
    Measure("promotional, block", "dm", lambda said: said.klass is Klass.PROMOTIONAL),
    Measure("personal data in public text", "pii", lambda said: bool(said.personal_data)),
    Measure("opt-out, yes or doubtful", "optout", lambda said: said.optout is not OptOut.NO),
    Measure("opt-out, yes", "optout", lambda said: said.optout is OptOut.YES),
)

_CIRCLED = str.maketrans({chr(ord("a") + n): chr(0x1D5EE + n) for n in range(26)})  # mathematical, sans-serif, bold
_WIDE = str.maketrans({chr(n): chr(n + 0xFEE0) for n in range(0x21, 0x7F)})
_CYRILLIC = str.maketrans("aeopcxyi", "аеорсхуі")  # noqa: RUF001 - look-alikes are the point
_LEET = str.maketrans("aeio", "43i0")
DISGUISES: dict[str, Callable[[str], str]] = {
    "zero width": "\u200b".join,
    "look-alikes": lambda text: text.translate(_CYRILLIC),
    "mathematical": lambda text: text.translate(_CIRCLED),
    "full width": lambda text: text.translate(_WIDE),
    "capitals": str.upper,
    "leet": lambda text: " ".join(
        word.translate(_LEET) if len(word) > 3 and word.isalpha() else word for word in text.split(" ")
    ),
    "spaced": lambda text: " ".join(
        " ".join(word) if len(word) > 4 and word.isalpha() else word for word in text.split(" ")
    ),
}


def read_aside() -> Iterator[Text]:
    """Return the texts of the corpus that are kept aside."""
    return (
        text for text in _read_labelled(SHARED) if int(sha256(text.given.text.encode()).hexdigest(), 16) % ASIDE == 0
    )


def read_another() -> Iterator[Text]:
    """Return the texts of the author nobody learnt from."""
    return _read_labelled(ANOTHER)


def _read_labelled(folder: Path) -> Iterator[Text]:
    for kind in ("dm", "pii", "optout"):
        for path in sorted(folder.glob(f"{kind}_*.jsonl")):
            for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
                wanted = row["label"] in {"promotional", "pii", "optout"}
                yield Text(kind, row["lang"], _input(kind, row["text"], row.get("author")), wanted)


def read_cases() -> Iterator[Text]:
    """Return the golden cases of the three kinds."""
    for kind, stem in (("dm", "dm"), ("pii", "personal_data"), ("optout", "opt_out")):
        for path in sorted(CASES.glob(f"{stem}_*.jsonl")):
            for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
                expect = row["expect"]
                wanted = {
                    "dm": expect.get("class") == "promotional" or "min_decision" in expect,
                    "pii": bool(expect.get("types")),
                    "optout": expect.get("optout") != "no",
                }[kind]
                author = "customer" if row["direction"] == "inbound" else "brand"
                yield Text(kind, row["lang"], _input(kind, row["text"], author), wanted)


def _input(kind: str, text: str, author: str | None) -> Input:
    if kind == "dm":
        return Input(text=text, kind=Kind.DM, permission=PermissionState.SERVICE_WINDOW)
    inbound = kind == "optout" or author == "customer"
    direction = Direction.INBOUND if inbound else Direction.OUTBOUND
    return Input(text=text, kind=Kind.DM if kind == "optout" else Kind.REPLY, direction=direction)


def interval(hits: int, of: int) -> tuple[float, float]:
    """Return the 95 % interval of a share after Wilson."""
    if not of:
        return 0.0, 1.0
    share, z = hits / of, 1.96
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def measured(texts: Iterable[Text], policy: Policy) -> list[Row]:
    """Return a row per measure and language."""
    said = [(text, screen(text.given, policy)) for text in texts]
    rows = []
    for measure in MEASURES:
        for lang in ("en", "fr", "all"):
            marks = [
                (text.wanted, measure.found(answer))
                for text, answer in said
                if text.kind == measure.kind and lang in {text.lang, "all"}
            ]
            right = sum(wanted and found for wanted, found in marks)
            found, wanted = sum(found for _, found in marks), sum(wanted for wanted, _ in marks)
            rows.append(
                {
                    "measure": measure.name,
                    "language": lang,
                    "precision": _share(right, found),
                    "recall": _share(right, wanted),
                    "false_alarms": _share(found - right, len(marks) - wanted),
                }
            )
    return rows


def _share(hits: int, of: int) -> dict[str, Any]:
    low, high = interval(hits, of)
    return {
        "hits": hits,
        "of": of,
        "share": round(hits / of, 3) if of else None,
        "low": round(low, 3),
        "high": round(high, 3),
    }


def kept(texts: Iterable[Text], policy: Policy) -> list[Row]:
    """Return, for each disguise and measure, the part of the found texts that is found in disguise as well."""
    rows = []
    given = list(texts)
    for measure in MEASURES:
        found = [
            text
            for text in given
            if text.kind == measure.kind and text.wanted and measure.found(screen(text.given, policy))
        ]
        for name, disguise in DISGUISES.items():
            again = [
                measure.found(screen(_input(text.kind, disguise(text.given.text), _author(text)), policy))
                for text in found
            ]
            rows.append({"measure": measure.name, "disguise": name, "kept": _share(sum(again), len(again))})
    return rows


def _author(text: Text) -> str:
    return "customer" if text.given.direction is Direction.INBOUND else "brand"


def main(*options: str) -> None:
    """Print the figures."""
    policy = load_policy(ROOT / "policies")
    reads = {"--cases": read_cases, "--another": read_another}
    texts = list(next((read for name, read in reads.items() if name in options), read_aside)())
    rows, disguised = measured(texts, policy), kept(texts, policy)
    if "--json" in options:
        lines = [json.dumps({"quality": rows, "evasion": disguised}, indent=2)]
    else:
        lines = [_quality(row) for row in rows] + [_evasion(row) for row in disguised]
    sys.stdout.write("\n".join(lines) + "\n")


def _quality(row: Row) -> str:
    shares = (f"{name} {_said(row[name])}" for name in ("precision", "recall", "false_alarms"))
    return " ".join([f"{row['measure']:<38} {row['language']:<4}", *shares])


def _evasion(row: Row) -> str:
    return f"{row['measure']:<38} {row['disguise']:<13} kept {_said(row['kept'])}"


def _said(share: dict[str, Any]) -> str:
    return f"{share['share']} ({share['hits']}/{share['of']}, {share['low']}-{share['high']})"


if __name__ == "__main__":
    main(*sys.argv[1:])
