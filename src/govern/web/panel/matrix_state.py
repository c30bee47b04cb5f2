"""The state of the matrix of roles: all of it stands in the address, the changes collected so far included."""

from collections.abc import Iterable, Sequence
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from govern.errors import N_, Invalid
from govern.services.grant_plans import GrantChange, Kind

PATH = "/admin/people/roles"
REVIEW = f"{PATH}/review"
_MARK = "~"


class BadChange(Invalid):
    code = "form.bad_change"
    template = N_("This address holds a change of roles that cannot be read.")


class MatrixState(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of the matrix is shown, which cell is open, what is collected."""

    brand: str = ""
    q: str = ""
    page: int = 1
    cell: str = ""
    """`<scope>~<email>`, or nothing."""
    changes: tuple[GrantChange, ...] = ()

    def fields(self) -> list[tuple[str, str]]:
        """Return the state as the fields of a form; what is as always is left out."""
        found = [("brand", self.brand), ("q", self.q), ("page", str(self.page) if self.page > 1 else "")]
        return [
            *((name, value) for name, value in (*found, ("cell", self.cell)) if value),
            *(("c", write_change(change)) for change in self.changes),
        ]

    def address(self, path: str = PATH, **other: object) -> str:
        """Return the address of this state, but for what is named otherwise."""
        fields = msgspec.structs.replace(self, **other).fields()
        return f"{path}?{urlencode(fields)}" if fields else path

    def without(self, change: GrantChange) -> tuple[GrantChange, ...]:
        """Return the changes but for one."""
        return tuple(each for each in self.changes if each != change)


def read_state(given: Iterable[tuple[str, str]]) -> MatrixState:
    """Read the state from an address or form; names of other things are passed over.

    Raises:
        BadChange
    """
    pairs = [(name, str(value)) for name, value in given]
    one = dict(pairs)
    page = one.get("page", "1")
    return MatrixState(
        brand=one.get("brand", ""),
        q=one.get("q", "").strip()[:80],
        page=int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 6 else 1,
        cell=one.get("cell", ""),
        changes=tuple(dict.fromkeys(read_change(value) for name, value in pairs if name == "c")),
    )


def write_change(change: GrantChange) -> str:
    """`add~author~account:Help~leo@example.com`; what is taken away names its grant before the person."""
    grant = [str(change.grant_id)] if change.grant_id else []
    return _MARK.join([change.kind, change.role, change.scope, *grant, change.email])


def read_change(text: str) -> GrantChange:
    """Read a change back.

    Raises:
        BadChange
    """
    kind, *rest = text.split(_MARK, 1)
    count = {Kind.ADD: 2, Kind.REVOKE: 3}.get(kind)  # type: ignore[call-overload]
    parts = rest[0].split(_MARK, count) if count and rest else []
    if count is None or len(parts) != count + 1 or not all(parts):
        raise BadChange(field="c")
    role, scope, *grant, email = parts
    try:
        return GrantChange(
            kind=Kind(kind), role=role, scope=scope, email=email, grant_id=UUID(grant[0]) if grant else None
        )
    except ValueError:
        raise BadChange(field="c") from None


def cell_key(scope: str, email: str) -> str:
    return f"{scope}{_MARK}{email}"


def read_cell(key: str) -> tuple[str, str]:
    """Return scope and e-mail of a cell; nothing for nothing."""
    scope, _found, email = key.partition(_MARK)
    return scope, email


def in_cell(changes: Sequence[GrantChange], scope: str, email: str) -> list[GrantChange]:
    """Return the changes that concern one cell."""
    return [change for change in changes if (change.scope, change.email) == (scope, email)]
