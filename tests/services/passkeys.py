"""How Zoe adds a passkey and signs in with it, and what may be wrong with a device."""

from collections.abc import Callable

from govern.domain.members import Actor
from govern.services.passkeys import (
    PasskeyInfo,
    PasskeyRequest,
    begin_add_passkey,
    begin_passkey_sign_in,
    finish_add_passkey,
    finish_passkey_sign_in,
)
from govern.services.sessions import SignedIn
from govern.settings import Settings
from tests.authenticator import Authenticator
from tests.factories import NOW

Spoil = Callable[[Authenticator], None]


async def add(actor: Actor, device: Authenticator, settings: Settings, *, name: str = "Phone") -> PasskeyInfo:
    asked = await begin_add_passkey(actor=actor, settings=settings, now=NOW)
    return await finish_add_passkey(
        step=asked.step, name=name, answer=device.create(asked.options), actor=actor, settings=settings, now=NOW
    )


async def begin(settings: Settings, step: str | None = None) -> PasskeyRequest:
    return await begin_passkey_sign_in(step=step, settings=settings, now=NOW)


async def answer(asked: PasskeyRequest, said: str, settings: Settings) -> SignedIn:
    return await finish_passkey_sign_in(step=asked.step, answer=said, user_agent="Firefox", settings=settings, now=NOW)


def elsewhere(device: Authenticator) -> None:
    device.origin = "https://govern.evil.example"


def other_site(device: Authenticator) -> None:
    device.rp_id = "evil.example"


def unverified(device: Authenticator) -> None:
    device.verifying = False
