"""How Zoe signs in, in short words."""

from datetime import datetime, timedelta

import pyotp
import pytest

from govern.domain.members import Actor, SignInFailed
from govern.domain.sign_in import Factor
from govern.services.sessions import SignedIn
from govern.services.sign_in import SecondStep, finish_sign_in, sign_in
from govern.services.totp import begin_totp, confirm_totp
from govern.settings import Settings
from govern.tables import SignInFailure
from tests.factories import NOW

PASSWORD = "a long walk home"
EMAIL = "zoe@example.com"
ADDRESS = "203.0.113.7"
SECOND = timedelta(seconds=1)
STEP = timedelta(seconds=30)


async def try_to_enter(
    password: str = PASSWORD, *, email: str = EMAIL, address: str = ADDRESS, now: datetime = NOW
) -> SignedIn | SecondStep:
    return await sign_in(email=email, password=password, address=address, user_agent="Firefox " * 50, now=now)


async def enter(password: str = PASSWORD, *, now: datetime = NOW) -> SignedIn:
    """Sign in with a password alone."""
    signed = await try_to_enter(password, now=now)
    assert isinstance(signed, SignedIn)
    return signed


async def ask(*, now: datetime = NOW) -> SecondStep:
    """Sign in as far as the second factor."""
    step = await try_to_enter(now=now)
    assert isinstance(step, SecondStep)
    return step


async def finish(step: SecondStep, code: str, *, now: datetime = NOW) -> SignedIn:
    return await finish_sign_in(step=step.token, code=code, address=ADDRESS, user_agent="Firefox", now=now)


async def fail(times: int, *, email: str = EMAIL, address: str = ADDRESS, now: datetime = NOW) -> None:
    for _ in range(times):
        with pytest.raises(SignInFailed):
            await try_to_enter("wrong", email=email, address=address, now=now)


async def failures() -> list[int]:
    """Return the counts that are kept, of e-mail addresses and networks alike, the highest first."""
    found = await SignInFailure.select(SignInFailure.failures)
    return sorted((row["failures"] for row in found), reverse=True)


async def add_totp(actor: Actor, settings: Settings, *, now: datetime = NOW) -> tuple[pyotp.TOTP, tuple[str, ...]]:
    """Set up an app; return it, and the recovery codes."""
    app = pyotp.TOTP((await begin_totp(actor=actor, settings=settings, now=now)).secret)
    return app, await confirm_totp(code=app.at(now), actor=actor, now=now)


def wrong(app: pyotp.TOTP, now: datetime) -> str:
    """Return a code that does not fit now nor near now."""
    near = {app.at(now, counter_offset=offset) for offset in range(-2, 3)}
    return next(code for code in ("000000", "111111", "222222", "333333", "444444", "555555") if code not in near)


METHODS = (Factor.TOTP, Factor.RECOVERY)
