"""The filter box of the audit log: words and `key:value` pairs, each shown as a chip."""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec

from govern.domain.audit import Outcome
from govern.services.audit import EntryFilter
from govern.web.panel.forms import FieldFault
from govern.web.panel.i18n import gettext as _

KEYS = ("actor", "action", "account", "subject", "outcome", "after", "before")
MAX_BOX = 300
_PIECE = re.compile(r'(?:(?P<key>[A-Za-z_-]+):)?(?:"(?P<quoted>[^"]*)"|(?P<plain>\S+))')


class Chip(msgspec.Struct, frozen=True):
    """One part of the filter, and the address without it."""

    key: str
    value: str
    without: str


def address(box: str, *, older: int | None = None, entry: int | None = None) -> str:
    """Return the address of a state of the page."""
    path = f"/admin/audit/{entry}" if entry else "/admin/audit"
    query = urlencode({name: value for name, value in {"q": box, "older": older}.items() if value})
    return f"{path}?{query}" if query else path


def pieces(box: str) -> list[tuple[str, str, str]]:
    """Cut the box into key (`""` for a free word), value, and the piece as it was typed."""
    return [
        (found["key"] or "", found["quoted"] if found["quoted"] is not None else found["plain"], found[0])
        for found in _PIECE.finditer(box[:MAX_BOX])
    ]


def chips(box: str) -> Sequence[Chip]:
    found = pieces(box)
    return [
        Chip(key, value, address(" ".join(piece for other, (_k, _v, piece) in enumerate(found) if other != at)))
        for at, (key, value, _piece) in enumerate(found)
    ]


def read_box(box: str, zone: str) -> EntryFilter:
    """Return the filter the box describes.

    Raises:
        FieldFault: a key that does not exist, or a value it cannot have; the sentence names the nearest.
    """
    values: dict[str, object] = {}
    words = []
    for key, value, _typed in pieces(box):
        if not key:
            words.append(value)
        elif key not in KEYS:
            raise FieldFault(reason=_unknown(key), field="q")
        else:
            name, read = _READERS.get(key, (key, _text))
            values[name] = read(value, zone)
    if words:
        values["q"] = " ".join(words)
    return EntryFilter(**values)  # type: ignore[arg-type]  # each reader returns its field's type


def _unknown(key: str) -> str:
    near = difflib.get_close_matches(key, KEYS, n=1, cutoff=0.4)
    if near:
        return _("There is no filter %(key)s:. Did you mean %(near)s:?") % {"key": key, "near": near[0]}
    return _("There is no filter %(key)s:. There are %(keys)s.") % {"key": key, "keys": ", ".join(KEYS)}


def _text(value: str, _zone: str) -> str:
    return value


def _outcome(value: str, _zone: str) -> Outcome:
    known = {"refused": Outcome.DENIED, **{each.value: each for each in Outcome}}
    if value not in known:
        raise FieldFault(reason=_("An outcome is done, denied or failed."), field="q")
    return known[value]


def _moment(value: str, zone: str) -> datetime:
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise FieldFault(
            reason=_("%(value)s is no day: write 2026-11-22.") % {"value": value[:30]}, field="q"
        ) from None
    return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


_READERS: Mapping[str, tuple[str, Callable[[str, str], object]]] = {
    "outcome": ("outcome", _outcome),
    "after": ("since", _moment),
    "before": ("until", _moment),
}
