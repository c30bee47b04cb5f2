"""Reading a text strictly and fast: millions are read in a verification. What is not plainly right is read again slowly."""

import re
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from govern.domain.audit import Entry, Outcome, read_entry
from govern.domain.audit.entry import Short
from govern.domain.audit.fields import Count, Scope
from govern.tlog.canonical import KEY, MAX_BYTES, MAX_DEPTH, MAX_INTEGER, NotCanonicalError, parse

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_SIMPLE = frozenset({str, bool, type(None)})

# The format of `domain.audit.Entry` once more, its fields in the order of canonical text: encoded, they are that text,
# or the entry is read the slow way. A test compares the two.


class StrictActor(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    factors: Annotated[tuple[Short, ...], Meta(max_length=10)] = ()
    id: Short
    kind: Short
    via: Short


class StrictObject(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    id: Annotated[str, Meta(min_length=1, max_length=64)]
    kind: Annotated[str, Meta(pattern=r"^[a-z][a-z_]{0,29}\Z")]
    rev: Count | None = None


class StrictGranted(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    grant: Short | None = None
    role: Short | None = None
    scope: Short | None = None


class StrictContext(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    digest: Short | None = None
    govern: Short
    job: Short | None = None
    request: Short | None = None
    rule: Short | None = None
    version: Short | None = None
    via: StrictGranted | None = None


class StrictChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    after: Any
    before: Any


class StrictEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An entry without a field that the format does not know; its id stays text: an object each would cost too much."""

    action: str
    actor: StrictActor
    at: str
    change: dict[str, StrictChange] = {}
    commit: dict[str, str] = {}
    ctx: StrictContext
    data: dict[str, Any]
    id: str
    log: Annotated[str, Meta(min_length=1, max_length=120)]
    object: StrictObject
    outcome: Outcome
    refs: tuple[StrictObject, ...] = ()
    scope: Scope
    v: int = 1


_DECODER = msgspec.json.Decoder(StrictEntry)
_ENCODER = msgspec.json.Encoder()


def read_strictly(text: bytes) -> StrictEntry | None:
    """Return the entry if the text is canonical and plainly in our format; None: `read_slowly` says what it is."""
    if len(text) > MAX_BYTES or b"\\" in text:  # libraries differ in what they escape
        return None
    try:
        entry = _DECODER.decode(text)
        datetime.fromisoformat(entry.at)
    except ValueError:  # msgspec's errors are ValueErrors
        return None
    plain = _TIME.fullmatch(entry.at) and _UUID.fullmatch(entry.id) and len(entry.action) <= 80
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
    if not (_plain(entry.data, 2) and _ordered(entry.commit) and _ordered(entry.change)):
        return False
    return all(_plain(change.before, 4) and _plain(change.after, 4) for change in entry.change.values())


def _ordered(keys: dict[str, Any]) -> bool:
    """Tell whether keys are good ones, and follow one another."""
    last = ""
    for key in keys:
        if key <= last or not _is_key(key):
            return False
        last = key
    return True


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
        return _ordered(value) and all(_plain(each, depth + 1) for each in value.values())
    return isinstance(value, list) and all(_plain(each, depth + 1) for each in value)


@lru_cache(maxsize=4096)
def _is_key(name: str) -> bool:
    return KEY.fullmatch(name) is not None
