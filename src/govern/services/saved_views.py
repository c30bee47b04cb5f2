"""Queries that a member gave a name, for themselves alone: a comfort of the panel, no part of the log."""

from datetime import datetime
from uuid import UUID

import msgspec

from govern.database import rows
from govern.domain.drafts import check_storable
from govern.domain.ids import uuid7
from govern.domain.members import Actor, NotSignedIn
from govern.errors import N_, Conflict, Invalid, NotFound
from govern.services.use_case import use_case
from govern.tables import Member
from govern.tables import SavedView as SavedViewTable

MOST = 30
"""Views of one member on one page."""
MAX_NAME = 60
MAX_QUERY = 2_000

_LOCK = "SELECT id FROM member WHERE id = {} FOR NO KEY UPDATE"


class SavedView(msgspec.Struct, frozen=True, kw_only=True):
    """A query and its name."""

    id: UUID
    name: str
    query: str


class BadView(Invalid):
    code = "saved_view.invalid"
    template = N_("A view has a name of 1 to 60 characters and a query of at most 2,000.")


class NameTaken(Conflict):
    code = "saved_view.name_taken"
    template = N_("You have a view of this name already.")


class TooManyViews(Conflict):
    code = "saved_view.too_many"
    template = N_("You have 30 views here already; remove one first.")


async def list_views(page: str, *, actor: Actor) -> list[SavedView]:
    """Return one's own views of a page, oldest first."""
    query = SavedViewTable.select(SavedViewTable.id, SavedViewTable.name, SavedViewTable.query)
    mine = (SavedViewTable.member == _owner(actor)) & (SavedViewTable.page == page)
    return [msgspec.convert(row, SavedView) for row in rows(await query.where(mine).order_by(SavedViewTable.id))]


async def save_view(page: str, *, name: str, query: str, actor: Actor, now: datetime) -> SavedView:
    """Keep a query under a name.

    Raises:
        BadView: the name is blank, or one of them too long.
        NameTaken: another view of this page has the name.
        TooManyViews: there are 30.
    """
    name, query, owner = name.strip(), query.strip(), _owner(actor)
    if not 1 <= len(name) <= MAX_NAME or len(query) > MAX_QUERY:
        raise BadView(field="name")
    check_storable(name, field="name")
    check_storable(query, field="query")
    async with use_case(actor=actor, now=now):
        await Member.raw(_LOCK, owner)  # two saves at once are counted one after the other
        kept = await list_views(page, actor=actor)
        if any(each.name == name for each in kept):
            raise NameTaken(field="name")
        if len(kept) >= MOST:
            raise TooManyViews(field="name")
        view = SavedView(id=uuid7(now), name=name, query=query)
        await SavedViewTable.insert(
            SavedViewTable(id=view.id, member=owner, page=page, name=name, query=query, created_at=now)
        )
    return view


async def forget_view(view_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Remove one of one's own views.

    Raises:
        NotFound: there is none of this id, or it is somebody else's.
    """
    async with use_case(actor=actor, now=now):
        mine = (SavedViewTable.id == view_id) & (SavedViewTable.member == _owner(actor))
        if not await SavedViewTable.delete().where(mine).returning(SavedViewTable.id):
            raise NotFound(noun="view", name=str(view_id))


def _owner(actor: Actor) -> UUID:
    if actor.member is None:
        raise NotSignedIn
    return actor.member
