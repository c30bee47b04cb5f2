"""One snapshot per process: as new as what was seen, swapped forward only, turned by the clock, never older."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from govern.access import Access, Bundle, Held, read_bundle
from govern.access.snapshots import SLICE, Snapshots
from govern.domain.actions import Action, ChangeKind, Reason, Seen, Target
from govern.domain.members import Via, member_actor
from govern.errors import Unavailable
from tests.access.fakes import NOON, FakeSource

LEO, MIA = uuid4(), uuid4()
leo = member_actor(LEO, "Leo", via=Via.PANEL)
READ, HERE = Action.MESSAGE_READ, Target("account:help")
SECOND = timedelta(seconds=1)


@pytest.fixture
def source(bundle: Bundle) -> FakeSource:
    return FakeSource(bundle.digest)


@pytest.fixture
def access(bundle: Bundle, source: FakeSource) -> Access:
    return Access(bundle, source)


@pytest.fixture
def snapshots(bundle: Bundle, source: FakeSource) -> Snapshots:
    return Snapshots(bundle, source)


async def test_nothing_is_read_twice_while_nothing_changes(snapshots: Snapshots, source: FakeSource) -> None:
    source.give(LEO, "viewer", "company")
    first = await snapshots.reach(source.seen())
    pages = source.pages
    assert await snapshots.reach(source.seen()) is first
    assert source.pages == pages


async def test_a_change_reads_only_the_members_it_touched(snapshots: Snapshots, source: FakeSource) -> None:
    for _ in range(20):
        source.give(uuid4(), "viewer", "company")
    before = await snapshots.reach(source.seen())
    pages = source.pages
    source.give(LEO, "viewer", "brand:music")
    after = await snapshots.reach(source.seen())
    assert source.pages == pages + 1
    assert set(after.grants) == {*before.grants, str(LEO)}
    assert str(LEO) not in before.grants, "a snapshot is never changed, only replaced"


async def test_a_request_that_saw_an_older_version_is_answered_by_the_newest(
    snapshots: Snapshots, source: FakeSource
) -> None:
    old = source.seen()
    source.give(LEO, "viewer", "company")
    newest = await snapshots.reach(source.seen())
    assert await snapshots.reach(old) is newest


async def test_a_slow_reader_does_not_put_an_older_snapshot_back(snapshots: Snapshots, source: FakeSource) -> None:
    await snapshots.reach(source.seen())
    given = source.give(LEO, "viewer", "company")
    slow = source.seen()
    source.take(given)
    newest = await snapshots.reach(source.seen())
    assert str(LEO) not in newest.grants
    await snapshots.reach(Seen(version=slow.version, digest=slow.digest, at=slow.at))
    assert snapshots.current is newest


async def test_a_grant_holds_from_its_start_and_not_at_its_end(access: Access, source: FakeSource) -> None:
    source.give(LEO, "viewer", "company", starts_at=NOON + SECOND, expires_at=NOON + 3 * SECOND)
    answers = []
    for tick in range(6):
        source.now = NOON + tick * SECOND
        answers.append(await access.allows(leo, READ, HERE))
    assert answers == [False, True, True, False, False, False]


async def test_the_turn_of_one_member_reads_only_that_member(snapshots: Snapshots, source: FakeSource) -> None:
    for _ in range(20):
        source.give(uuid4(), "viewer", "company", expires_at=NOON + timedelta(days=1))
    source.give(LEO, "viewer", "company", expires_at=NOON + SECOND)
    await snapshots.reach(source.seen())
    pages = source.pages
    source.now = NOON + SECOND
    turned = await snapshots.reach(source.seen())
    assert str(LEO) not in turned.grants
    assert len(turned.grants) == 20
    assert source.pages == pages + 1
    assert turned.valid_until == NOON + timedelta(days=1)


async def test_a_snapshot_made_step_by_step_equals_one_read_at_once(
    bundle: Bundle, snapshots: Snapshots, source: FakeSource
) -> None:
    rng, people, given = random.Random(1), [LEO, MIA, uuid4()], list[str]()
    for _ in range(60):
        source.now += rng.choice((0, 0, 1)) * SECOND
        start, end = sorted(rng.sample(range(-3, 9), 2))
        if given and rng.random() < 0.4:
            source.take(given.pop(rng.randrange(len(given))))
        else:
            until = rng.choice((None, source.now + end * SECOND))
            scope, role = rng.choice(["company", "brand:music"]), rng.choice(["viewer", "agent"])
            who, start_at = rng.choice(people), source.now + start * SECOND
            given.append(source.give(who, role, scope, starts_at=start_at, expires_at=until))
        stepped, anew = await snapshots.reach(source.seen()), await Snapshots(bundle, source).reach(source.seen())
        assert (stepped.grants, stepped.turns) == (anew.grants, anew.turns)
        assert stepped.valid_until == anew.valid_until


async def test_reading_all_anew_shares_what_did_not_change(snapshots: Snapshots, source: FakeSource) -> None:
    source.give(MIA, "viewer", "company")
    taken = source.give(LEO, "viewer", "company")
    before = await snapshots.reach(source.seen())
    source.take(taken)
    source.kept_since = source.version
    after = await snapshots.reach(source.seen())
    assert after.grants[str(MIA)]["company"] is before.grants[str(MIA)]["company"]
    assert str(LEO) not in after.grants


async def test_a_process_older_than_the_kept_changes_reads_all_anew(snapshots: Snapshots, source: FakeSource) -> None:
    source.give(MIA, "viewer", "company")
    await snapshots.reach(source.seen())
    source.give(LEO, "viewer", "company")
    source.kept_since = source.version
    assert str(LEO) in (await snapshots.reach(source.seen())).grants


async def test_a_new_scope_is_known_at_once(access: Access, source: FakeSource) -> None:
    source.give(LEO, "viewer", "company")
    assert (await access.decide(leo, READ, Target("account:new"))).reason is Reason.UNKNOWN_SCOPE
    source.tree["account:new"] = "brand:music"
    source.tell("account:new", ChangeKind.SCOPE)
    assert await access.allows(leo, READ, Target("account:new"))


async def test_other_rules_are_read_from_the_database(
    access: Access, source: FakeSource, policy_files: Mapping[str, bytes]
) -> None:
    source.give(LEO, "viewer", "company")
    assert await access.allows(leo, READ, HERE)
    files = dict(policy_files)
    files["roles/viewer.csv"] = files["roles/viewer.csv"].replace(
        b"p, viewer, message.read, always, allow, viewer.message.read\n", b""
    )
    stricter = read_bundle(files)
    source.policies[stricter.digest], source.active = files, stricter.digest
    source.tell(stricter.digest, ChangeKind.POLICY)
    decision = await access.decide(leo, READ, HERE)
    assert (decision.allowed, decision.digest) == (False, stricter.digest)
    assert access.bundle.digest == stricter.digest


@pytest.mark.parametrize("files", [None, {"model.conf": b"anything"}])
async def test_rules_that_cannot_be_read_deny_everything(
    access: Access, source: FakeSource, files: Mapping[str, bytes] | None
) -> None:
    source.give(LEO, "viewer", "company")
    assert await access.allows(leo, READ, HERE)
    source.active = "sha256:gone"
    if files is not None:
        source.policies[source.active] = files
    source.tell(source.active, ChangeKind.POLICY)
    decision = await access.decide(leo, READ, HERE)
    assert (decision.allowed, decision.reason) == (False, Reason.UNAVAILABLE)


async def test_files_that_are_not_of_their_digest_deny_everything(
    access: Access, source: FakeSource, policy_files: Mapping[str, bytes]
) -> None:
    source.active = "sha256:forged"
    source.policies[source.active] = policy_files
    assert (await access.decide(leo, READ, HERE)).reason is Reason.UNAVAILABLE


async def test_an_old_snapshot_never_answers_for_a_database_that_is_away(access: Access, source: FakeSource) -> None:
    source.give(LEO, "viewer", "company")
    assert await access.allows(leo, READ, HERE)
    source.away = True
    assert (await access.decide(leo, READ, HERE)).reason is Reason.UNAVAILABLE
    with pytest.raises(Unavailable):
        await access.where_can(leo, READ)


async def test_a_publisher_row_that_somebody_forced_in_gives_nothing(access: Access, source: FakeSource) -> None:
    source.give(LEO, "publisher", "company")
    assert await access.held(leo) == {}


class Many(FakeSource):
    """A company with many members, in pages as the database gives them."""

    def __init__(self, digest: str, members: int) -> None:
        super().__init__(digest)
        self.all = [
            Held(id=str(n), member=str(n), role="viewer", scope="company", starts_at=NOON, expires_at=None)
            for n in range(members)
        ]

    async def held(
        self, members: frozenset[str] | None, *, at: datetime | None = None
    ) -> AsyncIterator[Sequence[Held]]:
        for first in range(0, len(self.all), 1_000):
            yield self.all[first : first + 1_000]


async def test_a_rebuild_lets_others_run_in_between(bundle: Bundle) -> None:
    source = Many(bundle.digest, 40_000)
    snapshots = Snapshots(bundle, source)
    turns = 0

    async def other() -> None:
        nonlocal turns
        while snapshots.current is None:
            turns += 1
            await asyncio.sleep(0)

    begun = time.perf_counter()
    waiting = asyncio.create_task(other())
    await snapshots.reach(source.seen())
    spent = time.perf_counter() - begun
    await waiting
    assert turns >= min(5, int(spent / SLICE / 4)), "it gave way while it read"
