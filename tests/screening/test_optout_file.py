"""What `optout.toml` may hold, and what it is told when it holds something else."""

import tomllib
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from govern.screening.optout_file import OptOutFile, faults, inline_tests

FILE = Path(__file__).parents[2] / "policies" / "screening" / "optout.toml"


def read(text: str) -> OptOutFile:
    return msgspec.convert(tomllib.loads(text, parse_float=Decimal), OptOutFile)


def test_shipped_file_has_no_faults() -> None:
    file = read(FILE.read_text(encoding="utf-8"))
    assert list(faults(file)) == []
    assert inline_tests(file)


RULE = """
[[rule]]
id = "OPT-TRY"
optout = "yes"
message = { en = "Stop.", fr = "Stop." }
phrases.en = ["go ~2 now"]
phrases.fr = ["va"]
test = [{ text = "go right now", expect = "hit" }, { text = "go", expect = "miss" }]
"""


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"go ~2 now"', '"{nothing} now"', "there is no class 'nothing'"),
        ('"go ~2 now"', '"go? now"', "must begin with something that may not be missing"),
        ('"go ~2 now"', '"go now ~2"', "must end with a word"),
        ('"go ~2 now"', '"go, now"', "'go,' is no part of a phrase"),
        ('phrases.fr = ["va"]\n', "", "its terms must be given in 'en' and 'fr'"),
        ('"OPT-TRY"', '"OPT-MODEL"', "the id is used twice"),
    ],
)
def test_rule_that_cannot_be_read_is_named_with_the_reason(old: str, new: str, reason: str) -> None:
    assert old in RULE
    found = list(faults(read(FILE.read_text(encoding="utf-8") + RULE.replace(old, new))))
    assert [text for _, text in found if reason in text]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("[words.filler]", "[words.filling]", "the class 'filler' is missing"),
        ('"stahp"', '"st*"', "a stem of 'st*' has fewer than 4 letters"),
        ('"stahp"', '"please"', "the entry 'please' has no word that is read"),
        ('words = ["unsubscribe"', 'words = ["stop"', "'stop' is too short to be guessed at"),
    ],
)
def test_class_that_cannot_be_used_is_named_with_the_reason(old: str, new: str, reason: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    assert [found for _, found in faults(read(text.replace(old, new))) if reason in found]
