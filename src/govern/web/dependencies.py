"""What handlers are given by name: who acts, the rules, the time. Never a transaction: it would be lost between tasks."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeAlias

from litestar.di import NamedDependency, Provide

from govern.access import Access
from govern.domain.members import Actor
from govern.services.policies import Policies
from govern.services.sessions import SessionInfo
from govern.settings import Settings
from govern.web.auth import AnyRequest, csrf_token
from govern.web.guards import signed_in_actor, signed_in_session

CurrentActor: TypeAlias = NamedDependency[Actor]
CurrentAccess: TypeAlias = NamedDependency[Access]
CurrentPolicies: TypeAlias = NamedDependency[Policies]
CurrentSettings: TypeAlias = NamedDependency[Settings]
CurrentSession: TypeAlias = NamedDependency[SessionInfo]
CsrfToken: TypeAlias = NamedDependency[str]
Now: TypeAlias = NamedDependency[datetime]


async def provide_now() -> datetime:
    """Return the time: only entry points read the clock."""
    return datetime.now(UTC)


async def provide_csrf(request: AnyRequest) -> str:
    """Return a token for the forms of this answer."""
    session = await signed_in_session(request)
    return csrf_token(session.id, request.app.state.settings)


async def provide_access(request: AnyRequest) -> Access:
    """Return the policy this process asks."""
    access: Access = request.app.state.access
    return access


async def provide_policies(request: AnyRequest) -> Policies:
    """Return the rules this process runs under."""
    policies: Policies = request.app.state.policies
    return policies


async def provide_settings(request: AnyRequest) -> Settings:
    """Return the settings this process started with."""
    settings: Settings = request.app.state.settings
    return settings


DEPENDENCIES: Mapping[str, Provide] = {
    "actor": Provide(signed_in_actor),
    "session": Provide(signed_in_session),
    "csrf": Provide(provide_csrf),
    "access": Provide(provide_access),
    "policies": Provide(provide_policies),
    "settings": Provide(provide_settings),
    "now": Provide(provide_now),
}
"""By the names handlers use; made once, they live as long as the application."""
