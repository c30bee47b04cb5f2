"""What was asked, checked; and who may know the answer."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from uuid import UUID

import msgspec

from govern.access import Access, Snapshot
from govern.access.conditions import GIVEN
from govern.domain.actions import COMPANY, Action, Target
from govern.domain.audit.fields import Scope
from govern.domain.members import Actor, Member, Via, system_actor
from govern.errors import N_, Invalid, NotFound
from govern.services.members import UnknownMember, find_by_email
from govern.services.scope_rights import require_at
from govern.tables import PolicyActivation

OPERATOR: Actor = system_actor("operator", via=Via.CLI)
"""Who runs commands on the machine itself: may ask everything, since they could read the database as well."""

_ACTION = re.compile(r"[a-z][a-z_]*\.[a-z][a-z_]*")
_PEOPLE = frozenset({"author", "editors", "pause_set_by", "member"})
_MOST_FACTS = 20


class BadAction(Invalid):
    code = "access.bad_action"
    template = N_("{action} is not the name of an action, as message.approve.")


class BadScope(Invalid):
    code = "access.bad_scope"
    template = N_("{scope} is not a scope: company, brand:<slug> or account:<handle>.")


class BadMoment(Invalid):
    code = "access.bad_moment"
    template = N_("{moment} is not a past date, as 2026-05-03 or 2026-05-03T14:30+02:00.")


class NothingInForce(NotFound):
    code = "access.nothing_in_force"
    template = N_("No access policy was in force at {moment}.")


class BadFact(Invalid):
    code = "access.bad_fact"
    template = N_("{action} reads no fact {fact}. It reads: {known}.")


def check_action(action: str) -> None:
    """Refuse what cannot be an action; an unknown one is denied later, like any other.

    Raises:
        BadAction
    """
    if not _ACTION.fullmatch(action) or len(action) > 40:
        raise BadAction(action=action[:40], field="action")


def check_known(action: str) -> None:
    """Refuse an action that does not exist: to "who can" nobody would be a misleading answer.

    Raises:
        BadAction
    """
    if action not in set(Action):
        raise BadAction(action=action[:40], field="action")


def check_scope(scope: str) -> None:
    """Refuse what cannot be a scope; an unknown one is denied later, like any other.

    Raises:
        BadScope
    """
    try:
        msgspec.convert(scope, Scope)
    except msgspec.ValidationError as error:
        raise BadScope(scope=scope[:64], field="scope") from error


def read_moment(text: str) -> datetime:
    """Read a date or a moment; a date is its first second, and a time without zone is UTC.

    Raises:
        BadMoment
    """
    try:
        if len(text) == len("2026-05-03"):
            return datetime.combine(date.fromisoformat(text), time.min, UTC)
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise BadMoment(moment=text[:40], field="at") from error


async def at_moment(at: datetime | None, *, actor: Actor, access: Access, now: datetime) -> Snapshot:
    """Return rules and grants as they are, or as they were.

    Raises:
        BadMoment: a time to come, or one without zone.
        NothingInForce: it was before the first policy.
    """
    if at is None:
        return await access.snapshot(actor)
    if at.tzinfo is None or at > now:
        raise BadMoment(moment=at.isoformat(), field="at")
    if not await PolicyActivation.exists().where(PolicyActivation.activated_at <= at):
        raise NothingInForce(moment=at.isoformat())
    return await access.as_of(at)


async def sees_names(scope: str, *, actor: Actor, access: Access) -> bool:
    """Tell whether the actor may know who can do what at the scope."""
    return actor == OPERATOR or await access.allows(actor, Action.ACCESS_READ, Target(scope))


async def require_names(scope: str, *, actor: Actor, access: Access) -> None:
    """Let only those ask who may know who can do what at the scope.

    Raises:
        Denied; UnknownScope: there is none, or none the actor may know of.
    """
    if actor != OPERATOR:
        await require_at(Target(scope), Action.ACCESS_READ, actor=actor, access=access)


async def find_subject(email: str, scope: str | None, *, actor: Actor, access: Access) -> tuple[Member, bool]:
    """Return the member asked about, and whether that is the actor; about others only readers may ask.

    `scope` is where they must be one; None: anywhere.

    Raises:
        Denied: before anybody learns whether the address exists.
        UnknownMember
    """
    found = await find_by_email(email)
    if found is not None and found.id == actor.member:
        return found, True
    if scope is not None or not await seen_scopes(actor=actor, access=access):
        await require_names(scope or COMPANY, actor=actor, access=access)
    if found is None:
        raise UnknownMember(name=email[:80])
    return found, False


async def seen_scopes(*, actor: Actor, access: Access) -> frozenset[str]:
    """Return where the actor may know who can do what."""
    if actor == OPERATOR:
        return (await access.snapshot(actor)).scopes
    return await access.where_can(actor, Action.ACCESS_READ)


async def read_facts(given: Mapping[str, object], action: str, snapshot: Snapshot, *, names: bool) -> dict[str, object]:
    """Return the facts of a question: e-mail addresses become members, and what follows is filled in.

    They are for this question only; a real decision gathers its own. With `names` an unknown address is refused;
    without, nobody learns which exist.

    Raises:
        BadFact: a fact the action does not read.
        UnknownMember
    """
    spec = snapshot.engine.bundle.actions.get(action)
    known = sorted(set(spec.facts) & GIVEN) if spec else []
    for name in given:
        if name not in known or len(given) > _MOST_FACTS:
            raise BadFact(action=action, fact=name[:40], known=", ".join(known) or "-", field="facts")
    facts = {name: await _people(value) if names and name in _PEOPLE else value for name, value in given.items()}
    if "fresh" in known:
        facts.setdefault("fresh", True)
    if "member_grants" in known and isinstance(facts.get("member"), str | UUID):
        held = snapshot.requester(str(facts["member"])).grants
        facts.setdefault("member_grants", [(each.role, each.scope) for grants in held.values() for each in grants])
    return facts


async def _people(value: object) -> object:
    if isinstance(value, list | tuple):
        return [await _people(each) for each in value]
    if not isinstance(value, str) or "@" not in value:
        return value
    found = await find_by_email(value)
    if found is None:
        raise UnknownMember(name=value[:80])
    return str(found.id)
