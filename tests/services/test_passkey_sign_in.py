"""Signing in with a passkey: only ours, only here, only once, only after the device checked the person."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest

from govern.domain.members import Actor, NotSignedIn
from govern.domain.sign_in import Factor, ProofRefused, StepOver
from govern.services.passkeys import (
    PasskeyRequest,
    begin_step_up_passkey,
    finish_add_passkey,
    finish_passkey_sign_in,
    finish_step_up_passkey,
    list_passkeys,
)
from govern.services.sessions import SignedIn, find_session
from govern.services.sign_in import SecondStep
from govern.settings import Settings
from govern.tables import Member, Session
from tests.asserts import actions, assert_audited, assert_refused, race
from tests.authenticator import Authenticator
from tests.factories import NOW
from tests.hand import by_hand
from tests.services.conftest import Office
from tests.services.passkeys import Spoil, add, answer, begin, elsewhere, other_site, unverified
from tests.services.signing_in import add_totp, ask, enter, fail, finish

LATER = NOW + timedelta(minutes=20)


async def test_passkey_signs_in_by_itself_and_is_two_factors(
    zoe: Actor, phone: Authenticator, config: Settings
) -> None:
    asked = await begin(config)
    assert json.loads(asked.options)["allowCredentials"] == []
    signed = await answer(asked, phone.get(asked.options), config)
    assert (signed.session.member.id, signed.session.factors) == (zoe.member, ("passkey",))
    assert signed.session.second_factor
    assert signed.session.is_fresh(NOW)
    assert (await list_passkeys(actor=zoe))[0].used_at == NOW
    entry = await assert_audited("session.signed_in", actor=zoe.id)
    assert entry["actor"]["factors"] == ["passkey"]


async def test_passkey_is_the_second_step_after_a_password(zoe: Actor, phone: Authenticator, config: Settings) -> None:
    step = await ask()
    assert step.methods == (Factor.PASSKEY,)
    asked = await begin(config, step.token)
    assert len(json.loads(asked.options)["allowCredentials"]) == 1
    signed = await answer(asked, phone.get(asked.options), config)
    assert signed.session.factors == ("password", "passkey")
    with pytest.raises(StepOver):
        await begin(config, step.token)


async def test_second_step_stays_open_for_a_code_when_the_passkey_fails(
    zoe: Actor, phone: Authenticator, config: Settings
) -> None:
    app, codes = await add_totp(zoe, config)
    assert app.secret
    step = await ask()
    assert step.methods == (Factor.PASSKEY, Factor.TOTP, Factor.RECOVERY)
    asked = await begin(config, step.token)
    with pytest.raises(ProofRefused):
        await answer(asked, phone.get(asked.options, origin="https://evil.example"), config)
    assert (await finish(step, codes[0])).session.member.id == zoe.member


async def test_passkey_is_not_delayed_by_failures(zoe: Actor, phone: Authenticator, config: Settings) -> None:
    await fail(6)
    asked = await begin(config)
    await answer(asked, phone.get(asked.options), config)


def handle_of_another(device: Authenticator) -> None:
    device.handle = uuid4().bytes


def other_key(device: Authenticator) -> None:
    device.key = Authenticator().key


@pytest.mark.parametrize("spoil", [elsewhere, other_site, unverified, handle_of_another, other_key])
async def test_wrong_answer_opens_nothing_and_is_recorded(
    zoe: Actor, phone: Authenticator, config: Settings, spoil: Spoil
) -> None:
    spoil(phone)
    asked = await begin(config)
    with pytest.raises(ProofRefused):
        await answer(asked, phone.get(asked.options), config)
    assert await Session.count() == 0
    entry = await assert_audited("session.sign_in_failed", outcome="denied", reason="passkey_refused")
    assert entry["object"]["id"] == str(zoe.member)


async def test_challenge_is_answered_once(zoe: Actor, phone: Authenticator, config: Settings) -> None:
    asked = await begin(config)
    said = phone.get(asked.options)
    await answer(asked, said, config)
    with pytest.raises(StepOver):
        await answer(asked, said, config)
    with pytest.raises(ProofRefused):
        await answer(await begin(config), said, config)
    spoiled = await begin(config)
    with pytest.raises(ProofRefused):
        await answer(spoiled, "{}", config)
    with pytest.raises(StepOver):
        await answer(spoiled, phone.get(spoiled.options), config)


async def test_challenge_is_good_for_five_minutes(zoe: Actor, phone: Authenticator, config: Settings) -> None:
    asked = await begin(config)
    with pytest.raises(StepOver):
        await finish_passkey_sign_in(
            step=asked.step,
            answer=phone.get(asked.options),
            user_agent="",
            settings=config,
            now=NOW + timedelta(minutes=5),
        )


async def test_answer_sent_twice_at_once_opens_one_session(zoe: Actor, phone: Authenticator, config: Settings) -> None:
    asked = await begin(config)
    said = phone.get(asked.options)
    results = await race(*(answer(asked, said, config) for _ in range(4)))
    assert sum(isinstance(result, SignedIn) for result in results) == 1, results


@pytest.mark.parametrize("count", [0, 1, 2])
async def test_counter_that_does_not_rise_may_be_a_copy(
    zoe: Actor, phone: Authenticator, config: Settings, count: int
) -> None:
    first = await begin(config)
    await answer(first, phone.get(first.options), config)
    assert phone.count == 2
    phone.count = max(count - 1, 0)
    asked = await begin(config)
    with pytest.raises(ProofRefused):
        await answer(asked, phone.get(asked.options), config)
    await assert_audited("session.sign_in_failed", outcome="denied", reason="counter_fell")
    assert await Session.count() == 1


async def test_device_that_does_not_count_signs_in_again_and_again(zoe: Actor, config: Settings) -> None:
    """privacyidea#4391: a counter that stays 0 is legal."""
    device = Authenticator(counting=False)
    await add(zoe, device, config)
    for _ in range(3):
        asked = await begin(config)
        await answer(asked, device.get(asked.options), config)


async def test_unknown_passkey_is_refused_without_an_entry(zoe: Actor, config: Settings) -> None:
    before, asked = await actions(), await begin(config)
    with pytest.raises(ProofRefused):
        await answer(asked, Authenticator().get(asked.options), config)
    assert await actions() == before


async def test_passkey_of_another_is_no_second_step_and_no_proof(
    zoe: Actor, phone: Authenticator, config: Settings, office: Office
) -> None:
    leos = Authenticator()
    await add(office.people.leo, leos, config)
    asked = await begin(config, (await ask()).token)
    with pytest.raises(ProofRefused):
        await answer(asked, leos.get(asked.options), config)
    signed = await zoe_inside(phone, config)
    up = await begin_step_up_passkey(session_id=signed.session.id, actor=zoe, settings=config, now=LATER)
    with pytest.raises(ProofRefused):
        await prove(up, leos.get(up.options), signed, zoe, config)


@pytest.mark.parametrize("state", ["suspended", "left"])
async def test_passkey_of_who_may_not_act_opens_nothing(
    zoe: Actor, phone: Authenticator, config: Settings, state: str
) -> None:
    asked = await begin(config)
    await by_hand(Member.update({Member.state: state}).where(Member.id == zoe.member))
    with pytest.raises(ProofRefused):
        await answer(asked, phone.get(asked.options), config)


async def zoe_inside(phone: Authenticator, config: Settings) -> SignedIn:
    asked = await begin(config)
    return await answer(asked, phone.get(asked.options), config)


async def prove(asked: PasskeyRequest, said: str, signed: SignedIn, actor: Actor, settings: Settings) -> SignedIn:
    return await finish_step_up_passkey(
        step=asked.step, answer=said, session_id=signed.session.id, actor=actor, settings=settings, now=LATER
    )


async def test_passkey_makes_a_session_fresh_and_its_old_cookie_dies(zoe: Actor, config: Settings) -> None:
    before, device = await enter(), Authenticator()
    await add(zoe, device, config)
    asked = await begin_step_up_passkey(session_id=before.session.id, actor=zoe, settings=config, now=LATER)
    after = await prove(asked, device.get(asked.options), before, zoe, config)
    assert await find_session(before.token, now=LATER) is None
    assert after.session.is_fresh(LATER)
    assert (after.session.id, after.session.factors) == (before.session.id, ("password", "passkey"))
    await assert_audited("session.stepped_up", actor=zoe.id, factor="passkey")


async def test_proof_is_for_the_session_that_asked(
    zoe: Actor, phone: Authenticator, config: Settings, office: Office
) -> None:
    one, two = await zoe_inside(phone, config), await zoe_inside(phone, config)
    asked = await begin_step_up_passkey(session_id=one.session.id, actor=zoe, settings=config, now=LATER)
    with pytest.raises(StepOver):
        await prove(asked, phone.get(asked.options), two, zoe, config)
    assert "session.stepped_up" not in await actions()
    for session in (one.session.id, uuid4()):
        async with assert_refused(NotSignedIn, office.owner):
            await begin_step_up_passkey(session_id=session, actor=office.people.leo, settings=config, now=LATER)


async def test_answer_to_one_question_is_none_to_another(zoe: Actor, phone: Authenticator, config: Settings) -> None:
    """A step of signing in is no step of adding, and a second step without a challenge waits for no passkey."""
    asked = await begin(config)
    with pytest.raises(StepOver):
        await finish_add_passkey(step=asked.step, name="x", answer="{}", actor=zoe, settings=config, now=NOW)
    step = await ask()
    with pytest.raises(StepOver):
        await answer(PasskeyRequest(step=step.token, options=asked.options), phone.get(asked.options), config)


async def test_forged_steps_are_over(zoe: Actor, phone: Authenticator, config: Settings) -> None:
    for token in ("", "forged"):
        with pytest.raises(StepOver):
            await begin(config, SecondStep(token=token, methods=()).token)
        with pytest.raises(StepOver):
            await answer(PasskeyRequest(step=token, options=""), "{}", config)
