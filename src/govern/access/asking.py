"""Asking the policy: what services, jobs and pages call."""

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

import msgspec

from govern.access import roles
from govern.access.bundle import Bundle
from govern.access.distribution import check_distribution
from govern.access.engine import Engine
from govern.access.sentences import PLAIN
from govern.domain.actions import COMPANY, Action, Decision, Grant, Reason, Requester, Role, Target
from govern.errors import Denied, Unavailable

PUBLISHER_ID = "worker:publisher"
_PUBLISHER = Grant(id="fixed:publisher", role=Role.PUBLISHER, scope=COMPANY)
_NEVER_GRANTED = frozenset({Role.PUBLISHER})


class Asking(Protocol):
    """Who acts now: the part of an actor that access needs."""

    @property
    def kind(self) -> str:
        """`member`, `token`, `worker` or `system`."""

    @property
    def id(self) -> str:
        """As `member:<uuid>`, `worker:publisher`."""

    @property
    def member(self) -> UUID | None:
        """The member whose rights count; a token has its owner's."""


class GrantSource(Protocol):
    """Reads grants and the scope tree, in the caller's transaction. Written in `services/grants.py`."""

    async def requester(self, actor_id: str, member: UUID | None) -> Requester:
        """Return the member's grants in force now, none without a member, and the whole scope tree."""


class Access:
    """May this actor do this action, here, now, and why? Holds the rules, never a grant."""

    def __init__(self, bundle: Bundle, source: GrantSource) -> None:
        check_distribution()
        self.bundle = bundle
        self._engine = Engine(bundle)
        self._source = source

    async def require(self, actor: Asking, action: Action, target: Target) -> Decision:
        """Return the decision that allows it.

        Raises:
            Denied: with the decision and its `reason`, `rule`, `action`, `scope`, `sentence` as data.
            Unavailable: when the grants cannot be read.
        """
        decision = await self.decide(actor, action, target)
        if decision.allowed:
            return decision
        if decision.reason is Reason.UNAVAILABLE:
            raise Unavailable
        raise Denied(
            decision=decision,
            reason=decision.reason.value,
            rule=decision.rule,
            action=decision.action,
            scope=decision.scope,
            sentence=decision.sentence,
            sentence_fr=decision.sentence_fr,
        )

    async def decide(self, actor: Asking, action: Action, target: Target) -> Decision:
        """Return the decision, whatever it is; grants that cannot be read are a denial (`unavailable`)."""
        try:
            requester = await self.requester(actor)
        except Unavailable:
            words = PLAIN[Reason.UNAVAILABLE]
            return Decision(
                allowed=False,
                reason=Reason.UNAVAILABLE,
                action=str(action),
                scope=target.scope,
                digest=self.bundle.digest,
                sentence=words.en,
                sentence_fr=words.fr,
            )
        return self._engine.decide(requester, action, target)

    async def allows(self, actor: Asking, action: Action, target: Target) -> bool:
        """Tell whether it would be allowed: for buttons, never instead of `require`."""
        return (await self.decide(actor, action, target)).allowed

    async def where_can(self, actor: Asking, action: Action) -> frozenset[str]:
        """Return the scopes, those below included, where the action is allowed without looking at facts: for lists."""
        return self._engine.where_can(await self.requester(actor), action)

    async def held(self, actor: Asking) -> Mapping[str, tuple[Grant, ...]]:
        """Return the grants the actor holds now, by scope."""
        return (await self.requester(actor)).grants

    def givable_roles(self, requester: Requester, scope: str) -> frozenset[str]:
        """Return the roles the requester may give or take at a scope."""
        return roles.givable_roles(self.bundle.roles, requester, scope)

    async def requester(self, actor: Asking) -> Requester:
        """Return the actor as the policy sees it: a member's grants, the publisher's fixed role, or nothing."""
        member = actor.member if actor.kind in {"member", "token"} else None
        found = await self._source.requester(actor.id, member)
        grants: dict[str, tuple[Grant, ...]] = {}
        if member is not None:
            grants = {
                scope: tuple(grant for grant in held if grant.role not in _NEVER_GRANTED)
                for scope, held in found.grants.items()
            }
        elif actor.kind == "worker" and actor.id == PUBLISHER_ID:
            grants = {COMPANY: (_PUBLISHER,)}
        return msgspec.structs.replace(
            found, id=actor.id, grants=grants, member=None if member is None else str(member)
        )
