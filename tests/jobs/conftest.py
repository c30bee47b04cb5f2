"""The company with a real sandbox behind it: accounts that exist there, keys that X accepts, times that pass."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from arq.connections import ArqRedis
from msgspec.structs import replace

from govern.access import Access
from govern.domain.accounts import Account
from govern.services import outbox
from govern.services.policies import Policies
from govern.settings import Settings
from govern.xapi.credentials import Credentials
from govern.xapi.tweepy_client import TweepyClient
from govern.xapi.vault import Vault
from tests.factories import make_company
from tests.sending import Desk, connect, make_desk
from tests.the_log import Log
from tests.xapi.conftest import Sandbox, running_sandbox, x_sandbox  # noqa: F401 - fixtures

TIMEOUT = timedelta(seconds=0.5)


def clock() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def desk(sequenced: Log, owner: asyncpg.Connection, access: Access, policies: Policies, config: Settings) -> Desk:
    """A company without an X behind it."""
    return await make_desk(owner, access, policies, config)


@pytest.fixture
async def live(
    sequenced: Log,
    owner: asyncpg.Connection,
    access: Access,
    policies: Policies,
    config: Settings,
    x_sandbox: Sandbox,  # noqa: F811 - the fixture
) -> "Live":
    """A company on the sandbox, where nobody waits to take an approval back."""
    company, vault = await make_company(), Vault.from_settings(config)
    made = {handle: x_sandbox.order("accounts", handle=handle, name=handle) for handle in ("Help", "News")}
    keys = {
        handle: Credentials(**{name: each[name] for name in Credentials.__struct_fields__})
        for handle, each in made.items()
    }
    await owner.execute("UPDATE account SET undo_window_seconds = 0")
    ours = [
        await connect(each, owner, vault, keys=keys[each.handle], x_user_id=made[each.handle]["id"])
        for each in (company.help, company.news)
    ]
    company = replace(company, help=ours[0], news=ours[1])
    settings = replace(
        config,
        x_base_url=x_sandbox.address,
        x_api_key=keys["Help"].api_key,
        x_api_secret=keys["Help"].api_secret,
        send_timeout=TIMEOUT,
    )
    return Live(Desk(company, access, policies, vault, settings), x_sandbox, keys)


class Live:
    """The desk, the sandbox, and clients as the worker makes them."""

    def __init__(self, desk: Desk, sandbox: Sandbox, keys: dict[str, Credentials]) -> None:
        self.desk = desk
        self.sandbox = sandbox
        self.keys = keys

    def client(self, account: Account) -> TweepyClient:
        return TweepyClient(
            self.keys[account.handle],
            base_url=self.sandbox.address,
            timeout=self.desk.config.send_timeout,
            x_id=account.x_user_id,
        )

    def customer(self, kind: str, text: str, *, sender: str = "marion", to: str = "Help") -> str:
        """Let a customer write, and return the id."""
        return self.sandbox.order("inbound", kind=kind, **{"from": sender, "to": to}, text=text)["id"]


@pytest.fixture
async def redis(config: Settings) -> AsyncIterator[ArqRedis]:
    """Valkey, empty."""
    client = outbox.client(config.redis_url)
    await client.flushall()
    yield client
    await client.aclose()
