"""The page on which a person lets the X app act for an account: whose, they choose."""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from litestar import MediaType, Request, Response, Router, get, post
from litestar.response import Redirect
from litestar.types import Guard

from govern.sandbox.access import SCOPES
from govern.sandbox.codes import Asked
from govern.sandbox.looks import field, render
from govern.sandbox.problems import ApiError
from govern.sandbox.views import person
from govern.sandbox.world import TheWorld, World

_Request = Request[Any, Any, Any]
_PATH = "/i/oauth2/authorize"
_SENT = ("response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method")


@get(_PATH, media_type=MediaType.HTML)
async def show(request: _Request, world: TheWorld) -> Response[str]:
    """Show who one may be; a request X would not understand is told so here, and goes no further."""
    given = {name: request.query_params.get(name, "") for name in _SENT}
    asked = _read(world, given)
    people = [person(user) for user in world.state.users.values() if user.own]
    back = urlsplit(asked.redirect_uri)
    return render(
        "authorize.html",
        form_action=f"{back.scheme}://{back.netloc}",
        people=sorted(people, key=lambda one: one.handle.lower()),
        given=given,
        scopes=asked.scopes,
    )


@post(_PATH, status_code=303)
async def decide(request: _Request, world: TheWorld) -> Redirect:
    """Go back to the client, with a code for the account that was chosen, or with a no."""
    form = await request.form()
    asked = _read(world, {name: field(form, name) for name in _SENT})
    if field(form, "deny"):
        return _back(asked, error="access_denied")
    user = world.state.find_user(field(form, "account"))
    if user is None or not user.own:
        raise ApiError(400, "Choose one of your accounts.")
    return _back(asked, code=world.codes.give(asked, user.id))


def router(guard: Guard) -> Router:
    """Return the page, behind the same guard as all pages for people."""
    return Router(path="/", guards=[guard], route_handlers=[show, decide])


def _read(world: World, given: dict[str, str]) -> Asked:
    """Read what a client asks for.

    Raises:
        ApiError: 400 with what is wrong.
    """
    scopes = given["scope"].split()
    back = urlsplit(given["redirect_uri"])
    wrong = {
        "response_type must be code": given["response_type"] != "code",
        "client_id is not the X app's": given["client_id"] != world.state.app.client_id,
        "redirect_uri must be an address": back.scheme not in {"http", "https"} or not _is_plain(back.netloc),
        "code_challenge_method must be S256": given["code_challenge_method"] != "S256",
        "code_challenge must be 43 letters": len(given["code_challenge"]) != 43,
        "state is missing": not given["state"],
        "scope is missing, or X does not know it": not scopes or not SCOPES.issuperset(scopes),
    }
    faults = [reason for reason, is_wrong in wrong.items() if is_wrong]
    if faults:
        raise ApiError(400, f"Something went wrong: {'; '.join(faults)}.")
    return Asked(
        redirect_uri=given["redirect_uri"],
        scopes=tuple(dict.fromkeys(scopes)),
        challenge=given["code_challenge"],
        state=given["state"],
    )


def _is_plain(netloc: str) -> bool:
    """Tell whether a host may stand in a policy header: it comes from the client."""
    return netloc != "" and all(letter.isalnum() or letter in "-.:[]" for letter in netloc)


def _back(asked: Asked, **answer: str) -> Redirect:
    back = urlsplit(asked.redirect_uri)
    query = urlencode([*parse_qsl(back.query), ("state", asked.state), *answer.items()])
    return Redirect(urlunsplit(back._replace(query=query)), status_code=303)
