"""The address of a state of the audit log's page, and its filter as chips."""

from collections.abc import Sequence
from urllib.parse import urlencode

import msgspec

from govern.domain.audit.query import Term, read_query, write_query
from govern.errors import Invalid

LOG = "/admin/audit"


class Chip(msgspec.Struct, frozen=True):
    """One part of the filter, and the address without it."""

    key: str
    value: str
    excluded: bool
    without: str


def address(box: str, *, at: str = "", older: str = "", entry: int | None = None) -> str:
    """Return the address of a state of the page: all of it, so that a colleague sees the same."""
    path = f"{LOG}/{entry}" if entry else LOG
    query = urlencode({name: value for name, value in {"q": box, "at": at, "older": older}.items() if value})
    return f"{path}?{query}" if query else path


def open_address(arrival: int, box: str) -> str:
    """Return where the personal fields of an entry are asked for."""
    path = f"{LOG}/{arrival}/personal"
    return f"{path}?{urlencode({'q': box})}" if box else path


def chips(box: str, *, at: str = "") -> Sequence[Chip]:
    """Return a chip for each part of the box; none of a box that cannot be read."""
    try:
        terms = read_query(box)
    except Invalid:
        return ()
    return [
        Chip(term.key, term.value, term.excluded, address(write_query((*terms[:n], *terms[n + 1 :])), at=at))
        for n, term in enumerate(terms)
    ]


def with_terms(box: str, added: Sequence[str]) -> str:
    """Return the box with what was chosen beside it; a choice takes the place of an earlier one of its key.

    Raises:
        Invalid: the box cannot be read.
    """
    chosen = [term for each in added for term in read_query(each)]
    keys = {term.key for term in chosen}
    kept = [term for term in read_query(box) if term.excluded or term.key not in keys]
    return write_query((*kept, *_one_each(chosen)))


def _one_each(chosen: Sequence[Term]) -> Sequence[Term]:
    return list({term.typed: term for term in chosen}.values())
