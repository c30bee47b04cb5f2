"""Signing in: one answer for every failure, growing delays, sessions that end."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from govern.domain.members import Actor, SignInDelayed, SignInFailed, Via, member_actor, system_actor
from govern.errors import NotFound
from govern.services.members import insert_member
from govern.services.passwords import hash_password
from govern.services.sessions import (
    ABSOLUTE,
    IDLE,
    SignedIn,
    delay_after,
    find_session,
    list_sessions,
    sign_in,
    sign_out,
)
from govern.services.use_case import use_case
from govern.tables import Member, Session
from tests.asserts import actions, assert_audited, assert_nothing_changed, assert_refused, race
from tests.factories import NOW
from tests.sending import until_waiting
from tests.services.conftest import Office

PASSWORD = "a long walk home"
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
async def hashed() -> str:
    return await hash_password(PASSWORD)


@pytest.fixture
async def zoe(office: Office, hashed: str) -> Actor:
    maker = system_actor("test")
    async with use_case(actor=maker, now=NOW):
        member = await insert_member(
            email="zoe@example.com", name="Zoe", hashed=hashed, language="en", zone="UTC", actor=maker, now=NOW
        )
    return member_actor(member.id, member.name, via=Via.PANEL)


async def enter(password: str = PASSWORD, *, email: str = "zoe@example.com", now: datetime = NOW) -> SignedIn:
    return await sign_in(email=email, password=password, user_agent="Firefox " * 50, now=now)


async def fail(times: int, *, now: datetime = NOW) -> None:
    for _ in range(times):
        with pytest.raises(SignInFailed):
            await enter("wrong", now=now)
        await Member.update({Member.locked_until: None}).where(Member.email == "zoe@example.com")


async def test_right_password_opens_a_session_that_is_recorded(zoe: Actor) -> None:
    signed = await enter(email=" ZOE@example.com ")
    session = signed.session
    assert (session.member.id, session.factors, session.expires_at) == (zoe.member, ("password",), NOW + ABSOLUTE)
    assert len(session.user_agent) == 200
    entry = await assert_audited("session.signed_in", actor=zoe.id)
    assert entry["object"]["id"] == str(session.id)
    assert entry["actor"]["factors"] == ["password"]


async def test_cookie_is_kept_nowhere_and_shown_nowhere(zoe: Actor, office: Office) -> None:
    signed = await enter()
    assert signed.token not in repr(signed)
    kept = await office.owner.fetchval("SELECT string_agg(t::text, '') FROM session t")
    assert signed.token not in kept
    assert signed.token not in str(await office.owner.fetchval("SELECT string_agg(entry, '') FROM audit.entry"))


async def test_each_sign_in_has_a_cookie_of_its_own(zoe: Actor) -> None:
    assert (await enter()).token != (await enter()).token


async def test_every_failure_gets_the_same_answer(zoe: Actor) -> None:
    await Member.update({Member.state: "suspended"}).where(Member.email == "leo@example.com")
    said = []
    for email, password in (
        ("nobody@example.com", PASSWORD),
        ("zoe@example.com", "wrong"),
        ("leo@example.com", PASSWORD),
        ("", ""),
        ("zoe@example.com", "x" * 5000),
    ):
        with pytest.raises(SignInFailed) as refused:
            await enter(password, email=email)
        said.append((refused.value.code, refused.value.detail, refused.value.data))
    assert len({str(each) for each in said}) == 1


async def test_failure_is_recorded_against_the_member_without_what_was_typed(zoe: Actor, office: Office) -> None:
    with pytest.raises(SignInFailed):
        await enter("my secret of another site")
    entry = await assert_audited("session.sign_in_failed", outcome="denied", failures=1)
    assert entry["object"]["id"] == str(zoe.member)
    assert "secret" not in await office.owner.fetchval("SELECT string_agg(entry, '') FROM audit.entry")


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (5, 0), (6, 2), (7, 4), (8, 8), (14, 512), (15, 900), (16, 900), (10**6, 900)]
)
def test_delays_double_up_to_a_quarter_of_an_hour(failures: int, seconds: int) -> None:
    assert delay_after(failures) == seconds


async def test_after_five_failures_the_right_password_waits_too(zoe: Actor) -> None:
    await fail(5)
    with pytest.raises(SignInFailed):
        await enter("wrong")
    await assert_audited("session.locked", outcome="denied", failures=6, seconds=2)
    with pytest.raises(SignInDelayed) as delayed:
        await enter(now=NOW + SECOND)
    assert delayed.value.data == {"seconds": 1}
    assert (await enter(now=NOW + 2 * SECOND)).session.member.id == zoe.member
    row = await Member.select(Member.failed_sign_ins).where(Member.id == zoe.member).first()
    assert row is not None
    assert row["failed_sign_ins"] == 0


async def test_try_during_a_delay_does_not_count(zoe: Actor, office: Office) -> None:
    await fail(5)
    with pytest.raises(SignInFailed):
        await enter("wrong")
    async with assert_refused(SignInDelayed, office.owner):
        await enter("wrong", now=NOW + SECOND)


async def test_many_guesses_at_once_are_all_counted(zoe: Actor) -> None:
    await race(*(enter("wrong") for _ in range(4)))
    row = await Member.select(Member.failed_sign_ins).where(Member.id == zoe.member).first()
    assert row is not None
    assert row["failed_sign_ins"] == 4


async def test_right_guess_among_many_at_once_does_not_slip_past_the_lock(zoe: Actor, office: Office) -> None:
    transaction = office.owner.transaction()
    await transaction.start()
    await office.owner.execute(
        "UPDATE member SET failed_sign_ins = 6, locked_until = $2 WHERE id = $1", zoe.member, NOW + 2 * SECOND
    )

    async def let_go() -> None:
        await until_waiting(office.owner, 1)
        await transaction.commit()

    results = await race(enter(), let_go())
    assert isinstance(results[0], SignInFailed), results
    assert await Session.count() == 0


async def test_session_ends_when_idle_for_an_hour(zoe: Actor) -> None:
    signed = await enter()
    assert await find_session(signed.token, now=NOW + IDLE - SECOND) is not None
    assert await find_session(signed.token, now=NOW + IDLE - SECOND + IDLE - SECOND) is not None
    later = NOW + 2 * (IDLE - SECOND) + IDLE
    assert await find_session(signed.token, now=later) is None


async def test_session_ends_after_twelve_hours_however_busy(zoe: Actor) -> None:
    signed = await enter()
    half_hours = int(ABSOLUTE / timedelta(minutes=30))
    for passed in range(1, half_hours):
        assert await find_session(signed.token, now=NOW + passed * timedelta(minutes=30)) is not None
    assert await find_session(signed.token, now=NOW + ABSOLUTE) is None


async def test_use_is_noted_once_a_minute(zoe: Actor, office: Office) -> None:
    signed = await enter()
    async with assert_nothing_changed(office.owner):
        await find_session(signed.token, now=NOW + timedelta(seconds=59))
    await find_session(signed.token, now=NOW + timedelta(seconds=61))
    assert (await list_sessions(actor=zoe, now=NOW))[0].seen_at == NOW + timedelta(seconds=61)


@pytest.mark.parametrize("token", ["", "x", "é" * 50, "0" * 10_000])
async def test_forged_cookie_is_nobody(zoe: Actor, token: str) -> None:
    assert await find_session(token, now=NOW) is None


async def test_suspended_member_is_out_at_once(zoe: Actor) -> None:
    signed = await enter()
    await Member.update({Member.state: "suspended"}).where(Member.id == zoe.member)
    assert await find_session(signed.token, now=NOW) is None
    with pytest.raises(SignInFailed):
        await enter()


async def test_signing_out_ends_the_session_once(zoe: Actor, office: Office) -> None:
    signed = await enter()
    await sign_out(signed.session.id, actor=zoe, now=NOW)
    assert await find_session(signed.token, now=NOW) is None
    await assert_audited("session.signed_out", actor=zoe.id)
    async with assert_nothing_changed(office.owner):
        await sign_out(signed.session.id, actor=zoe, now=NOW)
    assert (await actions()).count("session.signed_out") == 1


async def test_sessions_of_others_are_not_seen_and_not_ended(zoe: Actor, office: Office) -> None:
    signed = await enter()
    assert await list_sessions(actor=office.people.leo, now=NOW) == []
    for session in (signed.session.id, uuid4()):
        async with assert_refused(NotFound, office.owner):
            await sign_out(session, actor=office.people.leo, now=NOW)


async def test_own_sessions_are_listed_last_seen_first(zoe: Actor) -> None:
    first, second = await enter(), await enter(now=NOW + timedelta(minutes=5))
    listed = await list_sessions(actor=zoe, now=NOW + timedelta(minutes=6))
    assert [each.id for each in listed] == [second.session.id, first.session.id]
    assert await list_sessions(actor=zoe, now=NOW + timedelta(hours=13)) == []
