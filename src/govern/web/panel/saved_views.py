"""Saved views of a page: one's own queries with names, shown beside the page's own."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.params import FromPath
from litestar.response import Redirect

from govern.domain.audit.query import read_query
from govern.errors import Conflict, Invalid
from govern.services.saved_views import MAX_NAME, MAX_QUERY, forget_view, list_views, save_view
from govern.web.panel.audit_query import address
from govern.web.panel.desk import AtDesk, Desk
from govern.web.panel.forms import Form, go, read_form
from govern.web.panel.i18n import gettext as _
from govern.web.panel.views import View

PAGE = "audit"


class OwnView(View, frozen=True, kw_only=True):
    """A view somebody saved for themselves."""

    id: str
    name: str
    href: str
    query: str
    selected: bool


class SaveForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The name for the query that is open."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NAME)]
    q: Annotated[str, msgspec.Meta(max_length=MAX_QUERY)] = ""


class ViewsPage(View, frozen=True, kw_only=True):
    q: str
    form: Form
    views: Sequence[OwnView]
    back: str


async def own_views(desk: Desk, q: str) -> Sequence[OwnView]:
    """Return one's own views; the one whose query is open is selected."""
    return [
        OwnView(
            id=str(each.id),
            name=each.name,
            href=address(each.query),
            query=each.query,
            selected=each.query == q.strip(),
        )
        for each in await list_views(PAGE, actor=desk.actor)
    ]


@post(
    "/audit/views",
    status_code=303,
    opt={"signed_in": "one's own words for a query; what it finds is asked when it is opened"},
)
async def post_view(desk: AtDesk) -> Response[str] | Redirect:
    """Keep the query that is open under a name."""
    form = await read_form(desk.request)
    try:
        data = form.read(SaveForm)
        read_query(data.q)
        await save_view(PAGE, name=data.name, query=data.q, actor=desk.actor, now=desk.now)
    except (Invalid, Conflict) as error:
        return await _again(desk, form.refuse(error))
    return go(address(data.q))


@post("/audit/views/{view:uuid}/remove", status_code=303, opt={"signed_in": "forgets one's own view"})
async def post_remove(desk: AtDesk, view: FromPath[UUID]) -> Redirect:
    """Remove one of one's own views; the query stays open."""
    form = await read_form(desk.request)
    await forget_view(view, actor=desk.actor, now=desk.now)
    return go(address(form.get("q")))


async def _again(desk: Desk, form: Form) -> Response[str]:
    q = form.get("q")
    page = ViewsPage(q=q, form=form, views=await own_views(desk, q), back=address(q))
    return await desk.show("pages/audit_views.html", page, here="audit", title=_("Saved views"), status=form.status)


ROUTES = (post_view, post_remove)
