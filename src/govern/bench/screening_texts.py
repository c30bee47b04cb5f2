"""What screening is measured on: the policy's own golden cases, and texts made to be slow."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from govern.domain.consent import PermissionState
from govern.domain.messages import Kind
from govern.screening.cases import parse_cases
from govern.screening.families import PROMOTIONAL
from govern.screening.findings import Direction, Facts, Input
from govern.screening.policy import Policy, read_case_files
from govern.screening.policy_source import parse_text
from govern.screening.terms import Term

LONGEST = 280
SHORT, LONG = 1_250, 10_000

HOSTILE: Mapping[str, str] = MappingProxyType(
    {
        "zeros": "0",
        "spaced digits": "1 ",
        "a.": "a.",
        "@": "@",
        "blanks": " ",
        "half IBANs": "FR76 3000 6000 ",
        "+33": "+33 ",
        "# numbers": "#123456 ",
        "house numbers": "12 rue ",
        "one promotional word": "promo ",
        "leet": "0ff3r ",
        "single letters": "s a l e ",
        "marks": "e\u0301\u0323",
        "zero-width": "a\u200b",
        "URLs": "https://a.co/b ",
    }
)
"""The families of the design, by what is repeated."""


def ordinary_messages(folder: Path, policy: Policy) -> list[Input]:
    """Return the outbound golden cases of at most 280 characters; a folder without cases gives its inline tests' texts."""
    cases = [case for name, text in read_case_files(folder).items() for case in parse_cases(name, text)]
    given = [case.given() for case in cases if case.direction is Direction.OUTBOUND and 0 < len(case.text) <= LONGEST]
    if given:
        return given
    texts = dict.fromkeys(
        test.text for tests in policy.tests.values() for test in tests if 0 < len(test.text) <= LONGEST
    )
    return [as_message(text) for text in texts]


def promotional_terms(folder: Path) -> list[Term]:
    """Return the terms of `promotional.toml`, which the unit of all times is made of."""
    text = parse_text(PROMOTIONAL.name, (folder / PROMOTIONAL.name).read_text(encoding="utf-8"))
    return [term for _, term in PROMOTIONAL.terms(PROMOTIONAL.checked(text))]


def as_message(text: str) -> Input:
    """Return a DM in a service window: every family of rules looks at it."""
    facts = Facts(account="brand", length_limit=LONG)
    return Input(text=text, kind=Kind.DM, permission=PermissionState.SERVICE_WINDOW, facts=facts)


def of_length(piece: str, length: int) -> str:
    """Return a text of so many characters that repeats a piece."""
    return (piece * (length // len(piece) + 1))[:length]


def ordinary_text(messages: Sequence[Input], length: int) -> str:
    """Return messages one after the other, from the first on, up to a length."""
    return of_length(" ".join(given.text for given in messages) + " ", length)
