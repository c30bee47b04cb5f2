"""The authenticator app and its recovery codes: sealed or hashed, each code once, changed only by who is fresh."""

from datetime import timedelta

import msgspec
import pyotp
import pytest

from govern.domain.members import Actor, token_actor
from govern.domain.sign_in import LastSecondFactor, NoSecondFactor, NotFresh, ProofRefused, WrongCode
from govern.errors import Denied
from govern.services.recovery_codes import count_recovery_codes, new_recovery_codes
from govern.services.second_factors import second_factors
from govern.services.sessions import SignedIn
from govern.services.totp import SecretUnreadable, begin_totp, confirm_totp, pending_totp, remove_totp, use_totp
from govern.settings import Env, Settings
from govern.tables import RecoveryCode, Totp
from tests.asserts import actions, assert_audited, assert_nothing_changed, assert_refused, race
from tests.factories import NOW, make_member
from tests.services.conftest import Office
from tests.services.signing_in import STEP, add_totp, ask, enter, finish, wrong

LATER = NOW + STEP


def stale(actor: Actor) -> Actor:
    """Return the same person in a session that proved nothing lately."""
    return msgspec.structs.replace(actor, fresh=False)


def production(config: Settings) -> Settings:
    return msgspec.structs.replace(config, env=Env.PRODUCTION)


async def test_app_counts_once_a_code_of_it_was_typed(zoe: Actor, config: Settings) -> None:
    setup = await begin_totp(actor=zoe, settings=config, now=NOW)
    assert setup.secret not in repr(setup)
    assert setup.uri.startswith("otpauth://totp/govern:zoe%40example.com?secret=")
    assert not (await second_factors(actor=zoe)).totp
    codes = await confirm_totp(code=pyotp.TOTP(setup.secret).at(NOW), actor=zoe, now=NOW)
    found = await second_factors(actor=zoe)
    assert (found.totp, found.passkeys, found.recovery_left) == (True, 0, 10)
    assert len(set(codes)) == 10
    assert all(len(code.replace("-", "")) == 16 for code in codes)
    assert (await actions())[-2:] == ["totp.added", "recovery.codes_made"]


async def test_secret_and_codes_are_kept_nowhere_as_they_are(zoe: Actor, config: Settings, office: Office) -> None:
    app, codes = await add_totp(zoe, config)
    kept = "".join(
        [
            await office.owner.fetchval("SELECT string_agg(t::text, '') FROM totp t"),
            await office.owner.fetchval("SELECT string_agg(t::text, '') FROM recovery_code t"),
            await office.owner.fetchval("SELECT string_agg(entry, '') FROM audit.entry"),
        ]
    )
    for secret in (app.secret, app.secret.encode().hex(), *codes, *(code.replace("-", "") for code in codes)):
        assert secret not in kept
        assert secret.upper() not in kept.upper()


async def test_wrong_code_confirms_nothing_and_the_same_secret_is_shown_again(
    zoe: Actor, config: Settings, office: Office
) -> None:
    assert await pending_totp(actor=zoe, settings=config, now=NOW) is None
    async with assert_refused(WrongCode, office.owner):
        await confirm_totp(code="123456", actor=zoe, now=NOW)
    setup = await begin_totp(actor=zoe, settings=config, now=NOW)
    for code in (wrong(pyotp.TOTP(setup.secret), NOW), "", "x" * 5000, "\uff11\uff12\uff13\uff14\uff15\uff16"):
        async with assert_refused(WrongCode, office.owner):
            await confirm_totp(code=code, actor=zoe, now=NOW)
    assert await pending_totp(actor=zoe, settings=config, now=NOW) == setup


async def test_code_works_once_and_none_before_it(zoe: Actor, config: Settings) -> None:
    """pyotp#61: the step must rise."""
    app, _ = await add_totp(zoe, config)
    with pytest.raises(ProofRefused):
        await finish(await ask(), app.at(NOW))
    await finish(await ask(), app.at(LATER))
    for code in (app.at(LATER), app.at(NOW)):
        with pytest.raises(ProofRefused):
            await finish(await ask(now=LATER), code, now=LATER)


async def test_code_sent_twice_at_once_works_once(zoe: Actor, config: Settings) -> None:
    app, _ = await add_totp(zoe, config)
    steps = [await ask(now=LATER) for _ in range(3)]
    results = await race(*(finish(step, app.at(LATER), now=LATER) for step in steps))
    assert sum(isinstance(result, SignedIn) for result in results) == 1, results


@pytest.mark.parametrize(("drift", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
async def test_clock_of_the_phone_may_be_half_a_minute_wrong(
    zoe: Actor, config: Settings, drift: int, fits: bool
) -> None:
    assert zoe.member is not None
    app, _ = await add_totp(zoe, config)
    later = NOW + timedelta(hours=1)
    assert await use_totp(zoe.member, app.at(later + drift * STEP), now=later) is fits


async def test_another_app_takes_over_only_when_confirmed(zoe: Actor, config: Settings) -> None:
    old, codes = await add_totp(zoe, config)
    setup = await begin_totp(actor=zoe, settings=config, now=LATER)
    await finish(await ask(now=LATER), old.at(LATER), now=LATER)
    later = LATER + STEP
    new = pyotp.TOTP(setup.secret)
    assert await confirm_totp(code=new.at(later), actor=zoe, now=later) == ()
    assert await count_recovery_codes(actor=zoe) == len(codes)
    later += STEP
    with pytest.raises(ProofRefused):
        await finish(await ask(now=later), old.at(later), now=later)
    await finish(await ask(now=later), new.at(later), now=later)


async def test_secret_moved_to_another_member_does_not_open(zoe: Actor, config: Settings, office: Office) -> None:
    app, _ = await add_totp(zoe, config)
    leo = office.people.leo.member
    assert leo is not None
    await Totp.update({Totp.member: leo}).where(Totp.member == zoe.member)
    with pytest.raises(SecretUnreadable):
        await use_totp(leo, app.at(LATER), now=LATER)


async def test_new_recovery_codes_make_the_old_ones_worthless(zoe: Actor, config: Settings) -> None:
    _, old = await add_totp(zoe, config)
    new = await new_recovery_codes(actor=zoe, now=NOW)
    assert not set(old) & set(new)
    assert await count_recovery_codes(actor=zoe) == 10
    await assert_audited("recovery.codes_made", actor=zoe.id, codes=10)
    with pytest.raises(ProofRefused):
        await finish(await ask(), old[0])
    await finish(await ask(), new[0])
    assert await count_recovery_codes(actor=zoe) == 9


async def test_recovery_codes_stand_in_for_something(zoe: Actor, office: Office) -> None:
    async with assert_refused(NoSecondFactor, office.owner):
        await new_recovery_codes(actor=zoe, now=NOW)


async def test_code_of_one_member_is_worth_nothing_to_another(zoe: Actor, config: Settings, office: Office) -> None:
    _, codes = await add_totp(office.people.leo, config)
    await add_totp(zoe, config)
    with pytest.raises(ProofRefused):
        await finish(await ask(), codes[0])


async def test_removed_app_takes_its_recovery_codes_along(zoe: Actor, config: Settings) -> None:
    await add_totp(zoe, config)
    await remove_totp(actor=zoe, now=NOW, settings=config)
    await assert_audited("totp.removed", actor=zoe.id)
    assert not await second_factors(actor=zoe)
    assert await RecoveryCode.count() == 0
    assert (await enter()).session.factors == ("password",)
    with pytest.raises(NoSecondFactor):
        await remove_totp(actor=zoe, now=NOW, settings=config)


async def test_last_second_factor_stays_in_production(zoe: Actor, config: Settings, office: Office) -> None:
    await add_totp(zoe, config)
    async with assert_refused(LastSecondFactor, office.owner):
        await remove_totp(actor=zoe, now=NOW, settings=production(config))
    assert "totp.removed" not in await actions()


async def test_stolen_session_cannot_change_how_its_owner_signs_in(
    zoe: Actor, config: Settings, office: Office
) -> None:
    await add_totp(zoe, config)
    thief = stale(zoe)
    for attempt in (
        lambda: begin_totp(actor=thief, settings=config, now=NOW),
        lambda: pending_totp(actor=thief, settings=config, now=NOW),
        lambda: confirm_totp(code="123456", actor=thief, now=NOW),
        lambda: new_recovery_codes(actor=thief, now=NOW),
        lambda: remove_totp(actor=thief, now=NOW),
    ):
        before = await Totp.count(), await RecoveryCode.count()
        with pytest.raises(NotFresh) as refused:
            await attempt()
        assert refused.value.data["rule"] == "fresh.second_factor.change"
        assert (await Totp.count(), await RecoveryCode.count()) == before
    await assert_audited("access.denied", outcome="denied", actor=zoe.id, action="second_factor.change")


async def test_first_second_factor_needs_no_other_before_it(zoe: Actor, config: Settings) -> None:
    app, _ = await add_totp(stale(zoe), config)
    assert app.secret


async def test_token_never_changes_how_its_owner_signs_in(config: Settings, office: Office) -> None:
    leo = await make_member("theo")
    assert leo.member is not None
    token = token_actor(leo.member, "a token", leo.member)
    with pytest.raises(Denied):
        await begin_totp(actor=token, settings=config, now=NOW)
    assert await Totp.count() == 0


async def test_reading_what_one_has_changes_nothing(zoe: Actor, config: Settings, office: Office) -> None:
    await add_totp(zoe, config)
    async with assert_nothing_changed(office.owner):
        assert (await second_factors(actor=zoe)).totp
        assert await count_recovery_codes(actor=zoe) == 10
