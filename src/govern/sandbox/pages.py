"""Pages for people: what X would show, a form to write as a customer, a form to order a fault. No script is needed."""

from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Request, Response, Router, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from litestar.types import Guard

from govern.sandbox.control import Inbound, InboundKind, fault_kind, receive
from govern.sandbox.customers import customer
from govern.sandbox.faults import FaultKind, Match
from govern.sandbox.problems import ApiError
from govern.sandbox.views import Draft, View, view
from govern.sandbox.world import TheWorld

_Request = Request[Any, Any, Any]
_HERE = Path(__file__).parent
_PAGES = Environment(
    loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_FILES = {
    "sandbox.css": ("text/css", (_HERE / "static/sandbox.css").read_bytes()),
    "sandbox.js": ("text/javascript", (_HERE / "static/sandbox.js").read_bytes()),
    "icon.svg": ("image/svg+xml", (_HERE / "static/icon.svg").read_bytes()),
}
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


@get("/", media_type=MediaType.HTML)
async def home(world: TheWorld, account: FromQuery[str] = "", reply: FromQuery[str] = "") -> Response[str]:
    return _page(view(world, account=account, reply=reply))


@post("/write", media_type=MediaType.HTML, status_code=200)
async def write(request: _Request, world: TheWorld) -> Response[str] | Redirect:
    """Write as a customer, then show the timelines."""
    form = await request.form()
    try:
        receive(world.state, _inbound(form))
    except ApiError as problem:
        return _page(view(world, reply=_field(form, "in_reply_to"), draft=_draft(form), error=str(problem)), 400)
    return Redirect("/", status_code=303)


@post("/customers", status_code=200)
async def change_customer(request: _Request, world: TheWorld) -> Redirect:
    """Open or close a customer's direct messages."""
    form = await request.form()
    known = customer(world.state, _field(form, "handle"))
    world.state.add(msgspec.structs.replace(known, closed_dms=_field(form, "closed") == "yes"))
    return Redirect("/", status_code=303)


@post("/faults", media_type=MediaType.HTML, status_code=200)
async def order_fault(request: _Request, world: TheWorld) -> Response[str] | Redirect:
    """Order a fault, or forget them all."""
    form = await request.form()
    if _field(form, "clear"):
        world.faults.clear()
        return Redirect("/#faults", status_code=303)
    try:
        match = Match(account=_field(form, "account") or None, text=_field(form, "text") or None)
        world.faults.order(fault_kind(_field(form, "kind")), match, _times(_field(form, "times")), None)
    except ApiError as problem:
        return _page(view(world, fault_error=str(problem)), 400)
    return Redirect("/#faults", status_code=303)


@get("/static/{name:str}")
async def static(name: FromPath[str]) -> Response[bytes]:
    if name not in _FILES:
        raise ApiError(404, "Not Found")
    kind, content = _FILES[name]
    return Response(content, media_type=kind, headers={"x-content-type-options": "nosniff"})


def router(guard: Guard) -> Router:
    """Return the pages, behind the same guard as the control API."""
    return Router(path="/", guards=[guard], route_handlers=[home, write, change_customer, order_fault, static])


def _page(shown: View, status: int = 200) -> Response[str]:
    html = _PAGES.get_template("home.html").render(view=shown, kinds=list(FaultKind))
    return Response(html, status_code=status, media_type=MediaType.HTML, headers=_HEADERS)


def _inbound(form: FormMultiDict) -> Inbound:
    kind = _field(form, "kind")
    if kind not in set(InboundKind):
        raise ApiError(400, "Choose a public post or a direct message.")
    return Inbound(
        kind=InboundKind(kind),
        sender=_field(form, "from"),
        account=_field(form, "to"),
        text=_field(form, "text").replace("\r\n", "\n"),
        in_reply_to=_field(form, "in_reply_to") or None,
    )


def _times(given: str) -> int:
    if not (given.isascii() and given.isdigit() and 1 <= int(given[:7]) <= 1000):
        raise ApiError(400, "Times must be a number from 1 to 1000.")
    return int(given)


def _field(form: FormMultiDict, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def _draft(form: FormMultiDict) -> Draft:
    return Draft(
        kind=_field(form, "kind"), sender=_field(form, "from"), account=_field(form, "to"), text=_field(form, "text")
    )
