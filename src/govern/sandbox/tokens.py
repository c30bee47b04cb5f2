"""The token endpoint of OAuth 2: codes become tokens, refresh tokens are used once, tokens are revoked."""

from datetime import timedelta
from typing import Any

from litestar import Request, Router, post

from govern.sandbox.basic import is_known
from govern.sandbox.callers import header_of
from govern.sandbox.ids import random_text
from govern.sandbox.looks import field
from govern.sandbox.problems import ApiError, bare
from govern.sandbox.records import Expired, Grant, Revoked, Tokens
from govern.sandbox.render import Json
from govern.sandbox.world import TheWorld, World

_Request = Request[Any, Any, Any]
LIFE = timedelta(hours=2)


@post("/oauth2/token", status_code=200)
async def make_tokens(request: _Request, world: TheWorld) -> Json:
    """Exchange a code, or a refresh token, for new tokens."""
    _check_client(request, world)
    form = await request.form()
    kind = field(form, "grant_type")
    if kind == "authorization_code":
        given = (field(form, "code"), field(form, "redirect_uri"), field(form, "code_verifier"))
        return _answer(world, _granted(world, *given))
    if kind == "refresh_token":
        return _answer(world, _refreshed(world, field(form, "refresh_token")))
    raise _refused("unsupported_grant_type", f"The grant_type [{kind}] is not supported.")


@post("/oauth2/revoke", status_code=200)
async def revoke(request: _Request, world: TheWorld) -> Json:
    """End a token: with a refresh token goes the whole grant, an access token goes alone."""
    _check_client(request, world)
    token = field(await request.form(), "token")
    grants = world.state.grants
    grant = grants.holding(token)
    if grant is not None and isinstance(grants.of_refresh(token), Grant):
        world.state.add(Revoked(grant=grant))
    elif grant is not None:
        world.state.add(Expired(access=token))
    return {"revoked": True}


@post("/token", status_code=200)
async def make_app_token(request: _Request, world: TheWorld) -> Json:
    """Give the X app its own token: the same one each time."""
    app = world.state.app
    form = await request.form()
    if not is_known(header_of(request.scope), app.api_key, app.api_secret):
        raise bare(403, {"errors": [{"code": 99, "message": "Unable to verify your credentials"}]})
    if field(form, "grant_type") != "client_credentials":
        message = "Missing required parameter: grant_type"
        raise bare(403, {"errors": [{"code": 170, "label": "forbidden_missing_parameter", "message": message}]})
    return {"token_type": "bearer", "access_token": app.bearer}


def router() -> Router:
    """Return the app-only endpoint, which stands outside the second version of the API."""
    return Router(path="/oauth2", route_handlers=[make_app_token])


def grant_tokens(world: World, user: int, scopes: tuple[str, ...], life: timedelta = LIFE) -> Json:
    """Let the X app act for a user, as if a code had been exchanged."""
    grant = world.state.add(Grant(id=world.state.ids.next(), user=user, scopes=scopes))
    return _answer(world, grant, life)


def _granted(world: World, code: str, redirect_uri: str, verifier: str) -> Grant:
    pending = world.codes.take(code)
    if pending is None:
        raise _refused("invalid_request", "Value passed for the authorization code was invalid.")
    if pending.asked.redirect_uri != redirect_uri:
        raise _refused("invalid_request", "Value passed for the redirect uri did not match the uri of the code.")
    if not pending.asked.is_answered_by(verifier):
        raise _refused("invalid_request", "Value passed for the code verifier did not match the code challenge.")
    return world.state.add(Grant(id=world.state.ids.next(), user=pending.user, scopes=pending.asked.scopes))


def _refreshed(world: World, token: str) -> Grant:
    found = world.state.grants.of_refresh(token)
    if isinstance(found, Grant):
        return found
    if found.grant_over:
        raise _refused("invalid_grant", "The user has revoked the access of this application.")
    raise _refused("invalid_request", "Value passed for the token was invalid.")


def _answer(world: World, grant: Grant, life: timedelta = LIFE) -> Json:
    """Make a new pair of tokens and tell it; what came before is worth nothing."""
    before = world.state.grants.newest_access(grant.id)
    if before is not None:
        world.state.add(Expired(access=before))
    lasting = "offline.access" in grant.scopes
    made = world.state.add(
        Tokens(
            grant=grant.id,
            access=random_text(91),
            refresh=random_text(91) if lasting else "",
            expires_at=(world.clock.now() + life).timestamp(),
        )
    )
    told = {"token_type": "bearer", "expires_in": int(life.total_seconds()), "access_token": made.access}
    return told | {"scope": " ".join(grant.scopes)} | ({"refresh_token": made.refresh} if lasting else {})


def _check_client(request: _Request, world: World) -> None:
    app = world.state.app
    if not is_known(header_of(request.scope), app.client_id, app.client_secret):
        raise bare(401, {"error": "unauthorized_client", "error_description": "Missing valid authorization header"})


def _refused(error: str, description: str) -> ApiError:
    return bare(400, {"error": error, "error_description": description})
