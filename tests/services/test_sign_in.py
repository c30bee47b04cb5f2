"""Signing in: one answer for every failure, a second step where there is a second factor, codes that work once."""

from datetime import timedelta
from uuid import uuid4

import argon2
import pytest

from govern.domain.members import Actor, SignInFailed
from govern.domain.sign_in import Factor, ProofRefused, StepOver
from govern.services import passwords
from govern.services.sessions import SignedIn, find_session
from govern.services.sign_in import SecondStep
from govern.settings import Settings
from govern.tables import Challenge, Member, Session, Totp
from tests.asserts import actions, assert_audited, assert_refused, race
from tests.factories import NOW
from tests.hand import by_hand
from tests.sending import until_waiting
from tests.services.conftest import Office
from tests.services.signing_in import (
    EMAIL,
    METHODS,
    PASSWORD,
    SECOND,
    STEP,
    add_totp,
    ask,
    enter,
    fail,
    finish,
    try_to_enter,
    wrong,
)


async def test_right_password_opens_a_session_that_is_recorded(zoe: Actor) -> None:
    signed = await try_to_enter(email=" ZOE@example.com ")
    assert isinstance(signed, SignedIn)
    session = signed.session
    assert (session.member.id, session.factors, session.fresh_at) == (zoe.member, ("password",), NOW)
    assert len(session.user_agent) == 200
    assert not session.second_factor
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
    await by_hand(Member.update({Member.state: "suspended"}).where(Member.email == "leo@example.com"))
    await by_hand(Member.update({Member.password_hash: None}).where(Member.email == "mia@example.com"))
    said = []
    for email, password in (
        ("nobody@example.com", PASSWORD),
        (EMAIL, "wrong"),
        ("leo@example.com", PASSWORD),
        ("mia@example.com", ""),
        ("", ""),
        ("zoe\0@example.com", "\0"),
        (EMAIL, "x" * 5000),
    ):
        with pytest.raises(SignInFailed) as refused:
            await try_to_enter(password, email=email)
        said.append((refused.value.code, refused.value.detail, refused.value.data))
    assert len({str(each) for each in said}) == 1


async def test_failure_is_recorded_against_the_member_without_what_was_typed(zoe: Actor, office: Office) -> None:
    with pytest.raises(SignInFailed):
        await enter("my secret of another site")
    entry = await assert_audited("session.sign_in_failed", outcome="denied", failures=1, reason="wrong_password")
    assert entry["object"]["id"] == str(zoe.member)
    assert "secret" not in await office.owner.fetchval("SELECT string_agg(entry, '') FROM audit.entry")


async def test_password_changed_in_the_meantime_opens_nothing(zoe: Actor, office: Office) -> None:
    change = office.owner.transaction()
    await change.start()
    await office.owner.execute("UPDATE member SET password_hash = 'another' WHERE id = $1", zoe.member)

    async def let_go() -> None:
        await until_waiting(office.owner, 1)
        await change.commit()

    results = await race(try_to_enter(), let_go())
    assert isinstance(results[0], SignInFailed), results
    assert await Session.count() == 0


async def test_password_hashed_with_less_work_is_hashed_anew(zoe: Actor) -> None:
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    await by_hand(Member.update({Member.password_hash: weak}).where(Member.id == zoe.member))
    with pytest.raises(SignInFailed):
        await enter("wrong")
    await enter()
    row = await Member.select(Member.password_hash).where(Member.id == zoe.member).first()
    assert row is not None
    assert row["password_hash"] != weak
    assert not passwords.is_outdated(row["password_hash"])
    entry = await assert_audited("member.password_rehashed")
    assert entry["object"]["id"] == str(zoe.member)
    await enter()


async def test_second_factor_is_asked_for_before_there_is_a_session(zoe: Actor, config: Settings) -> None:
    app, _ = await add_totp(zoe, config)
    later = NOW + STEP
    step = await ask(now=later)
    assert step.methods == METHODS
    assert step.token not in repr(step)
    assert await find_session(step.token, now=later) is None
    assert await Session.count() == 0
    signed = await finish(step, f" {app.at(later)[:3]} {app.at(later)[3:]} ", now=later)
    assert (signed.session.factors, signed.session.second_factor) == (("password", "totp"), True)
    entry = await assert_audited("session.signed_in", actor=zoe.id)
    assert entry["actor"]["factors"] == ["password", "totp"]


async def test_recovery_code_stands_in_however_it_is_written_and_is_told(zoe: Actor, config: Settings) -> None:
    _, codes = await add_totp(zoe, config)
    signed = await finish(await ask(), codes[0].replace("-", " ").upper())
    assert signed.session.factors == ("password", "recovery")
    entry = await assert_audited("recovery.code_used", actor=zoe.id, left=9)
    assert entry["object"]["id"] == str(zoe.member)
    with pytest.raises(ProofRefused):
        await finish(await ask(), codes[0])


async def test_wrong_code_counts_and_leaves_the_step_open(zoe: Actor, config: Settings) -> None:
    app, _ = await add_totp(zoe, config)
    later = NOW + STEP
    step = await ask(now=later)
    for _ in range(2):
        with pytest.raises(ProofRefused):
            await finish(step, wrong(app, later), now=later)
    await assert_audited("session.sign_in_failed", outcome="denied", failures=2, reason="wrong_code")
    assert (await finish(step, app.at(later), now=later)).session.member.id == zoe.member


async def test_step_is_over_after_five_tries_however_long_one_waits_between(zoe: Actor, config: Settings) -> None:
    app, _ = await add_totp(zoe, config)
    step = await ask()
    for passed in range(5):
        with pytest.raises(ProofRefused):
            await finish(step, wrong(app, NOW), now=NOW + passed * SECOND)
    later = NOW + timedelta(minutes=4)
    with pytest.raises(StepOver):
        await finish(step, app.at(later), now=later)


async def test_knowing_the_password_does_not_reset_the_count_of_wrong_codes(zoe: Actor, config: Settings) -> None:
    app, _ = await add_totp(zoe, config)
    for _ in range(2):
        step = await ask()
        for _ in range(2):
            with pytest.raises(ProofRefused):
                await finish(step, wrong(app, NOW))
    with pytest.raises(ProofRefused):
        await finish(await ask(), wrong(app, NOW))
    await assert_audited("session.locked", outcome="denied", failures=5, seconds=2)


async def test_step_is_good_for_five_minutes_and_once(zoe: Actor, config: Settings) -> None:
    app, _ = await add_totp(zoe, config)
    step, other = await ask(), await ask()
    late = NOW + timedelta(minutes=5)
    with pytest.raises(StepOver):
        await finish(step, app.at(late), now=late)
    later = NOW + STEP
    await finish(other, app.at(later), now=later)
    with pytest.raises(StepOver):
        await finish(other, app.at(later + STEP), now=later + STEP)


@pytest.mark.parametrize("token", ["", "forged", "é" * 200])
async def test_forged_step_is_over(zoe: Actor, token: str) -> None:
    with pytest.raises(StepOver):
        await finish(SecondStep(token=token, methods=()), "123456")


async def test_step_of_one_answered_twice_at_once_opens_one_session(zoe: Actor, config: Settings) -> None:
    _, codes = await add_totp(zoe, config)
    step = await ask()
    results = await race(*(finish(step, code) for code in codes[:3]))
    assert sum(isinstance(result, SignedIn) for result in results) == 1, results
    assert await Session.count() == 1


async def test_member_suspended_between_the_steps_does_not_get_in(zoe: Actor, config: Settings) -> None:
    app, _ = await add_totp(zoe, config)
    step = await ask(now=NOW + STEP)
    await by_hand(Member.update({Member.state: "suspended"}).where(Member.id == zoe.member))
    with pytest.raises(SignInFailed):
        await finish(step, app.at(NOW + STEP), now=NOW + STEP)
    assert await Session.count() == 0


async def test_old_steps_are_forgotten(zoe: Actor, config: Settings) -> None:
    await add_totp(zoe, config)
    for passed in range(3):
        await ask(now=NOW + passed * timedelta(minutes=6))
    assert await Challenge.count() == 1


async def test_unconfirmed_app_is_not_asked_for(zoe: Actor, config: Settings) -> None:
    await Totp.insert(Totp(id=uuid4(), member=zoe.member, pending=b"x", created_at=NOW))
    assert (await enter()).session.factors == ("password",)


async def test_refusals_of_a_step_change_nothing_but_the_counts(zoe: Actor, config: Settings, office: Office) -> None:
    await add_totp(zoe, config)
    async with assert_refused(StepOver, office.owner):
        await finish(SecondStep(token="x", methods=()), "123456")
    await fail(1)
    assert (await actions())[-1] == "session.sign_in_failed"


async def test_factors_are_words_of_the_log() -> None:
    assert [factor.value for factor in Factor] == ["password", "totp", "recovery", "passkey"]
