"""Reading a text strictly and fast: millions are read in a verification. What is not plainly right is read again slowly."""

import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta

from govern.domain.audit import Entry, Outcome, read_entry
from govern.domain.audit.entry import Kind, Short
from govern.domain.audit.fields import Count, Scope
from govern.tlog.canonical import KEY, MAX_BYTES, MAX_DEPTH, MAX_INTEGER, NotCanonicalError, parse

_AT_AND_ID = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_SIMPLE = frozenset({str, bool, type(None)})
_NESTED = frozenset({list, dict})
_Open: TypeAlias = (
    str | bool | Annotated[int, Meta(ge=-MAX_INTEGER, le=MAX_INTEGER)] | list[Any] | dict[str, Any] | None
)
"""A value the format leaves open: msgspec refuses floats and big integers, but not within lists and objects."""

# The format of `domain.audit.Entry` once more, its fields in the order of canonical text: encoded, they are that text,
# or the entry is read the slow way. A test compares the two.


class StrictActor(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True, gc=False):
    factors: Annotated[tuple[Short, ...], Meta(max_length=10)] = ()
    id: Short
    kind: Short
    via: Short


class StrictObject(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True, gc=False):
    id: Annotated[str, Meta(min_length=1, max_length=64)]
    kind: str  # by `_is_kind`: the few there are need not be matched a million times
    rev: Count | None = None


class StrictGranted(
    msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True, gc=False
):
    grant: Short | None = None
    role: Short | None = None
    scope: Short | None = None


class StrictContext(
    msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True, gc=False
):
    digest: Short | None = None
    govern: Short
    job: Short | None = None
    request: Short | None = None
    rule: Short | None = None
    version: Short | None = None
    via: StrictGranted | None = None


class StrictChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    after: _Open
    before: _Open


class StrictEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, gc=False):
    """An entry without a field that the format does not know; its id stays text: an object each would cost too much."""

    action: str
    actor: StrictActor
    at: str
    change: dict[str, StrictChange] = {}
    commit: dict[str, str] = {}
    ctx: StrictContext
    data: dict[str, _Open]
    id: str
    log: Annotated[str, Meta(min_length=1, max_length=120)]
    object: StrictObject
    outcome: Outcome
    refs: tuple[StrictObject, ...] = ()
    scope: str  # by `_is_scope`
    v: int = 1


AnyEntry: TypeAlias = StrictEntry | Entry
_DECODER = msgspec.json.Decoder(StrictEntry)
_ENCODER = msgspec.json.Encoder()


def read_text(text: bytes) -> AnyEntry | str:
    """Return the entry, fast if it can be, or say what is wrong with its text."""
    return read_strictly(text) or read_slowly(text)


def read_loosely(text: str) -> StrictEntry | None:
    """Return what a text says if it has our fields, whether or not it is canonical."""
    try:
        return _DECODER.decode(text)
    except ValueError:
        return None


def read_strictly(text: bytes) -> StrictEntry | None:
    """Return the entry if the text is canonical and plainly in our format; None: `read_slowly` says what it is."""
    if len(text) > MAX_BYTES or b"\\" in text:  # libraries differ in what they escape
        return None
    try:
        entry = _DECODER.decode(text)
        datetime.fromisoformat(entry.at)
    except ValueError:  # msgspec's errors are ValueErrors
        return None
    plain = _AT_AND_ID.fullmatch(entry.at + entry.id) and len(entry.action) <= 80 and _is_scope(entry.scope)
    return entry if plain and _ENCODER.encode(entry) == text and _fits(entry) else None


def read_slowly(text: bytes) -> Entry | str:
    """Return the entry, or say what is wrong with its text."""
    try:
        parse(text.decode())
    except (NotCanonicalError, UnicodeDecodeError) as error:
        return f"is not canonical ({error})"
    entry = read_entry(text.decode())
    return "is not in our format: a stolen login may have appended it" if entry is None else entry


def _fits(entry: StrictEntry) -> bool:
    """Tell whether the open parts of an entry are in order, and hold nothing that has no canonical form."""
    if not (_ordered(*entry.data) and _ordered(*entry.commit) and _ordered(*entry.change)):
        return False
    for each in (entry.object, *entry.refs):
        if not _is_kind(each.kind):
            return False
    for change in entry.change.values():
        if not _all_plain((change.before, change.after), 4):
            return False
    return _all_plain(entry.data.values(), 3)


def _all_plain(values: Iterable[object], depth: int) -> bool:
    """Tell the same as `_plain` of values that msgspec has read as `_Open`: of most, nothing is left to ask."""
    for value in values:  # noqa: SIM110 - a generator would cost more than what it asks
        if type(value) in _NESTED and not _plain(value, depth):
            return False
    return True


@lru_cache(maxsize=1024)
def _ordered(*keys: str) -> bool:
    """Tell whether keys are good ones, and follow one another; entries of one kind have the same."""
    return all(map(KEY.fullmatch, keys)) and all(one < two for one, two in pairwise(keys))


def _plain(value: object, depth: int) -> bool:
    """Tell whether a value that stands at this depth, its own level counted, has a canonical form and is in it."""
    kind = type(value)
    if kind in _SIMPLE:
        return True
    if kind is int:
        return -MAX_INTEGER <= value <= MAX_INTEGER  # type: ignore[operator]  # an int
    if depth > MAX_DEPTH:
        return False
    if isinstance(value, dict):
        return _ordered(*value) and all(_plain(each, depth + 1) for each in value.values())
    return isinstance(value, list) and all(_plain(each, depth + 1) for each in value)


@lru_cache(maxsize=1024)
def _is_kind(value: str) -> bool:
    return _is_a(Kind, value)


@lru_cache(maxsize=4096)
def _is_scope(value: str) -> bool:
    return _is_a(Scope, value)


def _is_a(kind: Any, value: str) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True
