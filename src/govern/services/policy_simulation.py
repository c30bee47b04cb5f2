"""What another access policy would mean for the people and the queue as they are now."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from uuid import UUID

import msgspec

from govern.access import Access
from govern.access.engine import Engine
from govern.access.questions import Judge
from govern.access.simulate import Difference, compare_bundles
from govern.access.snapshot import Snapshot
from govern.access.weighing import Answer
from govern.database import rows
from govern.domain.actions import Action, Requester, Target
from govern.domain.ids import message_number
from govern.errors import N_, NotFound
from govern.tables import Member, Message, PolicyBundle


class UnknownPolicy(NotFound):
    code = "policy.unknown"
    template = N_("No policy {digest} was ever in force here.")


class Stranded(msgspec.Struct, frozen=True, kw_only=True):
    """A message that waits for approval, and would wait in vain."""

    number: str
    account: str


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """Two policies compared on the grants in force, at a version of them. `names`: of the members it speaks of."""

    old: str
    new: str
    version: int
    difference: Difference
    stranded: tuple[Stranded, ...]
    names: Mapping[str, str]


class _Queued(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    handle: str
    scope: str
    author: UUID
    editor: UUID
    edit_and_approve: bool

    @property
    def target(self) -> Target:
        facts = {"author": self.author, "editors": [self.editor], "edit_and_approve": self.edit_and_approve}
        return Target(self.scope, {**facts, "fresh": True})


_QUEUE = """
SELECT m.number, a.handle, a.scope, m.author, r.editor, r.edit_and_approve
  FROM message m JOIN account a ON a.id = m.account
  JOIN revision r ON r.message = m.id AND r.number = m.current_revision
 WHERE m.state = 'pending_approval' ORDER BY m.number
"""
_NAMES = "SELECT id::text AS id, name, email FROM member WHERE id = ANY ({}::uuid[])"


async def simulate_policy(new: Engine, *, old: Engine | None = None, access: Access) -> Simulation:
    """Compare a policy with another one (None: the active one) on the real grants, and on what waits for approval."""
    snapshot = await access.snapshot()
    before = old or snapshot.engine
    difference = compare_bundles(before, new, snapshot.requesters())
    members = {line.member for line in (*difference.gains, *difference.losses)}
    return Simulation(
        old=before.bundle.digest,
        new=new.bundle.digest,
        version=snapshot.version,
        difference=difference,
        stranded=await _stranded(before, new, snapshot),
        names=await _names(members & snapshot.grants.keys()),
    )


async def find_engine(digest: str, *, access: Access) -> Engine:
    """Return the rules of a policy that was in force once.

    Raises:
        UnknownPolicy: there is none of that digest.
        Unavailable: this version cannot read it.
    """
    if not await PolicyBundle.exists().where(PolicyBundle.digest == digest):
        raise UnknownPolicy(digest=digest[:80])
    return await access.engine_of(digest)


async def _stranded(old: Engine, new: Engine, snapshot: Snapshot) -> tuple[Stranded, ...]:
    """Return what somebody could approve under the old policy, and nobody under the new one."""
    before, after = _Approvers(old, snapshot), _Approvers(new, snapshot)
    queue = [msgspec.convert(row, _Queued) for row in rows(await Message.raw(_QUEUE))]
    return tuple(
        Stranded(number=message_number(each.number), account=each.handle)
        for each in queue
        if not after.could(each) and before.could(each)
    )


class _Approvers:
    """Who could approve, by scope; most people could not anywhere, so they are asked once per set of roles."""

    def __init__(self, engine: Engine, snapshot: Snapshot) -> None:
        self._engine, self._judge = engine, Judge(engine)
        self._parents = snapshot.parents
        self._holders: dict[str, list[Requester]] = defaultdict(list)
        self._able: dict[str, list[Requester]] = {}
        for requester in snapshot.requesters():
            for scope in requester.grants:
                self._holders[scope].append(requester)

    def could(self, message: _Queued) -> bool:
        """Tell whether somebody could approve it."""
        if message.scope not in self._able:
            self._able[message.scope] = self._at(message.scope)
        return any(
            self._engine.decide(each, Action.MESSAGE_APPROVE, message.target).allowed
            for each in self._able[message.scope]
        )

    def _at(self, scope: str) -> list[Requester]:
        above = Requester(id="", grants={}, parents=self._parents).above(scope)
        found = {each.id: each for place in above for each in self._holders.get(place, ())}
        return [
            each
            for each in found.values()
            if self._judge.standing(each, Action.MESSAGE_APPROVE, scope).answer is not Answer.NO
        ]


async def _names(members: Iterable[str]) -> dict[str, str]:
    found = rows(await Member.raw(_NAMES, sorted(members)))
    return {row["id"]: f"{row['name']} <{row['email']}>" for row in found}
