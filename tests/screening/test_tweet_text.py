import time
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from govern.screening.tweet_text import (
    V3,
    Config,
    _nfc,
    extract_cashtags,
    extract_hashtags,
    extract_mentions,
    extract_mentions_or_lists,
    extract_reply,
    extract_urls,
    measure,
)

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
    assert len(cases) == count
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


def as_names(text: str, spans: list[tuple[int, int]]) -> list[str]:
    """What stands there, without its sign."""
    return [text[start + 1 : end] for start, end in spans]


def as_mention(text: str, start: int, end: int) -> dict[str, object]:
    name, slash, rest = text[start + 1 : end].partition("/")
    return {"screen_name": name, "list_slug": slash + rest, "indices": [start, end]}


@pytest.mark.parametrize(
    ("section", "extract", "key", "count"),
    [
        ("mentions", extract_mentions, "screen_name", 23),
        ("mentions_with_indices", extract_mentions, "screen_name", 3),
        ("hashtags", extract_hashtags, "hashtag", 65),
        ("hashtags_from_astral", extract_hashtags, "hashtag", 3),
        ("hashtags_with_indices", extract_hashtags, "hashtag", 8),
        ("cashtags", extract_cashtags, "cashtag", 8),
        ("cashtags_with_indices", extract_cashtags, "cashtag", 2),
    ],
)
def test_finds_the_names_of_every_conformance_case(
    vectors: dict[str, Any], section: str, extract: Callable[[str], list[tuple[int, int]]], key: str, count: int
) -> None:
    if not vectors:
        return
    cases = vectors[f"extract.{section}"]
    assert len(cases) == count
    wrong = []
    for case in cases:
        spans = extract(case["text"])
        names = as_names(case["text"], spans)
        with_indices = [{key: name, "indices": list(span)} for name, span in zip(names, spans, strict=True)]
        if case["expected"] not in (names, with_indices):
            wrong.append(case["description"])
    assert wrong == []


def test_finds_the_lists_and_the_replies_of_every_conformance_case(vectors: dict[str, Any]) -> None:
    lists = vectors.get("extract.mentions_or_lists_with_indices", [])
    wrong = [
        case["description"]
        for case in lists
        if [as_mention(case["text"], *span) for span in extract_mentions_or_lists(case["text"])] != case["expected"]
    ]
    for case in vectors.get("extract.replies", []):
        span = extract_reply(case["text"])
        if (as_names(case["text"], [span])[0] if span else None) != case["expected"]:
            wrong.append(case["description"])
    assert wrong == []


def test_runs_all_290_conformance_cases(vectors: dict[str, Any]) -> None:
    """52 of weighing and 238 of extraction, as the README beside them names them."""
    validate = ("WeightedTweetsWithDiscountedEmojiCounterTest", "UnicodeDirectionalMarkerCounterTest")
    weighed = [f"validate.{name}" for name in (*validate, "WeightedTweetsCounterTest", "tweets")]
    extracted = [name for name in vectors if name.startswith("extract.")]
    counted = sum(len(vectors[name]) for name in (*weighed, *extracted) if vectors)
    assert counted in (0, 290), "other cases lie beside the checkout than these tests know"


OWN: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "tweet_text_cases.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", OWN, ids=lambda case: case["description"])
def test_finds_what_our_own_cases_expect(case: dict[str, Any]) -> None:
    text = case["text"]
    spans = {
        "urls": extract_urls(text),
        "mentions": extract_mentions(text),
        "lists": extract_mentions_or_lists(text),
        "replies": [span for span in [extract_reply(text)] if span],
        "hashtags": extract_hashtags(text),
        "cashtags": extract_cashtags(text),
    }
    for kind, expected in case["expected"].items():
        assert [text[start:end] for start, end in spans[kind]] == expected, kind


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
    for extract in (extract_urls, extract_mentions_or_lists, extract_hashtags, extract_cashtags):
        assert all(0 <= start < end <= len(text) for start, end in extract(text))


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
    "handles": "@a",
    "retweets": "rt@",
    "hashes": "#a",
    "long hashtags": "#" + "é" * 400,
    "cashtags": " $a",
    "urls with hashtags": "a.co/#b #c ",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_time_grows_with_the_length_only(name: str) -> None:
    def best(length: int) -> float:
        text = (HOSTILE[name] * length)[:length]
        times = []
        for _ in range(3):
            start = time.perf_counter()
            measure(text)
            extract_mentions_or_lists(text), extract_reply(text), extract_hashtags(text), extract_cashtags(text)
            times.append(time.perf_counter() - start)
        return min(times)

    assert best(10_000) < 20 * best(1_250) + 0.01
