import time
import unicodedata
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.screening.tweet_text import V3, Config, _nfc, measure
from govern.screening.tweet_urls import extract_urls

V1 = Config(max_weighted_tweet_length=140, scale=1, default_weight=1)


def units(text: str, position: int) -> int:
    """The vectors count UTF-16 units, we count code points."""
    return len(text[:position].encode("utf-16-le", "surrogatepass")) // 2


def described(text: str, config: Config) -> dict[str, object]:
    found = measure(text, config)
    return {
        "weightedLength": found.weighted_length,
        "valid": found.valid,
        "permillage": found.permillage,
        "displayRangeStart": found.display_range[0],
        "displayRangeEnd": units(text, found.display_range[1]) - 1,
        "validRangeStart": found.valid_range[0],
        "validRangeEnd": units(text, found.valid_range[1]) - 1,
    }


@pytest.mark.parametrize(
    ("section", "version", "count"),
    [
        ("WeightedTweetsWithDiscountedEmojiCounterTest", "v3", 22),
        ("UnicodeDirectionalMarkerCounterTest", "v3", 2),
        ("WeightedTweetsCounterTest", "v2", 20),
    ],
)
def test_weighs_every_conformance_case(vectors: dict[str, Any], section: str, version: str, count: int) -> None:
    if not vectors:
        return
    config = msgspec.json.decode(vectors[version], type=Config)
    cases = vectors[f"validate.{section}"]
    assert len(cases) >= count - 2
    wrong = [case["description"] for case in cases if described(case["text"], config) != case["expected"]]
    assert wrong == []


def test_judges_every_old_length_case(vectors: dict[str, Any]) -> None:
    cases = vectors.get("validate.tweets", [])
    assert [case["text"] for case in cases if measure(case["text"], V1).valid != case["expected"]] == []


@pytest.mark.parametrize(
    "section", ["urls", "urls_with_indices", "urls_with_directional_markers", "tco_urls_with_params"]
)
def test_finds_the_urls_of_every_conformance_case(vectors: dict[str, Any], section: str) -> None:
    wrong = []
    for case in vectors.get(f"extract.{section}", []):
        text = case["text"]
        spans = extract_urls(text)
        with_indices = [{"url": text[start:end], "indices": [start, end]} for start, end in spans]
        plain = [text[start:end] for start, end in spans]
        if case["expected"] not in (with_indices, plain):
            wrong.append(case["description"])
    assert wrong == []


def test_own_settings_are_those_x_published(vectors: dict[str, Any]) -> None:
    if vectors:
        assert msgspec.json.decode(vectors["v3"], type=Config) == V3


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("été", 3),
        ("e\u0301te\u0301", 3),
        ("日本", 4),
        ("a https://brand.com/très/long/chemin?x=1 b", 27),
        ("see brand.co.uk/offer.", 4 + 23 + 1),
        ("x@brand.com", 11),
        ("👨‍👩‍👧‍👦", 2),
        ("👍🏽 ok", 5),
        ("🇫🇷🇬🇧", 4),
        ("❤️", 2),
        ("©", 1),
        ("©️", 2),
        ("3️⃣", 2),
        ("« Bonjour » — à demain…", 23 + 1),
    ],
)
def test_weighs_our_own_cases(text: str, length: int) -> None:
    assert measure(text).weighted_length == length


def test_text_fits_up_to_280_and_no_further() -> None:
    assert measure("a" * 280).valid
    long = measure("a" * 281)
    assert (long.valid, long.valid_range, long.permillage) == (False, (0, 280), 1003)


def test_positions_are_those_of_the_text_as_given() -> None:
    assert measure("e\u0301" * 281).valid_range == (0, 560)


@pytest.mark.parametrize("character", ["\ufeff", "\ufffe", "\uffff"])
def test_characters_x_refuses_make_a_text_invalid(character: str) -> None:
    found = measure(f"ab{character}c")
    assert (found.valid, found.valid_range) == (False, (0, 2))


@given(st.text())
def test_normalises_as_the_library_does(text: str) -> None:
    assert _nfc(text) == unicodedata.normalize("NFC", text)


@given(st.text(st.sampled_from("aé\u0301\u0323\u0327\u1100\u1161\u11a8가ක\u0dcf\u0dca\u09c7\u09be\ufb2c")))
def test_normalises_marks_and_syllables_as_the_library_does(text: str) -> None:
    assert _nfc(text) == unicodedata.normalize("NFC", text)


@given(st.text(st.characters() | st.sampled_from("a.:/@#-_ http://t.co/日é👍\u200d\ufe0f")))
def test_never_fails_and_keeps_its_ranges_inside_the_text(text: str) -> None:
    found = measure(text)
    assert 0 <= found.valid_range[1] <= len(text) == found.display_range[1]
    assert all(0 <= start < end <= len(text) for start, end in extract_urls(text))


HOSTILE = {
    "labels": "a.",
    "urls": "a.co/(",
    "brackets": "a.co/((",
    "queries": "a.co?((",
    "protocols": "http://",
    "marks": "a\u0301\u0323",
    "one letter, all marks": "\u0301\u0323",
    "joiners": "👍\u200d",
    "flags": "🇫",
    "dashes": "a-a.",
    "tails": "http://a.co/,,,",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_time_grows_with_the_length_only(name: str) -> None:
    def best(length: int) -> float:
        text = (HOSTILE[name] * length)[:length]
        times = []
        for _ in range(3):
            start = time.perf_counter()
            measure(text)
            times.append(time.perf_counter() - start)
        return min(times)

    assert best(10_000) < 20 * best(1_250) + 0.01
