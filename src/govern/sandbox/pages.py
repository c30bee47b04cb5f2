"""Pages for people: what X would show, a form to write as a customer, a form to order a fault. No script is needed."""

from typing import Any

from litestar import MediaType, Request, Response, Router, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from litestar.types import Guard

from govern.sandbox.control import Inbound, InboundKind, PersonChange, change, receive, take_back
from govern.sandbox.customers import clean_handle, own_account
from govern.sandbox.fault_kinds import FaultKind
from govern.sandbox.faults import Match, Order
from govern.sandbox.looks import HERE, field, render
from govern.sandbox.orders import fault_kind
from govern.sandbox.problems import ApiError
from govern.sandbox.views import Draft, View, view
from govern.sandbox.world import TheWorld

_Request = Request[Any, Any, Any]
_FILES = {
    "sandbox.css": ("text/css", (HERE / "static/sandbox.css").read_bytes()),
    "sandbox.js": ("text/javascript", (HERE / "static/sandbox.js").read_bytes()),
    "icon.svg": ("image/svg+xml", (HERE / "static/icon.svg").read_bytes()),
}
_SWITCHES = frozenset({"closed_dms", "suspended", "long_posts"})


@get("/", media_type=MediaType.HTML)
async def home(
    world: TheWorld, account: FromQuery[str] = "", reply: FromQuery[str] = "", quote: FromQuery[str] = ""
) -> Response[str]:
    return _page(view(world, account=account, reply=reply, quote=quote))


@post("/write", media_type=MediaType.HTML, status_code=200)
async def write(request: _Request, world: TheWorld) -> Response[str] | Redirect:
    """Write as a customer, then show the timelines."""
    form = await request.form()
    try:
        receive(world.state, _inbound(form))
    except ApiError as problem:
        targets = {"reply": field(form, "in_reply_to"), "quote": field(form, "quote")}
        return _page(view(world, **targets, draft=_draft(form), error=str(problem)), 400)
    return Redirect("/", status_code=303)


@post("/people", status_code=200)
async def change_person(request: _Request, world: TheWorld) -> Redirect:
    """Flip one switch of a person: open or close their messages, suspend them, let them write at length."""
    form = await request.form()
    user = world.state.find_user(clean_handle(field(form, "handle")))
    name = field(form, "switch")
    if user is None or name not in _SWITCHES:
        raise ApiError(404, "There is no such person or switch.")
    change(world, user, PersonChange(handle=user.handle, **{name: field(form, "on") == "yes"}))
    return Redirect("/", status_code=303)


@post("/revoke", status_code=200)
async def revoke(request: _Request, world: TheWorld) -> Redirect:
    """Take back, as an account's owner, what was granted by OAuth 2."""
    form = await request.form()
    take_back(world, own_account(world.state, field(form, "handle")))
    return Redirect("/#accounts", status_code=303)


@post("/faults", media_type=MediaType.HTML, status_code=200)
async def order_fault(request: _Request, world: TheWorld) -> Response[str] | Redirect:
    """Order a fault, or forget them all."""
    form = await request.form()
    if field(form, "clear"):
        world.faults.clear()
        return Redirect("/#faults", status_code=303)
    try:
        match = Match(account=field(form, "account") or None, text=field(form, "text") or None)
        times = _times(field(form, "times"))
        world.faults.order(Order(kind=fault_kind(field(form, "kind")), match=match, times=times))
    except ApiError as problem:
        return _page(view(world, fault_error=str(problem)), 400)
    return Redirect("/#faults", status_code=303)


@get("/media/{media_id:int}")
async def picture(world: TheWorld, media_id: FromPath[int]) -> Response[bytes]:
    """Show an upload, if it is a picture."""
    found = world.state.media.get(media_id)
    if found is None or found.failed or not found.media_type.startswith("image/"):
        raise ApiError(404, "Not Found")
    safe = {"x-content-type-options": "nosniff", "content-security-policy": "default-src 'none'; sandbox"}
    return Response(found.content, media_type=found.media_type, headers=safe)


@get("/static/{name:str}")
async def static(name: FromPath[str]) -> Response[bytes]:
    if name not in _FILES:
        raise ApiError(404, "Not Found")
    kind, content = _FILES[name]
    return Response(content, media_type=kind, headers={"x-content-type-options": "nosniff"})


def router(guard: Guard) -> Router:
    """Return the pages, behind the same guard as the control API."""
    inside = [home, write, change_person, revoke, order_fault, picture, static]
    return Router(path="/", guards=[guard], route_handlers=inside)


def _page(shown: View, status: int = 200) -> Response[str]:
    kinds = {kind.value: kind.about.text for kind in FaultKind}
    return render("home.html", status=status, view=shown, kinds=kinds)


def _inbound(form: FormMultiDict) -> Inbound:
    kind = field(form, "kind")
    if kind not in set(InboundKind):
        raise ApiError(400, "Choose a public post or a direct message.")
    return Inbound(
        kind=InboundKind(kind),
        sender=field(form, "from"),
        account=field(form, "to"),
        text=field(form, "text").replace("\r\n", "\n"),
        in_reply_to=field(form, "in_reply_to") or None,
        quote=field(form, "quote") or None,
    )


def _times(given: str) -> int:
    if not (given.isascii() and given.isdigit() and 1 <= int(given[:7]) <= 1000):
        raise ApiError(400, "Times must be a number from 1 to 1000.")
    return int(given)


def _draft(form: FormMultiDict) -> Draft:
    return Draft(
        kind=field(form, "kind"), sender=field(form, "from"), account=field(form, "to"), text=field(form, "text")
    )
