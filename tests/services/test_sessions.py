"""Sessions: found by their cookie alone, ended by time, by their member, or with their member's rights."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from govern import settings
from govern.database import transaction
from govern.domain.members import Actor, NotSignedIn, SignInFailed
from govern.errors import NotFound
from govern.services.sessions import find_session, list_sessions, rotate_session, sign_out, sign_out_others, signed_in
from govern.tables import Member, Session
from tests.asserts import actions, assert_audited, assert_nothing_changed, assert_refused
from tests.factories import NOW, make_grant
from tests.hand import by_hand
from tests.services.conftest import Office
from tests.services.signing_in import SECOND, enter

IDLE = timedelta(minutes=60)
LIFE = timedelta(hours=12)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """`environment("GOVERN_…", "…")`: this process was started with that setting."""

    def put(name: str, value: str) -> None:
        monkeypatch.setenv(name, value)
        settings.current.cache_clear()

    yield put
    monkeypatch.undo()
    settings.current.cache_clear()


async def test_session_ends_when_idle_for_an_hour(zoe: Actor) -> None:
    signed = await enter()
    assert await find_session(signed.token, now=NOW + IDLE - SECOND) is not None
    assert await find_session(signed.token, now=NOW + IDLE - SECOND + IDLE - SECOND) is not None
    later = NOW + 2 * (IDLE - SECOND) + IDLE
    assert await find_session(signed.token, now=later) is None


async def test_session_ends_after_twelve_hours_however_busy(zoe: Actor) -> None:
    signed = await enter()
    half_hours = int(LIFE / timedelta(minutes=30))
    for passed in range(1, half_hours):
        assert await find_session(signed.token, now=NOW + passed * timedelta(minutes=30)) is not None
    assert await find_session(signed.token, now=NOW + LIFE) is None


async def test_both_times_are_settings(zoe: Actor, environment: Callable[[str, str], None]) -> None:
    environment("GOVERN_SESSION_IDLE", "10")
    environment("GOVERN_SESSION_LIFE", "30")
    signed = await enter()
    assert signed.session.expires_at == NOW + 30 * SECOND
    assert await find_session(signed.token, now=NOW + 10 * SECOND) is None
    for passed in (9, 18, 27):
        assert await find_session(signed.token, now=NOW + passed * SECOND) is not None
    assert await find_session(signed.token, now=NOW + 30 * SECOND) is None


async def test_use_is_noted_once_a_minute(zoe: Actor, office: Office) -> None:
    signed = await enter()
    async with assert_nothing_changed(office.owner):
        await find_session(signed.token, now=NOW + timedelta(seconds=59))
    await find_session(signed.token, now=NOW + timedelta(seconds=61))
    assert (await list_sessions(actor=zoe, now=NOW))[0].seen_at == NOW + timedelta(seconds=61)


@pytest.mark.parametrize("token", ["", "x", "é" * 50, "0" * 10_000])
async def test_forged_cookie_is_nobody(zoe: Actor, token: str) -> None:
    assert await find_session(token, now=NOW) is None


async def test_one_query_tells_who_it_is_and_the_state_of_access(zoe: Actor, office: Office) -> None:
    assert zoe.member is not None
    signed = await enter()
    await make_grant(zoe.member, "viewer", "company")
    found = await find_session(signed.token, now=NOW)
    assert found is not None
    assert (found.member.id, found.member.email, found.member.roles) == (zoe.member, "zoe@example.com", ("viewer",))
    assert found.seen.version == await office.owner.fetchval("SELECT version FROM access_state")
    assert found.seen.version > signed.session.seen.version
    assert found.seen.at > signed.session.seen.at


async def test_sign_in_is_fresh_for_a_quarter_of_an_hour(zoe: Actor) -> None:
    session = (await enter()).session
    assert session.is_fresh(NOW + timedelta(minutes=15) - SECOND)
    assert not session.is_fresh(NOW + timedelta(minutes=15))


async def test_suspended_member_is_out_at_once(zoe: Actor) -> None:
    signed = await enter()
    await by_hand(Member.update({Member.state: "suspended"}).where(Member.id == zoe.member))
    assert await find_session(signed.token, now=NOW) is None
    assert await list_sessions(actor=zoe, now=NOW) == []
    with pytest.raises(SignInFailed):
        await enter()


async def test_signing_out_ends_the_session_once(zoe: Actor, office: Office) -> None:
    signed = await enter()
    await sign_out(signed.session.id, actor=zoe, now=NOW)
    assert await find_session(signed.token, now=NOW) is None
    entry = await assert_audited("session.signed_out", actor=zoe.id)
    assert entry["object"]["id"] == str(signed.session.id)
    async with assert_nothing_changed(office.owner):
        await sign_out(signed.session.id, actor=zoe, now=NOW)
    assert (await actions()).count("session.signed_out") == 1


async def test_other_sessions_end_together_each_with_its_entry(zoe: Actor, office: Office) -> None:
    here, *others = [await enter() for _ in range(3)]
    assert await sign_out_others(here.session.id, actor=zoe, now=NOW) == 2
    assert await find_session(here.token, now=NOW) is not None
    assert [await find_session(other.token, now=NOW) for other in others] == [None, None]
    assert (await actions()).count("session.signed_out") == 2
    async with assert_nothing_changed(office.owner):
        assert await sign_out_others(here.session.id, actor=zoe, now=NOW) == 0


async def test_sessions_of_others_are_not_seen_and_not_ended(zoe: Actor, office: Office) -> None:
    signed = await enter()
    leo = office.people.leo
    assert await list_sessions(actor=leo, now=NOW) == []
    for session in (signed.session.id, uuid4()):
        async with assert_refused(NotFound, office.owner):
            await sign_out(session, actor=leo, now=NOW)
    async with assert_nothing_changed(office.owner):
        assert await sign_out_others(uuid4(), actor=leo, now=NOW) == 0


async def test_own_sessions_are_listed_last_seen_first(zoe: Actor) -> None:
    first, second = await enter(), await enter(now=NOW + timedelta(minutes=5))
    listed = await list_sessions(actor=zoe, now=NOW + timedelta(minutes=6))
    assert [each.id for each in listed] == [second.session.id, first.session.id]
    assert await list_sessions(actor=zoe, now=NOW + timedelta(hours=13)) == []


async def rotate(signed_id: object, member: object, *, factor: str | None = None, now: datetime = NOW) -> str:
    async with transaction():
        return await rotate_session(signed_id, member=member, factor=factor, now=now)  # type: ignore[arg-type]


async def test_new_secret_makes_the_old_cookie_nobodys(zoe: Actor) -> None:
    before = await enter()
    later = NOW + timedelta(minutes=20)
    token = await rotate(before.session.id, zoe.member, factor="totp", now=later)
    assert await find_session(before.token, now=later) is None
    session = (await signed_in(token, now=later)).session
    assert (session.id, session.factors, session.fresh_at) == (before.session.id, ("password", "totp"), later)
    assert session.second_factor
    assert session.expires_at == before.session.expires_at
    unproved = await signed_in(await rotate(session.id, zoe.member, now=later + SECOND), now=later)
    assert (unproved.session.factors, unproved.session.fresh_at) == (session.factors, later)


async def test_ended_session_or_anothers_gets_no_new_secret(zoe: Actor, office: Office) -> None:
    signed = await enter()
    async with assert_refused(NotSignedIn, office.owner):
        await rotate(signed.session.id, office.people.leo.member)
    await Session.update({Session.revoked_at: NOW}).where(Session.id == signed.session.id)
    async with assert_refused(NotSignedIn, office.owner):
        await rotate(signed.session.id, zoe.member)
