"""Two web processes and a worker: what somebody may no longer do, none of them does, from the next question on.

Their listeners are killed at random, since being told of a change is only a hint.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from govern.domain.members import Actor
from govern.services.message_views import load_message
from govern.services.sessions import hash_token
from govern.tables import ApiToken
from tests.factories import make_message
from tests.hand import by_hand
from tests.jobs.conftest import Live, live, redis  # noqa: F401 - fixtures
from tests.jobs.test_worker import Starter, becomes, workers  # noqa: F401 - the fixture
from tests.running.rights import GIVE, KILL_LISTENERS, STATE, TAKE, Changes, Web
from tests.sending import until
from tests.xapi.conftest import running_sandbox, x_sandbox  # noqa: F401 - fixtures

LIMIT = 40
ROUNDS = 3
KILL_WEB = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'govern_web'"


async def make_token(actor: Actor) -> str:
    token, now = str(uuid4()), datetime.now(UTC)
    row = ApiToken(
        id=uuid4(),
        token_hash=hash_token(token),
        member=actor.member,
        name="test",
        created_at=now,
        expires_at=now + timedelta(days=1),
    )
    await by_hand(ApiToken.insert(row))
    return token


@pytest.fixture
async def webs(live: Live, tmp_path: Path) -> AsyncIterator[list[Web]]:  # noqa: F811 - the fixture
    """Two web processes, each with a snapshot in which Ana may write."""
    token = await make_token(live.desk.company.ana)
    started = [Web(token, tmp_path / f"web-{number}.log") for number in range(2)]
    try:
        for web in started:
            await until(web.is_ready, limit=LIMIT)
            assert await web.ask() == 200
        yield started
    finally:
        for web in started:
            await web.end()


async def test_a_change_of_rights_counts_for_the_very_next_request_of_every_process(
    live: Live,  # noqa: F811 - the fixture
    webs: list[Web],
    owner: asyncpg.Connection,
) -> None:
    changes, over = Changes(owner, live.desk.company.ana), asyncio.Event()

    async def load(web: Web) -> None:
        while not over.is_set():
            await web.ask()

    async def next_ones(*, right: bool) -> None:
        found = await asyncio.gather(*(web.ask() for web in webs for _ in range(3)))
        assert {status == 200 for status in found} == {right}, (found, changes.due[-1])

    loads = [asyncio.create_task(load(web)) for web in webs]
    try:
        for _ in range(ROUNDS):
            await changes.take("author", right=False)
            await next_ones(right=False)
            await changes.give("author", right=True)
            await next_ones(right=True)
            await changes.give("suspended", right=False)
            await next_ones(right=False)
            await changes.take("suspended", right=True)
            await next_ones(right=True)
            await changes.put("suspended", right=False)
            await next_ones(right=False)
            await changes.put("active", right=True)
            await next_ones(right=True)
    finally:
        over.set()
        await asyncio.wait(loads)
    assert changes.killed >= len(webs)
    asked = [(window, status) for web in webs for window, status in web.answers]
    assert {status for _window, status in asked} <= {200, 401, 403, 404}
    told = [(changes.expected(window), status == 200) for window, status in asked]
    assert sum(right is False for right, _allowed in told) >= ROUNDS * 3 * 6, "too few were asked without the right"
    assert not [each for each in told if each == (False, True)], "allowed after the right was gone"
    assert not [each for each in told if each == (True, False)], "refused after the right was there"


async def test_an_approval_after_the_revocation_approves_nothing(
    live: Live,  # noqa: F811 - the fixture
    webs: list[Web],
    owner: asyncpg.Connection,
) -> None:
    desk = live.desk
    messages = [
        await make_message(
            desk.company.ana,
            access=desk.access,
            policies=desk.policies,
            text=f"Number {number} waits.",
            now=datetime.now(UTC),
        )
        for number in (1, 2)
    ]
    token = await make_token(desk.company.max)
    headers = {"Authorization": f"Bearer {token}"}
    for web in webs:
        assert (await web.client.get("/api/v1/messages", headers=headers)).json()["items"]
    await owner.execute(KILL_LISTENERS)
    await owner.execute(TAKE, desk.company.max.member, "brand_manager")
    for web, message in zip(webs, messages, strict=True):
        path = f"/api/v1/messages/{message.id}/approve"
        assert (await web.client.post(path, json={"revision": 1}, headers=headers)).status_code == 404
        assert await desk.state(message) == "pending_approval"


async def test_a_worker_sends_nothing_of_an_author_who_lost_the_right(
    live: Live,  # noqa: F811 - the fixture
    workers: Starter,  # noqa: F811 - the fixture
    owner: asyncpg.Connection,
) -> None:
    desk, company = live.desk, live.desk.company
    await owner.execute("UPDATE account SET undo_window_seconds = 60")
    await workers.start_ready()
    now = datetime.now(UTC)
    lost = [
        await desk.write(f"Never sent, by {author.name}.", author=author, now=now)
        for author in (company.ana, company.leo, company.bo)
    ]
    kept = await desk.write("Sent.", author=company.max, now=now)
    await owner.execute(KILL_LISTENERS)
    await owner.execute(TAKE, company.ana.member, "author")
    await owner.execute(STATE, company.leo.member, "suspended")
    await owner.execute(GIVE, uuid4(), company.bo.member, "suspended", now - timedelta(days=1), None)
    await owner.execute("UPDATE publication SET wake_at = clock_timestamp()")

    async def held() -> bool:
        return {(await load_message(message.id)).hold for message in lost} == {"access"}

    await until(held, limit=LIMIT)
    await becomes(live, kept, "sent", limit=LIMIT)
    assert live.sandbox.posts() == ["Sent."]


async def test_a_role_holds_from_its_first_moment_to_its_last_by_the_clock_of_the_database(
    live: Live,  # noqa: F811 - the fixture
    webs: list[Web],
    owner: asyncpg.Connection,
) -> None:
    ana = live.desk.company.ana.member
    await owner.execute(TAKE, ana, "author")
    begins = await clock(owner) + timedelta(seconds=1)
    ends = begins + timedelta(seconds=1)
    await owner.execute(GIVE, uuid4(), ana, "author", begins, ends)
    found: list[tuple[datetime, bool, datetime]] = []
    while not found or found[-1][0] < ends + timedelta(seconds=0.3):
        for web in webs:
            before = await clock(owner)
            found.append((before, await web.ask() == 200, await clock(owner)))
    assert not [each for each in found if each[1] and (each[2] < begins or each[0] >= ends)], (
        "allowed too early or late"
    )
    assert not [each for each in found if not each[1] and each[0] >= begins and each[2] < ends], "refused meanwhile"
    assert {allowed for _before, allowed, _after in found} == {True, False}


async def test_while_the_database_is_away_nobody_may_anything(
    live: Live,  # noqa: F811 - the fixture
    webs: list[Web],
    owner: asyncpg.Connection,
) -> None:
    draft = {"account": "Help", "kind": "post", "text": "Nothing of this is kept."}
    await owner.execute("ALTER ROLE govern_web CONNECTION LIMIT 0")
    try:
        await owner.fetchval(KILL_WEB)
        asked = [await web.client.post("/api/v1/messages", json=draft) for web in webs for _ in range(3)]
    finally:
        await owner.execute("ALTER ROLE govern_web CONNECTION LIMIT -1")
    assert {answer.status_code for answer in asked} == {503}
    assert await owner.fetchval("SELECT count(*) FROM message") == 0
    for web in webs:
        await until(web.is_ready, limit=LIMIT)
        assert await web.ask() == 200


async def clock(owner: asyncpg.Connection) -> datetime:
    moment: datetime = await owner.fetchval("SELECT clock_timestamp()")
    return moment
