"""Asking the policy: what services, jobs and pages call."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from govern.access import roles
from govern.access.bundle import Bundle
from govern.access.catalogue import Risk
from govern.access.distribution import check_distribution
from govern.access.engine import Engine
from govern.access.sentences import PLAIN
from govern.access.snapshot import Snapshot
from govern.access.snapshots import Snapshots
from govern.access.source import GrantSource
from govern.domain.actions import COMPANY, Action, Decision, Grant, Reason, Requester, Role, Seen, Target, TokenLimit
from govern.errors import Denied, Unavailable

PUBLISHER_ID = "worker:publisher"
CHANGING = frozenset(
    {
        Action.ROLE_ASSIGN,
        Action.ROLE_REVOKE,
        Action.MEMBER_SUSPEND,
        Action.MEMBER_REMOVE,
        Action.POLICY_ACTIVATE,
    }
)
"""Actions whose transaction must begin with `lock`: after `hold` it would have to wait for itself."""
_PUBLISHER = Grant(id="fixed:publisher", role=Role.PUBLISHER, scope=COMPANY)


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

    @property
    def fresh(self) -> bool:
        """Whether they proved a moment ago who they are."""

    @property
    def limit(self) -> TokenLimit | None:
        """What a token may do at most."""

    @property
    def seen(self) -> Seen | None:
        """What the request's first query said of the access state."""


class Access:
    """May this actor do this action, here, now, and why? One answer in all processes, each by its own snapshot."""

    def __init__(self, bundle: Bundle, source: GrantSource) -> None:
        check_distribution()
        self._snapshots = Snapshots(bundle, source)
        self._source = source
        self._bundle = bundle

    @property
    def bundle(self) -> Bundle:
        """The policy this process decides by; before its first question, the one it was started with."""
        current = self._snapshots.current
        return current.engine.bundle if current else self._bundle

    async def require(self, actor: Asking, action: Action, target: Target) -> Decision:
        """Return the decision that allows it.

        Raises:
            Denied: with the decision and its `reason`, `rule`, `action`, `scope`, `sentence` as data.
            Unavailable: when the grants cannot be read.
            RuntimeError: an action with effect outside a transaction, or one that changes access without `lock`.
        """
        if action in CHANGING and not self._source.locked():
            raise RuntimeError(f"{action} changes who may do what: its transaction begins with access.lock()")
        if not self._source.deciding() and self._has_effect(action):
            raise RuntimeError(f"{action} has an effect: it is decided in the transaction that does it")
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
        """Return the decision, whatever it is; grants that cannot be read are a denial (`unavailable`).

        In a transaction an action with effect is decided under a lock that no change of access overtakes.
        """
        try:
            snapshot = await self._snapshot(actor, action)
        except Unavailable:
            return self._refused(Reason.UNAVAILABLE, action, target, None)
        spec = snapshot.engine.bundle.actions.get(str(action))
        if spec and actor.limit and not _within(actor.limit, spec.risk, action, target, snapshot):
            return self._refused(Reason.TOKEN_LIMIT, action, target, snapshot)
        if spec and "fresh" in spec.facts and isinstance(target.facts, Mapping):
            target = Target(target.scope, {**target.facts, "fresh": actor.fresh})
        decision = snapshot.engine.decide(_requester(actor, snapshot), action, target)
        return msgspec.structs.replace(decision, version=snapshot.version, at=snapshot.at)

    async def allows(self, actor: Asking, action: Action, target: Target) -> bool:
        """Tell whether it would be allowed: for buttons, never instead of `require`. A fresh sign-in is taken as given."""
        decision = await self.decide(actor, action, target)
        return decision.allowed or decision.rule == f"fresh.{action}"

    async def where_can(self, actor: Asking, action: Action) -> frozenset[str]:
        """Return the scopes, those below included, where the action is allowed without looking at facts: for lists."""
        snapshot = await self.snapshot(actor)
        found = snapshot.engine.where_can(_requester(actor, snapshot), action)
        spec = snapshot.engine.bundle.actions.get(str(action))
        if spec is None or actor.limit is None:
            return found
        limit = actor.limit
        return frozenset(each for each in found if _within(limit, spec.risk, action, Target(each), snapshot))

    async def held(self, actor: Asking) -> Mapping[str, tuple[Grant, ...]]:
        """Return the grants the actor holds now, by scope."""
        return (await self.requester(actor)).grants

    def givable_roles(self, requester: Requester, scope: str) -> frozenset[str]:
        """Return the roles the requester may give or take at a scope."""
        return roles.givable_roles(self.bundle.roles, requester, scope)

    async def requester(self, actor: Asking) -> Requester:
        """Return the actor as the policy sees it: a member's grants, the publisher's fixed role, or nothing."""
        return _requester(actor, await self.snapshot(actor))

    async def snapshot(self, actor: Asking | None = None) -> Snapshot:
        """Return rules and grants, not older than what the actor's request saw.

        Raises:
            Unavailable: they cannot be read.
        """
        seen = None if actor is None or self._source.deciding() else actor.seen
        return await self._snapshots.reach(seen or await self._source.state())

    async def as_of(self, at: datetime) -> Snapshot:
        """Return rules and grants as they were at a moment, from the history: for questions only.

        Raises:
            Unavailable: nothing was in force then, or it cannot be read.
        """
        return await self._snapshots.as_of(at)

    async def engine_of(self, digest: str) -> Engine:
        """Return the rules of a policy that was activated once, to explain an old decision.

        Raises:
            Unavailable: there is none of that digest, or this version cannot read it.
        """
        return await self._snapshots.engine_of(digest)

    async def lock(self) -> None:
        """Begin a transaction that changes grants, scopes, members' states or the policy, before any other lock.

        Raises:
            RuntimeError: there is no transaction, or it is not READ COMMITTED.
        """
        await self._source.lock()

    async def _snapshot(self, actor: Asking, action: str) -> Snapshot:
        if not self._source.deciding():
            return await self.snapshot(actor)
        state = await (self._source.hold() if self._has_effect(action) else self._source.state())
        return await self._snapshots.reach(state)

    def _has_effect(self, action: str) -> bool:
        spec = self.bundle.actions.get(str(action))
        return spec is not None and spec.effect

    def _refused(self, reason: Reason, action: str, target: Target, snapshot: Snapshot | None) -> Decision:
        words = PLAIN[reason]
        return Decision(
            allowed=False,
            reason=reason,
            action=str(action),
            scope=target.scope,
            digest=snapshot.digest if snapshot else self.bundle.digest,
            version=snapshot.version if snapshot else None,
            at=snapshot.at if snapshot else None,
            sentence=words.en,
            sentence_fr=words.fr,
        )


def _within(limit: TokenLimit, risk: Risk, action: str, target: Target, snapshot: Snapshot) -> bool:
    """Tell whether a token may do it at all: never a critical action, only what it names, where it holds."""
    if risk is Risk.CRITICAL or (limit.actions is not None and action not in limit.actions):
        return False
    return limit.scope in Requester(id="", grants={}, parents=snapshot.parents).above(target.scope)


def _requester(actor: Asking, snapshot: Snapshot) -> Requester:
    grants: Mapping[str, tuple[Grant, ...]] = {}
    member = actor.member if actor.kind in {"member", "token"} else None
    if member is not None:
        grants = snapshot.grants.get(str(member), {})
    elif actor.kind == "worker" and actor.id == PUBLISHER_ID:
        grants = {COMPANY: (_PUBLISHER,)}
    return Requester(
        id=actor.id, member=None if member is None else str(member), grants=grants, parents=snapshot.parents
    )
