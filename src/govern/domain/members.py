"""Who acts: the people of the company, their tokens, and the processes that act on their own."""

from enum import StrEnum
from uuid import UUID

import msgspec

from govern.domain.actions import Seen, TokenLimit
from govern.errors import N_, Conflict, GovernError, Invalid


class MemberState(StrEnum):
    """Whether a member may act at all."""

    ACTIVE = "active"
    """Signs in and acts within the grants held."""
    SUSPENDED = "suspended"
    """Kept, but refused everywhere until lifted."""
    LEFT = "left"
    """No longer here: no grants, sessions or tokens; the name stays in the log."""


class ActorKind(StrEnum):
    """What sort of actor it is."""

    MEMBER = "member"
    """A person, signed in."""
    TOKEN = "token"  # noqa: S105 - the word, not a secret
    """An API token, acting with its owner's rights."""
    WORKER = "worker"
    """The publisher: the only one that hands messages to X."""
    SYSTEM = "system"
    """A command or a job of the service itself."""


class Via(StrEnum):
    """Through which door the actor came."""

    PANEL = "panel"
    """The admin panel."""
    API = "api"
    """The JSON API."""
    CLI = "cli"
    """The command line."""
    JOB = "job"
    """A background job."""


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts now. `member` is the person whose rights count; None for processes."""

    kind: ActorKind
    id: str
    name: str
    via: Via
    member: UUID | None = None
    factors: tuple[str, ...] = ()
    """How the person signed in, as ("password",)."""
    fresh: bool = False
    """Whether they proved a moment ago who they are: critical actions ask for it."""
    limit: TokenLimit | None = None
    """Of an API token."""
    seen: Seen | None = None
    """What the query that found the actor said of the access state."""


PUBLISHER = Actor(kind=ActorKind.WORKER, id="worker:publisher", name="worker", via=Via.JOB)
"""The worker that sends; its role is fixed in code and never granted."""

RECONCILER = Actor(kind=ActorKind.WORKER, id="worker:reconciler", name="worker", via=Via.JOB)
"""The worker that reads X to learn what became of a message; it settles by what X shows, and by nothing else."""


def member_actor(
    member: UUID,
    name: str,
    *,
    via: Via,
    factors: tuple[str, ...] = ("password",),
    fresh: bool = False,
    seen: Seen | None = None,
) -> Actor:
    """Return the actor of a person."""
    return Actor(
        kind=ActorKind.MEMBER,
        id=f"member:{member}",
        name=name,
        via=via,
        member=member,
        factors=factors,
        fresh=fresh,
        seen=seen,
    )


def token_actor(
    token: UUID, name: str, member: UUID, *, limit: TokenLimit | None = None, seen: Seen | None = None
) -> Actor:
    """Return the actor of an API token, acting for its owner within the token's limit."""
    return Actor(
        kind=ActorKind.TOKEN,
        id=f"token:{token}",
        name=name,
        via=Via.API,
        member=member,
        factors=("token",),
        limit=limit or TokenLimit(),
        seen=seen,
    )


def system_actor(what: str, *, via: Via = Via.CLI) -> Actor:
    """Return the actor of a command or job, as `system:demo`."""
    return Actor(kind=ActorKind.SYSTEM, id=f"system:{what}", name=what, via=via)


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A person of the company."""

    id: UUID
    email: str
    name: str
    state: MemberState
    language: str
    zone: str
    waiting: bool = False
    """Has no password yet: an invitation or a reset waits for its one-time link to be used."""
    roles: tuple[str, ...] = ()
    """The roles held now, at any scope, for showing; rights are decided by `access`."""


class SignInFailed(GovernError):
    """One answer for every cause, so that nobody learns which e-mail addresses exist."""

    code = "session.sign_in_failed"
    template = N_("E-mail or password is wrong, or this account is locked for a moment.")


class SignInDelayed(SignInFailed):
    """Too many failures: `seconds` until the next try counts."""

    code = "session.delayed"
    template = N_("Too many failed sign-ins. Please wait {seconds} s and try again.")


class NotSignedIn(GovernError):
    """No session or token, or one that is expired, revoked or unknown: one answer for all."""

    code = "session.not_signed_in"
    template = N_("Please sign in: there is no valid session or token.")


class EmailTaken(Conflict):
    code = "member.email_taken"
    template = N_("There is already a member with the address {email}.")


class WeakPassword(Invalid):
    code = "member.weak_password"
    template = N_("A password needs 12 to 128 characters and must not be a common one.")
