"""Canonical text: a strict profile of RFC 8785 (JSON Canonicalization Scheme), and the leaf hash of RFC 6962.

One value has exactly one text, so a hash of the text is a hash of the value. The profile leaves out what makes other
implementations differ: floats, keys beyond ASCII, and integers that IEEE 754 doubles cannot hold.
"""

import re
from functools import lru_cache
from hashlib import sha256
from typing import TypeAlias

import orjson

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

MAX_BYTES = 65_535
"""The longest entry of a C2SP tlog-tiles entry bundle."""
MAX_DEPTH = 8
MAX_INTEGER = 2**53 - 1
KEY = re.compile(r"[a-z][a-z0-9_]*")


class NotCanonicalError(ValueError):
    """The value has no canonical text, or the text is not the canonical one; the message says why."""


def encode(value: object) -> str:
    """Return the one canonical text of a JSON value.

    Raises:
        NotCanonicalError: a float, a type that is not JSON, a bad key, an integer beyond 2^53 - 1, U+0000, a lone
            surrogate, more than 8 levels, or more than 65,535 bytes.
    """
    _check(value, 0)
    try:
        data = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:  # all that is left to fail: lone surrogates
        raise NotCanonicalError(f"not valid Unicode: {error}") from error
    if len(data) > MAX_BYTES:
        raise NotCanonicalError(f"{len(data)} bytes; at most {MAX_BYTES}")
    return data.decode()


def parse(text: str) -> Json:
    """Read canonical text.

    Raises:
        NotCanonicalError: it is not JSON, or it does not encode back to itself.
    """
    try:
        value: Json = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise NotCanonicalError(f"not JSON: {error}") from error
    if encode(value) != text:
        raise NotCanonicalError("the text is not in its canonical form")
    return value


def leaf_hash(text: str) -> bytes:
    """Return SHA-256(0x00 || UTF-8 text): the hash of a Merkle tree's leaf (RFC 6962, section 2.1)."""
    return sha256(b"\x00" + text.encode()).digest()


def _check(value: object, depth: int) -> None:
    kind = type(value)  # exact: a subclass (an enum, a named tuple) may encode as something else
    if kind is str:
        if "\0" in value:  # type: ignore[operator]  # a str, by the line above
            raise NotCanonicalError("U+0000 in a string")
    elif kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:  # type: ignore[operator]  # an int
            raise NotCanonicalError("an integer beyond 2^53 - 1")
    elif kind in {dict, list, tuple}:
        _check_members(value, depth + 1)  # type: ignore[arg-type]  # one of the three
    elif value is not None and kind is not bool:
        raise NotCanonicalError(f"{kind.__name__} has no canonical form")


def _check_members(value: dict[object, object] | list[object] | tuple[object, ...], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise NotCanonicalError(f"more than {MAX_DEPTH} levels")
    if isinstance(value, dict):
        for key in value:
            if type(key) is not str or not _is_key(key):
                raise NotCanonicalError(f"bad key {key!r}: small ASCII letters, digits and _, a letter first")
    for member in value.values() if isinstance(value, dict) else value:
        if type(member) is not str or "\0" in member:  # most members are text without it: no call for those
            _check(member, depth)


@lru_cache(maxsize=4_096)
def _is_key(text: str) -> bool:
    """Tell whether a text may be a key; a log has few, and each stands in many entries."""
    return KEY.fullmatch(text) is not None
