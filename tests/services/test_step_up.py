"""Proving again who one is: the session gets a new secret and is fresh; a new password does the same."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from govern.domain.members import Actor, NotSignedIn, SignInDelayed, SignInFailed, WeakPassword
from govern.domain.sign_in import NoSecondFactor, ProofRefused, StepOver
from govern.services.sessions import SignedIn, find_session
from govern.services.step_up import change_password, step_up
from govern.settings import Env, Settings
from tests.asserts import actions, assert_audited, assert_refused, race
from tests.factories import NOW
from tests.services.conftest import Office
from tests.services.signing_in import ADDRESS, PASSWORD, SECOND, add_totp, ask, enter, fail, finish, wrong

LATER = NOW + timedelta(minutes=20)
NEXT = "quite another walk"


async def prove(session: UUID, secret: str, actor: Actor, settings: Settings, *, now: datetime = LATER) -> SignedIn:
    return await step_up(session_id=session, secret=secret, actor=actor, address=ADDRESS, settings=settings, now=now)


async def change(signed: SignedIn, actor: Actor, *, old: str = PASSWORD, new: str = NEXT) -> SignedIn:
    return await change_password(
        old=old, new=new, session_id=signed.session.id, actor=actor, now=LATER, address=ADDRESS
    )


async def test_code_makes_the_session_fresh_and_the_old_cookie_dies(zoe: Actor, config: Settings) -> None:
    before = await enter()
    app, _ = await add_totp(zoe, config)
    assert not before.session.is_fresh(LATER)
    after = await prove(before.session.id, app.at(LATER), zoe, config)
    assert await find_session(before.token, now=LATER) is None
    assert (after.session.id, after.session.factors) == (before.session.id, ("password", "totp"))
    assert after.session.is_fresh(LATER)
    entry = await assert_audited("session.stepped_up", actor=zoe.id, factor="totp")
    assert entry["object"]["id"] == str(before.session.id)
    assert "session.sign_in_failed" not in await actions()


async def test_recovery_code_does_too_once(zoe: Actor, config: Settings) -> None:
    session = (await enter()).session.id
    _, codes = await add_totp(zoe, config)
    assert (await prove(session, codes[0], zoe, config)).session.is_fresh(LATER)
    await assert_audited("recovery.code_used", actor=zoe.id, left=9)
    with pytest.raises(ProofRefused):
        await prove(session, codes[0], zoe, config)


async def test_password_is_enough_for_who_has_nothing_else_but_not_in_production(
    zoe: Actor, config: Settings, office: Office
) -> None:
    session = (await enter()).session.id
    async with assert_refused(NoSecondFactor, office.owner):
        await prove(session, PASSWORD, zoe, msgspec.structs.replace(config, env=Env.PRODUCTION))
    assert (await prove(session, PASSWORD, zoe, config)).session.is_fresh(LATER)
    await assert_audited("session.stepped_up", actor=zoe.id, factor="password")


async def test_password_is_not_enough_for_who_has_a_second_factor(zoe: Actor, config: Settings) -> None:
    session = (await enter()).session.id
    await add_totp(zoe, config)
    with pytest.raises(ProofRefused):
        await prove(session, PASSWORD, zoe, config)


async def test_wrong_proof_changes_nothing_and_counts_like_a_failed_sign_in(zoe: Actor, config: Settings) -> None:
    signed = await enter()
    app, _ = await add_totp(zoe, config)
    for _ in range(5):
        with pytest.raises(ProofRefused):
            await prove(signed.session.id, wrong(app, LATER), zoe, config)
    await assert_audited("session.locked", outcome="denied", failures=5)
    with pytest.raises(SignInDelayed):
        await prove(signed.session.id, app.at(LATER), zoe, config)
    found = await find_session(signed.token, now=LATER)
    assert found is not None
    assert not found.is_fresh(LATER)
    unlocked = LATER + 2 * SECOND
    assert (await prove(signed.session.id, app.at(unlocked), zoe, config, now=unlocked)).session.is_fresh(unlocked)


async def test_one_proves_for_a_session_of_ones_own(zoe: Actor, config: Settings, office: Office) -> None:
    signed = await enter()
    app, _ = await add_totp(office.people.leo, config)
    for session in (signed.session.id, uuid4()):
        with pytest.raises(NotSignedIn):
            await prove(session, app.at(LATER), office.people.leo, config)
    assert await find_session(signed.token, now=LATER) is not None
    assert "session.stepped_up" not in await actions()


async def test_one_code_sent_twice_at_once_proves_once(zoe: Actor, config: Settings) -> None:
    session = (await enter()).session.id
    app, _ = await add_totp(zoe, config)
    results = await race(*(prove(session, app.at(LATER), zoe, config) for _ in range(3)))
    assert sum(isinstance(result, SignedIn) for result in results) == 1, results


async def test_new_password_ends_the_other_sessions_and_this_ones_cookie(zoe: Actor) -> None:
    here, there = await enter(), await enter()
    after = await change(here, zoe)
    assert after.session.id == here.session.id
    assert [await find_session(each.token, now=LATER) for each in (here, there)] == [None, None]
    assert await find_session(after.token, now=LATER) is not None
    await assert_audited("member.password_set", actor=zoe.id)
    assert (await actions()).count("session.signed_out") == 1
    with pytest.raises(SignInFailed):
        await enter()
    assert (await enter(NEXT, now=LATER)).session.member.id == zoe.member


async def test_new_password_ends_a_sign_in_that_is_half_done(zoe: Actor, config: Settings) -> None:
    here = await enter()
    app, _ = await add_totp(zoe, config)
    step = await ask(now=LATER)
    await change(here, zoe)
    with pytest.raises(StepOver):
        await finish(step, app.at(LATER), now=LATER)


async def test_old_password_cannot_be_guessed_by_who_stole_the_session(zoe: Actor) -> None:
    here = await enter()
    for _ in range(5):
        with pytest.raises(ProofRefused):
            await change(here, zoe, old="a guess of a thief")
    with pytest.raises(SignInDelayed):
        await change(here, zoe)
    assert "member.password_set" not in await actions()


async def test_weak_password_is_refused_before_anything_is_tried(zoe: Actor, office: Office) -> None:
    here = await enter()
    for weak in ("short", "x" * 12, "motdepasse123", "y" * 129):
        async with assert_refused(WeakPassword, office.owner):
            await change(here, zoe, new=weak)


async def test_delay_of_a_sign_in_holds_for_a_new_password_as_well(zoe: Actor, office: Office) -> None:
    here = await enter()
    await fail(5, now=LATER)
    async with assert_refused(SignInDelayed, office.owner):
        await change(here, zoe)


async def test_password_is_changed_once_of_two_at_once(zoe: Actor) -> None:
    here = await enter()
    results = await race(change(here, zoe), change(here, zoe, new="one more long walk"))
    assert sum(isinstance(result, SignedIn) for result in results) == 1, results
    assert (await actions()).count("member.password_set") == 1
