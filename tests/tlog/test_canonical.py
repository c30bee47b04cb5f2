"""Canonical text against RFC 8785's reference implementation, and the limits of our profile."""

import hashlib
from enum import StrEnum

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from govern.tlog.canonical import MAX_BYTES, MAX_INTEGER, Json, NotCanonicalError, encode, leaf_hash, parse

keys = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True)
strings = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
scalars = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | strings
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)


def nested(levels: int) -> Json:
    value: Json = 1
    for _ in range(levels):
        value = [value]
    return value


@given(values.filter(lambda value: depth(value) <= 8))
def test_text_equals_the_reference_implementation(value: Json) -> None:
    assert encode(value).encode() == rfc8785.dumps(value)


@given(values.filter(lambda value: depth(value) <= 8))
def test_text_reads_back_to_the_same_value(value: Json) -> None:
    assert parse(encode(value)) == value


@given(st.text() | st.text(alphabet='{}[]":,.-+eE01ab \\u\n'))
def test_parse_takes_canonical_text_only(text: str) -> None:
    try:
        value = parse(text)
    except NotCanonicalError:
        return
    assert encode(value) == text


def depth(value: Json) -> int:
    if isinstance(value, dict):
        return 1 + max((depth(inner) for inner in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((depth(inner) for inner in value), default=0)
    return 0


def test_keys_are_sorted_and_nothing_is_spaced() -> None:
    assert encode({"b": 1, "a": {"d": None, "c": [True, "é"]}}) == '{"a":{"c":[true,"é"],"d":null},"b":1}'


def test_strings_are_not_normalised() -> None:
    assert encode("é") != encode("e\u0301")


def test_control_characters_are_escaped_as_the_rfc_says() -> None:
    assert encode('\x01\b\t\n\f\r"\\\x7f/') == '"\\u0001\\b\\t\\n\\f\\r\\"\\\\\x7f/"'


class Word(StrEnum):
    ONE = "one"


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        {"a": [0.5]},
        MAX_INTEGER + 1,
        -MAX_INTEGER - 1,
        "\0",
        {"a": "x\0y"},
        "\ud800",
        {"a": ["\udfff"]},
        {"A": 1},
        {"": 1},
        {"1a": 1},
        {"a-b": 1},
        {"a\n": 1},
        {"é": 1},
        {1: 1},
        b"bytes",
        {"a": {1, 2}},
        Word.ONE,
        nested(9),
        {"a": nested(8)},
    ],
)
def test_what_has_no_canonical_text_is_refused(value: object) -> None:
    with pytest.raises(NotCanonicalError):
        encode(value)


def test_eight_levels_are_allowed() -> None:
    assert encode(nested(8)) == "[[[[[[[[1]]]]]]]]"


def test_length_is_counted_in_bytes_up_to_65535() -> None:
    longest = "é" * ((MAX_BYTES - 3) // 2) + "x"
    assert len(encode(longest).encode()) == MAX_BYTES
    with pytest.raises(NotCanonicalError, match="65536 bytes"):
        encode(longest + "x")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{}{}",
        " {}",
        "{} ",
        '{"a": 1}',
        '{"b":1,"a":2}',
        '{"a":1,"a":1}',
        '{"a":1.0}',
        "-0",
        "1e3",
        '"\\u00e9"',
        '"\\u0000"',
        '"\\ud800"',
        "NaN",
        "[" * 2000 + "]" * 2000,
        "\ufeff{}",
        "\ud800",
    ],
)
def test_other_texts_of_the_same_value_are_refused(text: str) -> None:
    with pytest.raises(NotCanonicalError):
        parse(text)


def test_leaf_hash_is_that_of_rfc_6962() -> None:
    assert leaf_hash("") == bytes.fromhex("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")
    assert leaf_hash('{"a":1}') == hashlib.sha256(b'\x00{"a":1}').digest()
