"""The whole way over real HTTP: X is told where we are, a customer writes, and what follows from it follows at once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import httpx
import pytest
import uvicorn
from msgspec.structs import replace

from govern.access import Access
from govern.app import create_app
from govern.database import rows
from govern.domain.accounts import Account
from govern.domain.messages import Kind, Message
from govern.jobs.recheck import recheck
from govern.services.accounts import find_account
from govern.services.conversation_lists import Filter, list_conversations
from govern.services.message_views import load_message
from govern.services.policies import Policies
from govern.services.subscriptions import Push, push_state
from govern.settings import Settings
from govern.tables import Inbound, WebhookDelivery
from govern.worker_jobs import Jobs
from govern.xapi.activity import ActivityClient
from govern.xapi.credentials import BearerToken
from govern.xapi.errors import Refused
from govern.xapi.oauth import TokenPair
from govern.xapi.tweepy_client import TweepyClient
from tests.asserts import assert_audited
from tests.factories import Company, make_company, make_message
from tests.jobs.conftest import clock
from tests.sandbox.receiver import receiving
from tests.sending import until
from tests.services.custody import give_tokens
from tests.xapi.conftest import Sandbox
from tests.xapi.granting import keys_of, tokens_of

LIMIT = timedelta(seconds=5)


class Town:
    """A company whose account is connected with OAuth 2, its service on a real port, and X beside it."""

    def __init__(
        self, company: Company, sandbox: Sandbox, settings: Settings, access: Access, policies: Policies
    ) -> None:
        self.company = company
        self.sandbox = sandbox
        self.settings = settings
        self.access = access
        self.policies = policies
        self.jobs = Jobs(settings)

    async def customer(self, kind: str, text: str, *, sender: str = "marion") -> None:
        """Fill in the sandbox's form, as a person does in a browser."""
        form = {"kind": kind, "from": sender, "to": "Help", "text": text, "in_reply_to": ""}
        async with httpx.AsyncClient(base_url=self.sandbox.address, follow_redirects=True) as browser:
            answer = await browser.post("/write", data=form, headers={"Sec-Fetch-Site": "same-origin"})
            answer.raise_for_status()

    async def came(self, count: int) -> None:
        """Wait until so many deliveries are kept, then let the worker read them."""

        async def kept() -> bool:
            return int(await WebhookDelivery.count()) >= count

        await until(kept)
        for row in rows(await WebhookDelivery.select(WebhookDelivery.id).where(WebhookDelivery.done_at.is_null())):
            await self.jobs.deliver({"job_id": "test"}, str(row["id"]))

    def x(self) -> ActivityClient:
        token = BearerToken(access_token=keys_of(self.sandbox)["bearer_token"])
        return ActivityClient(token, base_url=self.sandbox.address, timeout=LIMIT)

    async def push(self) -> Push:
        account = self.company.help.id
        return (await push_state(account, oauth2=True, settings=self.settings, now=clock()))[0]

    async def write_dm(self, text: str) -> Message:
        return await make_message(
            self.company.leo,
            access=self.access,
            policies=self.policies,
            kind=Kind.DM,
            recipient="marion",
            text=text,
            now=clock(),
        )


@pytest.fixture
async def town(
    database: None, owner: asyncpg.Connection, access: Access, policies: Policies, config: Settings, x_sandbox: Sandbox
) -> AsyncIterator[Town]:
    company, app = await make_company(), keys_of(x_sandbox)
    settings = replace(
        config,
        x_base_url=x_sandbox.address,
        x_api_key=app["api_key"],
        x_api_secret=app["api_secret"],
        x_client_id=app["client_id"],
        x_client_secret=app["client_secret"],
        public_url="http://localhost:8000",
    )
    async with _serving(settings) as address:
        settings = replace(settings, x_webhook_url=address)
        company = replace(company, help=await _connect(company.help, owner, settings, x_sandbox))
        yield Town(company, x_sandbox, settings, access, policies)


@contextlib.asynccontextmanager
async def _serving(settings: Settings) -> AsyncIterator[str]:
    """Serve the real application on a free port, with the tests' own pool."""
    app = create_app(settings)
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_config=None, access_log=False, ws="none"))
    task = asyncio.create_task(server.serve())

    async def started() -> bool:
        return server.started

    await until(started)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await asyncio.wait_for(task, 10)
        await app.state.waker.close()


async def _connect(account: Account, owner: asyncpg.Connection, settings: Settings, sandbox: Sandbox) -> Account:
    tokens = tokens_of(sandbox, account.handle)
    x_id = sandbox.order("accounts", handle=account.handle, name=account.handle)["id"]
    pair = TokenPair(
        access_token=tokens["access_token"],
        refresh_token=tokens["refresh_token"],
        scopes=("tweet.read", "tweet.write", "users.read", "offline.access", "dm.read", "dm.write"),
        life=timedelta(hours=2),
    )
    await give_tokens(account, settings, tokens=pair, now=clock())
    await owner.execute("UPDATE account SET x_user_id = $1 WHERE id = $2", int(x_id), account.id)
    return await find_account(account.handle)


async def test_x_is_told_where_we_are_and_what_we_want_to_hear_once(town: Town) -> None:
    assert await town.push() is Push.PENDING
    await town.jobs.subscribe()
    await town.jobs.subscribe()
    (webhook,) = await town.x().webhooks()
    assert (webhook.url, webhook.valid) == (f"{town.settings.x_webhook_url}/x/webhook", True)
    found = sorted((each.event_type, each.user_id) for each in await town.x().subscriptions() if each.user_id)
    ours = town.company.help.x_user_id
    assert found == [(kind, ours) for kind in ("dm.received", "post.mention.create", "post.reply.create")]
    assert [each.event_type for each in await town.x().subscriptions() if not each.user_id] == ["oauth.revoke"]
    assert await town.push() is Push.LIVE


async def test_subscription_that_x_lost_is_made_again_and_one_too_many_ended(
    town: Town, owner: asyncpg.Connection
) -> None:
    await town.jobs.subscribe()
    for each in await town.x().subscriptions():
        if each.event_type == "dm.received":
            await town.x().unsubscribe(each.subscription_id)
    await owner.execute("UPDATE account_credential SET scopes = '{tweet.read,dm.read}'")
    await owner.execute("UPDATE subscription SET checked_at = now() - interval '61 minutes'")
    await town.jobs.subscribe()
    assert len([each for each in await town.x().subscriptions() if each.user_id]) == 3
    await owner.execute("UPDATE account_credential SET scopes = '{tweet.read}'")
    await owner.execute("UPDATE subscription SET checked_at = now() - interval '61 minutes'")
    await town.jobs.subscribe()
    kinds = {each.event_type for each in await town.x().subscriptions() if each.user_id}
    assert kinds == {"post.mention.create", "post.reply.create"}


async def test_address_that_does_not_answer_is_said_at_the_account(town: Town) -> None:
    town.jobs.settings = replace(town.settings, x_webhook_url="http://127.0.0.1:9")
    await town.jobs.subscribe()
    assert await town.push() is Push.FAULT
    assert await town.x().webhooks() == []


async def test_form_of_a_customer_becomes_a_conversation_and_a_stop_withdraws_what_waits(town: Town) -> None:
    await town.jobs.subscribe()
    await town.customer("mention", "@Help where is my parcel?")
    await town.customer("dm", "My number is in the shop.")
    await town.came(2)
    (waiting,) = await list_conversations(Filter(), actor=town.company.leo, access=town.access, now=clock())
    assert (waiting.contact_handle, waiting.has_dm, waiting.x_kind) == ("marion", True, "dm")
    message = await town.write_dm("It left today.")
    assert message.state in {"approved", "scheduled"}
    await town.customer("dm", "Stop messaging me")
    await town.came(3)
    assert (await load_message(message.id)).state == "withdrawn"
    await assert_audited("message.withdrawn", reason="opted_out")


async def test_person_who_takes_the_permission_back_at_x_stops_the_account(
    town: Town, owner: asyncpg.Connection
) -> None:
    await town.jobs.subscribe()
    async with httpx.AsyncClient(base_url=town.sandbox.address, follow_redirects=True) as browser:
        (await browser.post("/revoke", data={"handle": "Help"})).raise_for_status()
    await town.came(1)
    assert await owner.fetchval("SELECT state FROM account WHERE handle = 'Help'") == "needs_reauth"
    await assert_audited("account.disconnected", reason="revoked_at_x")


async def test_post_that_is_gone_from_x_is_erased_within_a_day(town: Town, owner: asyncpg.Connection) -> None:
    await town.jobs.subscribe()
    await town.customer("mention", "@Help my name is Marion Durand")
    await town.customer("mention", "@Help is it open?", sender="jean")
    await town.came(2)
    help_, tokens = town.company.help, tokens_of(town.sandbox, "Help")
    client = TweepyClient(
        BearerToken(access_token=tokens["access_token"]), base_url=town.sandbox.address, timeout=LIMIT, x_id="1"
    )
    assert await recheck(help_, client, clock=clock) == 0
    await owner.execute("UPDATE inbound SET received_at = now() - interval '21 hours'")
    x_id = await owner.fetchval("SELECT x_id FROM inbound WHERE text LIKE '%Durand'")
    town.sandbox.control.delete(f"/posts/{x_id}")
    assert await recheck(help_, client, clock=clock) == 1
    texts = [row["text"] for row in rows(await Inbound.select(Inbound.text).order_by(Inbound.x_id))]
    assert texts == ["", "@Help is it open?"]
    bodies = [row["body"] is None for row in await owner.fetch("SELECT body FROM webhook_delivery ORDER BY event_uuid")]
    assert bodies == [True, False]
    await assert_audited("inbound.erased", reason="deleted_at_x")
    assert await recheck(help_, client, clock=clock) == 0


async def test_address_that_x_marked_invalid_is_looked_at_again(town: Town, owner: asyncpg.Connection) -> None:
    async with receiving() as listening:
        right = listening.secret = keys_of(town.sandbox)["api_secret"]
        town.jobs.settings = replace(town.settings, x_webhook_url=listening.url.removesuffix("/x/webhook"))
        await town.jobs.subscribe()
        (webhook,) = await town.x().webhooks()
        listening.secret = "another secret"
        with pytest.raises(Refused):
            await town.x().validate_webhook(webhook.id)
        assert [each.valid for each in await town.x().webhooks()] == [False]
        await owner.execute("UPDATE subscription SET checked_at = now() - interval '61 minutes'")
        await town.jobs.subscribe()
        assert await town.push() is Push.FAULT
        listening.secret = right
        await owner.execute("UPDATE subscription SET checked_at = now() - interval '61 seconds'")
        await town.jobs.subscribe()
        assert [each.valid for each in await town.x().webhooks()] == [True]
        assert await town.push() is Push.LIVE
