"""A made-up company of any size to decide in: its grants, its scopes, and questions about them, the same for a seed."""

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from govern.access import Bundle, Held
from govern.access.conditions import GIVEN
from govern.access.engine import Engine
from govern.access.rows import ALLOW
from govern.access.snapshot import Holdings, Snapshot
from govern.domain.actions import COMPANY, Action, Grant, Requester, Role, Target

NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)
GRANTS_EACH = 10
COMPANY_WIDE = 20
"""How many members hold something at the whole company, at most."""
PROFILES = (
    Role.ADMIN,
    Role.COMPLIANCE,
    Role.BRAND_MANAGER,
    Role.BRAND_MANAGER,
    Role.AGENT,
    Role.AGENT,
    Role.AGENT,
    Role.AUTHOR,
    Role.AUTHOR,
    Role.VIEWER,
)
RESTRICTED = {4: Role.OFFICE_HOURS_ONLY, 7: Role.SUSPENDED}
"""Of ten members, the place of those whose last grant is a restriction."""
ATTEMPTS = 200


class Question(msgspec.Struct, frozen=True):
    """Whether this member may do this there."""

    member: str
    action: Action
    target: Target


class Company(msgspec.Struct, frozen=True, kw_only=True):
    """All grants of one company, by member, and its scope tree."""

    held: Mapping[str, tuple[Held, ...]]
    parents: Mapping[str, str]

    @property
    def grants(self) -> int:
        """How many grants there are."""
        return sum(len(each) for each in self.held.values())

    def rows(self) -> list[Held]:
        """Return all grants as a database gives them: not sorted by member."""
        found = [each for held in self.held.values() for each in held]
        random.Random(len(found)).shuffle(found)  # noqa: S311 - the same order each time is the point
        return found

    def snapshot(self, engine: Engine) -> Snapshot:
        """Return the snapshot a process would hold of it."""
        holdings = Holdings(NOON)
        holdings.add(self.rows())
        return holdings.snapshot(version=1, engine=engine, parents=self.parents)


def make_company(grants: int, *, seed: int) -> Company:
    """Make a company with so many grants, ten to a member, at brands and accounts in proportion."""
    rng = random.Random(seed)  # noqa: S311 - the same company each time is the point
    members = max(1, grants // GRANTS_EACH)
    accounts = [f"account:a{number}" for number in range(max(10, members // 5))]
    brands = [f"brand:b{number}" for number in range(len(accounts) // 5)]
    parents = {account: brands[number % len(brands)] for number, account in enumerate(accounts)}
    parents |= dict.fromkeys(brands, COMPANY)
    held = {
        f"{number:08x}-0000-7000-8000-000000000000": tuple(_grants_of(number, rng, brands, accounts))
        for number in range(members)
    }
    return Company(held=held, parents=parents)


def make_questions(
    company: Company, engine: Engine, actions: Sequence[Action], count: int, *, seed: int
) -> list[Question]:
    """Return questions: each action as often as the others, allowed and denied in turn, where both can be found.

    The mix of actions and answers is therefore the same for a company of any size.
    """
    rng = random.Random(seed)  # noqa: S311 - the same questions each time are the point
    draw = _Draw(company, engine.bundle, rng)
    snapshot = company.snapshot(engine)
    found = []
    for number in range(count):
        action = actions[number // 2 % len(actions)]
        wanted = number % 2 == 0
        drawn = (draw.question(action, near=wanted or rng.random() < 0.5) for _ in range(ATTEMPTS))
        found.append(next((each for each in drawn if ask(snapshot, each) is wanted), draw.question(action, near=False)))
    rng.shuffle(found)
    return found


def ask(snapshot: Snapshot, question: Question) -> bool:
    """Decide a question as the product does."""
    return snapshot.engine.decide(snapshot.requester(question.member), question.action, question.target).allowed


def _grants_of(number: int, rng: random.Random, brands: list[str], accounts: list[str]) -> Iterator[Held]:
    profile = PROFILES[number % len(PROFILES)]
    wide = [COMPANY] if profile in {Role.ADMIN, Role.COMPLIANCE} and number < COMPANY_WIDE else []
    scopes = [*wide, *rng.sample(brands, 2), *rng.sample(accounts, 8)][:GRANTS_EACH]
    for place, scope in enumerate(scopes):
        last = place == GRANTS_EACH - 1
        yield Held(
            id=f"{number:08x}-{place:04x}-7000-8000-000000000000",
            member=f"{number:08x}-0000-7000-8000-000000000000",
            role=str(RESTRICTED.get(number % len(PROFILES), profile) if last else profile),
            scope=scope,
            starts_at=NOON - timedelta(days=100),
            expires_at=NOON + timedelta(days=1 + number % 300) if place == 0 else None,
        )


class _Draw:
    """Draws questions; near ones are about a place below a grant that might allow the action."""

    def __init__(self, company: Company, bundle: Bundle, rng: random.Random) -> None:
        self._rng, self._bundle = rng, bundle
        self._members, self._scopes = list(company.held), [*company.parents, COMPANY]
        self._below: dict[str, list[str]] = {scope: [scope] for scope in self._scopes}
        for scope in company.parents:
            for above in Requester(id="", grants={}, parents=company.parents).above(company.parents[scope]):
                self._below[above].append(scope)
        self._by_role: dict[str, list[Grant]] = {}
        for held in company.held.values():
            for each in held:
                self._by_role.setdefault(each.role, []).append(Grant(id=each.member, role=each.role, scope=each.scope))

    def question(self, action: Action, *, near: bool) -> Question:
        rng = self._rng
        grants = [
            grants
            for row in self._bundle.rows[action]
            if row.eft == ALLOW and (grants := self._by_role.get(row.role)) is not None
        ]
        if near and grants:
            grant = rng.choice(rng.choice(grants))
            member, scope = grant.id, rng.choice(self._below[grant.scope])
        else:
            member, scope = rng.choice(self._members), rng.choice(self._scopes)
        read = [name for name in self._bundle.actions[action].facts if name in GIVEN]
        return Question(member, action, Target(scope, {name: self._fact(name, member, scope) for name in read}))

    def _fact(self, name: str, member: str, scope: str) -> object:
        rng = self._rng
        who, other = member if rng.random() < 0.3 else rng.choice(self._members), rng.choice(self._members)
        facts: Mapping[str, object] = {
            "author": who,
            "member": who,
            "pause_set_by": who,
            "editors": [who, other],
            "approvals_valid": rng.randint(1, 2),
            "approvals_required": rng.randint(1, 2),
            "role": str(rng.choice(PROFILES)),
            "member_grants": [[str(rng.choice(PROFILES)), scope]] if rng.random() < 0.5 else [],
            "edit_and_approve": rng.random() < 0.1,
            "paused": rng.random() < 0.1,
        }
        return facts.get(name, rng.random() < 0.9)
