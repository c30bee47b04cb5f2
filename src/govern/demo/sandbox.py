"""What the seeding asks of the X sandbox: accounts with keys, and customers who write."""

from typing import Any

import httpx

from govern.errors import N_, Unavailable
from govern.settings import Settings
from govern.xapi.credentials import Credentials

_TIMEOUT = 10.0


class SandboxAway(Unavailable):
    code = "demo.sandbox_away"
    template = N_("The X sandbox at {address} does not answer as it should: {reason}. The demo company needs it.")


async def make_account(settings: Settings, *, handle: str, name: str) -> Credentials:
    """Return the keys of an account, which the sandbox makes on first use."""
    made = await _post(settings, "accounts", {"handle": handle, "name": name})
    fields = ("api_key", "api_secret", "access_token", "access_token_secret")
    return Credentials(**{field: str(made[field]) for field in fields})


async def write_as_customer(settings: Settings, *, kind: str, sender: str, to: str, text: str) -> str:
    """Let a customer mention one of our accounts, or write to it in private; returns the id on X."""
    written = await _post(settings, "inbound", {"kind": kind, "from": sender, "to": to, "text": text})
    return str(written["id"])


async def _post(settings: Settings, what: str, body: dict[str, str]) -> dict[str, Any]:
    address = f"{settings.x_base_url.rstrip('/')}/_sandbox/{what}"
    try:
        async with httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False) as client:
            answer = await client.post(address, json=body)
            answer.raise_for_status()
            found: dict[str, Any] = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise SandboxAway(address=settings.x_base_url, reason=str(error) or type(error).__name__) from error
    return found
