"""Patterns of policy files: google-re2 only, so that no text can make them slow."""

import re
from collections.abc import Iterator
from typing import Any

import re2

from govern.screening.normalise import fold

MAX_LENGTH = 500
MAX_REPEAT = 100

_REPEAT = re.compile(r"\{(\d+)(?:,(\d*))?\}")
_GROUP_NAME = re.compile(r"\(\?P?<(\w+)>")


class Pattern:
    """One compiled RE2 pattern over folded texts."""

    def __init__(self, source: str) -> None:
        """Compile `source`.

        Raises:
            ValueError: RE2 rejects it, or it breaks a rule of ours; the message says which.
        """
        if fault := _fault(source):
            raise ValueError(fault)
        options = re2.Options()
        options.log_errors = False
        try:
            self._compiled: Any = re2.compile(source, options=options)
        except re2.error as error:
            raise ValueError(f"RE2 rejects the pattern: {_reason(error)}") from error

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Return the spans of its matches, left to right, without empty ones."""
        for match in self._compiled.finditer(text):
            start, end = match.span()
            if start < end:
                yield start, end


def _fault(source: str) -> str | None:
    names = _GROUP_NAME.findall(source)
    if len(source) > MAX_LENGTH:
        return f"the pattern is over {MAX_LENGTH} characters"
    plain = source.replace("(?P<", "(?<")  # RE2's own spelling of a named group
    if plain != fold(plain).text:
        return "the pattern has capitals, accents or double blanks; it sees the folded text, which has none"
    if any(int(count or 0) > MAX_REPEAT for pair in _REPEAT.findall(source) for count in pair):
        return f"the pattern repeats over {MAX_REPEAT} times"
    if len(names) != len(set(names)):
        return "the pattern uses a group name twice"
    return None


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else ""
    return reason.decode() if isinstance(reason, bytes) else str(reason)
