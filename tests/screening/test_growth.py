"""The work of a screening grows with the length of the text, whatever the text: calls are counted, not time."""

import sys
from types import FrameType

import pytest

from govern.domain.consent import PermissionState
from govern.domain.messages import Kind
from govern.screening.engine import screen
from govern.screening.findings import Direction, Facts, Input
from govern.screening.policy import Policy

SHORT, LONG = 500, 4_000
HOSTILE = {
    "zeros": "0",
    "spaced digits": "0 ",
    "dotted letters": "a.",
    "at signs": "@",
    "blanks": " ",
    "half an IBAN": "FR76 3000 ",
    "country codes": "+33 ",
    "numbered": "#123456 ",
    "house numbers": "12 rue ",
    "one promotional word": "promo ",
    "an offer": "vente privée -20 % ",
    "leet": "pr0m0 ",
    "single letters": "a b ",
    "a spaced word": "s o l d e s ",
    "marks": "e\u0301\u0336",
    "zero-width": "a\u200b",
    "look-alikes": "\u0430",
    "URLs": "https://a.example/b ",
    "stops": "stop ",
    "written-out at": " at ",
    "full width": "\uff41",
    "line ends": "\n",
    "apostrophes": "l'",
}


def calls(policy: Policy, text: str, kind: Kind, direction: Direction) -> int:
    """Count the calls of functions that one screening makes."""
    given = Input(
        text=text,
        kind=kind,
        direction=direction,
        permission=PermissionState.SERVICE_WINDOW,
        facts=Facts(length_limit=25_000),
    )
    count = 0

    def counted(frame: FrameType, event: str, arg: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        screen(given, policy)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(
    ("kind", "direction"),
    [(Kind.DM, Direction.OUTBOUND), (Kind.POST, Direction.INBOUND)],
)
def test_eight_times_the_text_is_at_most_ten_times_the_work(
    policy: Policy, name: str, kind: Kind, direction: Direction
) -> None:
    text = HOSTILE[name] * LONG
    calls(policy, text[:SHORT], kind, direction)  # fills the caches of single letters
    short, long = (calls(policy, text[:length], kind, direction) for length in (SHORT, LONG))
    assert long <= 10 * short
