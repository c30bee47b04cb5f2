"""What a form asks of a member whose last proof is too old: a code, a passkey, or the password where nothing else is."""

from typing import Any

from litestar import Request

from govern.domain.actions import Decision
from govern.domain.members import Actor
from govern.services.second_factors import second_factors
from govern.settings import Settings
from govern.web.auth import CSRF_FIELD, PROOF_FIELDS
from govern.web.panel.views import View

MAX_FIELDS = 60
FRESH_RULES = "fresh."


class Proof(View, frozen=True, kw_only=True):
    """Which field a form draws: none while the member is fresh."""

    fresh: bool
    code: bool = False
    """A code of the authenticator app, or a recovery code."""
    passkey: bool = False
    password: bool = False


async def proof_of(actor: Actor, settings: Settings) -> Proof:
    """Say how this member can prove who they are, if they must; in production a password is no proof."""
    if actor.fresh:
        return Proof(fresh=True)
    factors = await second_factors(actor=actor)
    return Proof(
        fresh=False,
        code=factors.totp or (bool(factors) and factors.recovery_left > 0),
        passkey=factors.passkeys > 0,
        password=not factors and not settings.production,
    )


def asks_proof(decision: Decision) -> bool:
    """Tell whether only a fresh proof is missing: what is possible with it is drawn, with the field for it."""
    return str(decision.rule or "").startswith(FRESH_RULES)


async def typed_fields(request: Request[Any, Any, Any]) -> list[tuple[str, str]]:
    """Return what was typed, without tokens and proofs, to send it again."""
    given = list((await request.form()).multi_items())[:MAX_FIELDS]
    return [(name, str(value)) for name, value in given if name not in PROOF_FIELDS and name != CSRF_FIELD]
