"""The YAML files of the policy's tests, read strictly: each item knows its line, no key stands twice."""

import re
from collections.abc import Iterator
from typing import NamedTuple, TypeVar

import msgspec
import yaml

from govern.access.catalogue import PolicyFault

T = TypeVar("T", bound=msgspec.Struct)


class Place(NamedTuple):
    """Where a case is written."""

    file: str
    line: int


def read_cases(name: str, text: bytes, key: str, kind: type[T]) -> tuple[T, tuple[Place, ...]]:
    """Read a file, and say where each item of its list `key` stands.

    Raises:
        PolicyFault: it is no YAML, has a key twice, or is not of that shape.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        found = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        words = str(getattr(error, "problem", None) or type(error).__name__)
        raise PolicyFault(file=name, line=mark.line + 1 if mark else 1, expected=f"YAML ({words})") from error
    for place, written in _twice(name, root, set()):
        raise PolicyFault(file=name, line=place.line, expected=f"{written} once")
    places = tuple(Place(name, item.start_mark.line + 1) for item in _items(root, key))
    try:
        return msgspec.convert(found, kind), places
    except msgspec.ValidationError as error:
        raise PolicyFault(file=name, line=_line(str(error), key, places), expected=str(error)) from error


def _items(root: yaml.Node | None, key: str) -> list[yaml.Node]:
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    return [
        item for name, items in pairs if name.value == key and isinstance(items.value, list) for item in items.value
    ]


def _twice(file: str, node: yaml.Node | None, seen: set[int]) -> Iterator[tuple[Place, str]]:
    """Find keys that stand twice: YAML would silently take the last."""
    if id(node) in seen or not isinstance(node, yaml.CollectionNode):
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _twice(file, item, seen)
        return
    keys = set()
    for key, value in node.value:
        if key.value in keys:
            yield Place(file, key.start_mark.line + 1), str(key.value)
        keys.add(key.value)
        yield from _twice(file, value, seen)


def _line(fault: str, key: str, places: tuple[Place, ...]) -> int:
    """Find the line of what msgspec counts."""
    at = re.search(rf"\$\.{key}\[(\d+)\]", fault)
    return places[int(at[1])].line if at and int(at[1]) < len(places) else 1
