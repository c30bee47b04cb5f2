"""The matrix of roles: people by places, a brand at a time. What is chosen is collected in the address, saved later."""

from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Response, get
from litestar.response import Redirect

from govern.domain.actions import Action
from govern.domain.members import Member, MemberState
from govern.services.grant_changes import MOST, count_saved, list_held
from govern.services.grants import list_scopes
from govern.services.members import list_members
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import go
from govern.web.panel.i18n import gettext as _
from govern.web.panel.i18n import ngettext
from govern.web.panel.matrix_cells import (
    Cell,
    Column,
    Editor,
    Held,
    by_place,
    chosen_changes,
    legend,
    make_cell,
    make_editor,
)
from govern.web.panel.matrix_columns import brands_of, columns_of
from govern.web.panel.matrix_state import REVIEW, MatrixState, read_cell, read_state
from govern.web.panel.views import View
from govern.web.panel.words import colour_of, initials

ROWS = 60


class PersonRow(View, frozen=True, kw_only=True):
    name: str
    email: str
    href: str
    initials: str
    colour: int
    own: bool
    suspended: bool
    cells: Sequence[Cell]


class MatrixPage(View, frozen=True, kw_only=True):
    tabs: Sequence[tuple[str, str, bool]]
    columns: Sequence[Column]
    people: Sequence[PersonRow]
    found: int
    q: str
    fields: Sequence[tuple[str, str]]
    """The state without the cell: hidden in every form."""
    editor: Editor | None
    cell: str
    close: str
    collected: int
    most: int
    review: str
    discard: str
    before: str
    after: str
    saved: str
    legend: Sequence[tuple[str, str]]


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """What the page is made of."""

    state: MatrixState
    brands: Sequence[Column]
    columns: Sequence[Column]
    members: Sequence[Member]
    held: Held
    editable: frozenset[str]


@get("/people/roles", opt={"action": Action.ACCESS_READ})
async def show_matrix(desk: AtDesk) -> Response[str] | Redirect:
    """The roles of a brand's people; a chosen cell is its form, and a filled form is one change more in the address."""
    given = desk.request.query_params
    sheet = await _sheet(desk, read_state(given.multi_items()))
    if given.get("do") == "choose":
        return go(await _choose(desk, sheet, given.getall("role", [])))
    return await _show(desk, sheet, done=bool(given.get("done")))


async def _sheet(desk: Desk, state: MatrixState) -> Sheet:
    scopes = await list_scopes(actor=desk.actor, access=desk.access)
    brands = brands_of(scopes)
    chosen = next((each for each in brands if each.key == f"brand:{state.brand}"), brands[0] if brands else None)
    columns = columns_of(scopes, chosen)
    who: Any = {"actor": desk.actor, "access": desk.access, "now": desk.now}
    members = [
        each
        for each in await list_members(**who)
        if each.state is not MemberState.LEFT and state.q.lower() in f"{each.name} {each.email}".lower()
    ]
    places = {place for column in columns for place in (column.key, *column.above)}
    return Sheet(
        state=msgspec.structs.replace(state, brand=chosen.key.removeprefix("brand:") if chosen else ""),
        brands=brands,
        columns=columns,
        members=members,
        held=by_place(await list_held(places, **who)),
        editable=await desk.access.where_can(desk.actor, Action.ROLE_ASSIGN),
    )


async def _choose(desk: Desk, sheet: Sheet, wanted: Sequence[str]) -> str:
    scope, email = read_cell(sheet.state.cell)
    here = sheet.held.get((email, scope), ())
    changes = chosen_changes(sheet.state, wanted, here=here, givable=await _givable(desk, scope))
    return sheet.state.address(cell="", changes=changes[:MOST])


async def _show(desk: Desk, sheet: Sheet, *, done: bool) -> Response[str]:
    state, count = sheet.state, len(sheet.members)
    first = (state.page - 1) * ROWS
    calm = msgspec.structs.replace(state, cell="")
    page = MatrixPage(
        tabs=[
            (
                each.words,
                calm.address(brand=each.key.removeprefix("brand:"), page=1),
                each.key == f"brand:{state.brand}",
            )
            for each in sheet.brands
        ],
        columns=sheet.columns,
        people=[_row(desk, sheet, member) for member in sheet.members[first : first + ROWS]],
        found=count,
        q=state.q,
        fields=calm.fields(),
        editor=await _editor(desk, sheet),
        cell=state.cell,
        close=calm.address(),
        collected=len(state.changes),
        most=MOST,
        review=calm.address(REVIEW),
        discard=calm.address(changes=()),
        before=calm.address(page=state.page - 1) if state.page > 1 else "",
        after=calm.address(page=state.page + 1) if first + ROWS < count else "",
        saved=await _saved(desk) if done else "",
        legend=legend(),
    )
    return await desk.show("pages/roles.html", page, here="people", title=_("Roles by account"))


def _row(desk: Desk, sheet: Sheet, member: Member) -> PersonRow:
    own = member.id == desk.actor.member
    return PersonRow(
        name=member.name,
        email=member.email,
        href=f"/admin/people/{member.email}",
        initials=initials(member.name),
        colour=colour_of(member.name),
        own=own,
        suspended=member.state is MemberState.SUSPENDED,
        cells=[
            make_cell(
                member,
                column,
                sheet.held,
                sheet.state,
                desk.fmt,
                editable=not own and column.key in sheet.editable,
            )
            for column in sheet.columns
        ],
    )


async def _editor(desk: Desk, sheet: Sheet) -> Editor | None:
    """Return the form of the open cell, if it is on this sheet and this member may change it."""
    scope, email = read_cell(sheet.state.cell)
    member = next((each for each in sheet.members if each.email == email), None)
    column = next((each for each in sheet.columns if each.key == scope), None)
    if member is None or column is None or scope not in sheet.editable or member.id == desk.actor.member:
        return None
    return make_editor(member, column, sheet.held, sheet.state, fmt=desk.fmt, givable=await _givable(desk, scope))


async def _givable(desk: Desk, scope: str) -> frozenset[str]:
    return desk.access.givable_roles(await desk.access.requester(desk.actor), scope)


async def _saved(desk: Desk) -> str:
    """Say how many changes this member saved a moment ago; a made-up address says nothing."""
    count = await count_saved(actor=desk.actor, now=desk.now)
    return (
        ngettext("Saved: %(num)s change of roles.", "Saved: %(num)s changes of roles.", count) % {"num": count}
        if count
        else ""
    )


ROUTES = (show_matrix,)
