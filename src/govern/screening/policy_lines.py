"""On which line of a policy file a rule, or a fault of its shape, stands. TOML libraries tell tables apart, people lines."""

import re
from collections.abc import Iterator

_PATH = re.compile(r"at `\$([^`]*)`")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_UNKNOWN = re.compile(r"(?:unknown|required) field `(\w+)`")


def line_of_rule(text: str, rule: str, *, time: int = 0) -> int | None:
    """Return the line where the id of a rule stands, or the header of the table of that name; `time` counts from 0.

    `table.key` names a key of a table.
    """
    wanted = (f'id="{rule}"', f"[{rule}")
    lines = [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if line.replace(" ", "").removeprefix("{").startswith(wanted)
    ]
    if not lines and "." in rule:
        return line_of_fault(text, f"at `$.{rule}`")
    return lines[min(time, len(lines) - 1)] if lines else None


def line_of_fault(text: str, fault: str) -> int | None:
    """Return the line that a complaint of msgspec is about: that of its key if it can be told, else that of its table."""
    lines = text.splitlines()
    path = _PATH.search(fault)
    steps = _STEP.findall(path[1]) if path else []
    start = _table(lines, steps)
    keys = [found[1] for found in [_UNKNOWN.search(fault)] if found] + [name for name, _ in reversed(steps) if name]
    for number in _body(lines, start or 0):
        if any(re.match(rf"\s*{re.escape(key)}\b", lines[number]) for key in keys):
            return number + 1
    return start


def _table(lines: list[str], steps: list[tuple[str, str]]) -> int | None:
    """Return the line of the header that leads furthest along a path."""
    found, names = None, list[str]()
    for at, (name, _) in enumerate(steps):
        if not name:
            continue
        names.append(name)
        index = int(steps[at + 1][1]) if at + 1 < len(steps) and steps[at + 1][1] else 0
        header = re.compile(rf"\s*\[\[?\s*{re.escape('.'.join(names))}\s*\]")
        headers = [number for number, line in enumerate(lines, 1) if header.match(line)]
        found = headers[index] if index < len(headers) else found
    return found


def _body(lines: list[str], start: int) -> Iterator[int]:
    """Yield the lines below a header, up to the next one; all lines before the first one where there is none."""
    for number in range(start, len(lines)):
        if lines[number].lstrip().startswith("["):
            return
        yield number
