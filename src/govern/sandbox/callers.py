"""Tell who sends a request: by an OAuth 1.0a signature, an OAuth 2 token, or the X app's own token."""

import secrets

from litestar.types import HTTPScope

from govern.sandbox.access import ACCESS, APP, NOBODY, Access, Caller, Kind
from govern.sandbox.ids import Clock
from govern.sandbox.oauth import Verifier
from govern.sandbox.problems import SUSPENDED, ApiError, forbidden, unauthorized, unsupported
from govern.sandbox.state import State


class Callers:
    """Knows everybody who may call."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock
        self._verifier = Verifier(state)

    def let_in(self, scope: HTTPScope, route: str) -> Caller:
        """Return who sent this request, if X lets them call this route.

        Raises:
            ApiError: 401 for credentials that are none, 403 for the wrong kind, a missing scope, a suspended account.
        """
        access = ACCESS[route]
        if access.kinds == (Kind.NONE,):
            return Caller(user=NOBODY, kind=Kind.NONE)
        caller = self._caller(scope)
        _check(caller, access)
        return caller

    def _caller(self, scope: HTTPScope) -> Caller:
        header = header_of(scope)
        kind, _, token = header.partition(" ")
        if kind.lower() != "bearer":
            return Caller(user=self._verifier.caller(scope, header), kind=Kind.OAUTH1)
        if secrets.compare_digest(token.encode(), self._state.app.bearer.encode()):
            return Caller(user=APP, kind=Kind.APP_ONLY, token=token)
        grant = self._state.grants.of_access(token, self._clock.now())
        if grant is None:
            raise unauthorized()
        user, scopes = self._state.users[grant.user], frozenset(grant.scopes)
        return Caller(user=user, kind=Kind.OAUTH2, scopes=scopes, token=token, grant=grant.id)


def header_of(scope: HTTPScope) -> str:
    return dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")


def _check(caller: Caller, access: Access) -> None:
    if caller.kind not in access.kinds:
        raise unsupported(caller.kind, access.kinds)
    if caller.lacks(access.scopes):
        raise forbidden()
    if caller.user.suspended:
        raise ApiError(403, SUSPENDED)
