"""One line of JSON in, one line of JSON out: screening for other programs. Errors name key and reason, never the text."""

import json
import re
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from govern.domain.consent import PermissionState
from govern.domain.messages import Kind
from govern.screening.engine import screen
from govern.screening.findings import (
    Decision,
    Direction,
    Facts,
    Finding,
    Input,
    Klass,
    OptOut,
    PersonalData,
)
from govern.screening.policy import Policy

MAX_LINE = 1 << 20
"""Longer lines, in bytes without their end, are invalid."""
TOO_LONG = "line: over 1 MiB"

_PATH = re.compile(r" - at `(?:key in )?\$\.?([\w.\[\]]*)`\Z")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`\Z", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(\w+)`\Z")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line as it comes in. Only `permission` may be null; what else is optional may be left out."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    text: str
    kind: Kind
    direction: Direction
    permission: PermissionState | None = None
    lang: Literal["fr", "en"] | msgspec.UnsetType = msgspec.UNSET
    facts: Facts | msgspec.UnsetType = msgspec.UNSET

    def given(self) -> Input:
        """Return what the engine is asked."""
        return Input(
            text=self.text,
            kind=self.kind,
            direction=self.direction,
            permission=self.permission,
            lang=None if self.lang is msgspec.UNSET else self.lang,
            facts=_NO_FACTS if self.facts is msgspec.UNSET else self.facts,
        )


class Answer(msgspec.Struct, frozen=True):
    """A line as it goes out. The order of the fields is the order of the JSON keys."""

    id: str
    decision: Decision
    klass: Klass = msgspec.field(name="class")
    optout: OptOut
    personal_data: tuple[PersonalData, ...]
    findings: tuple[Finding, ...]
    policy_digest: str


class Answered(NamedTuple):
    """The line that goes out, without its end, and whether the one that came in was valid."""

    line: bytes
    valid: bool


_NO_FACTS = Facts()
_DECODER = msgspec.json.Decoder(Line)
_ENCODER = msgspec.json.Encoder()


def answer_line(line: bytes, policy: Policy) -> Answered:
    """Screen one line."""
    if len(line) > MAX_LINE:
        return refuse(TOO_LONG)
    try:
        asked = _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _explain(line)
    found = screen(asked.given(), policy)
    answer = Answer(
        asked.id,
        found.decision,
        found.klass,
        found.optout,
        found.personal_data,
        found.findings,
        found.policy_digest,
    )
    return Answered(_ENCODER.encode(answer), valid=True)


def refuse(error: str, line_id: str | None = None) -> Answered:
    """Return the line for one that is invalid."""
    return Answered(
        _ENCODER.encode({"error": error} if line_id is None else {"id": line_id, "error": error}), valid=False
    )


def _explain(line: bytes) -> Answered:
    """Say what is wrong with a line, slowly: `msgspec` quotes what it does not like, and gives up at half a surrogate pair."""
    try:
        parsed = json.loads(line, parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        return refuse("line: not UTF-8")
    except (ValueError, RecursionError):
        return refuse("line: not a JSON object")
    if not isinstance(parsed, dict):
        return refuse("line: not a JSON object")
    known = parsed.get("id")
    valid = isinstance(known, str) and 1 <= len(known) <= 200 and _is_whole(known)
    return refuse(_fault(parsed), known if valid else None)


def _fault(parsed: dict[str, Any]) -> str:
    for key, value in parsed.items():
        if not (_is_whole(key) and _is_whole(value)):
            return f"{_shown(key)}: half of a surrogate pair"
    try:
        msgspec.convert(parsed, Line)
    except (msgspec.ValidationError, RecursionError) as error:
        return _reason(str(error))
    return "line: not a JSON object"


def _is_whole(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        return False
    return True


def _reason(error: str) -> str:
    """Return key and reason of an error of `msgspec`, without the value or the odd key it quotes."""
    place = _PATH.search(error)
    path, reason = (place[1], error[: place.start()]) if place else ("", error)
    if unknown := _UNKNOWN.match(reason):
        return f"{_joined(path, _shown(unknown[1]))}: unknown key"
    if missing := _MISSING.match(reason):
        return f"{_joined(path, missing[1])}: missing"
    if reason.startswith("Invalid enum value"):
        return f"{path}: not one of the words it can be"
    return f"{path or 'line'}: {reason.replace('`', '')}"


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _shown(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) else "a key"


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
