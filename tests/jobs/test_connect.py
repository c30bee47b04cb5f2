"""Connecting, sending, renewing and ending with OAuth 2, as the worker does it, on the sandbox."""

from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID, uuid4

import asyncpg
import pytest
from arq.connections import ArqRedis
from msgspec.structs import replace

from govern.access import Access
from govern.domain.accounts import AccountState
from govern.domain.credentials import ConnectFault, Connection, Feature, Stage
from govern.domain.messages import State
from govern.jobs.connect import connect
from govern.jobs.renew import renew
from govern.services.accounts import find_account
from govern.services.connecting import disconnect_account
from govern.services.credentials import load_credentials
from govern.services.message_views import load_message
from govern.services.oauth import begin_connect, get_connection, store_code
from govern.services.outbox import push_due
from govern.services.refreshing import Renewing
from govern.settings import Settings
from govern.tables import OauthPending
from govern.worker_jobs import Jobs
from govern.xapi.credentials import BearerToken
from govern.xapi.errors import AuthLost
from govern.xapi.oauth import OAuthApp
from govern.xapi.tweepy_client import TweepyClient
from tests.asserts import actions, assert_audited
from tests.jobs.conftest import Live, clock
from tests.services.custody import row_of, told
from tests.xapi.granting import HERE, agree, keys_of

SESSION = uuid4()
JOB = {"job_id": "test"}


class Journey:
    """Ada connects @Help with OAuth 2."""

    def __init__(self, live: Live, access: Access) -> None:
        keys = keys_of(live.sandbox)
        self.live, self.access, self.company = live, access, live.desk.company
        self.config: Settings = replace(
            live.desk.config,
            public_url=HERE.removesuffix("/admin/x/callback"),
            x_client_id=keys["client_id"],
            x_client_secret=keys["client_secret"],
            send_timeout=timedelta(seconds=5),
        )
        self.jobs = Jobs(self.config)

    async def to_x_and_back(self, handle: str = "Help") -> UUID:
        """Begin, grant all at X as @handle, come back; return what the worker is woken with."""
        ada = self.company.ada
        await begin_connect(
            "Help",
            features=list(Feature),
            session=SESSION,
            settings=self.config,
            actor=ada,
            access=self.access,
            now=clock(),
        )
        back = agree((await self.look()).url, handle)
        await store_code(back["state"], back["code"], session=SESSION, actor=ada, access=self.access, now=clock())
        row = await OauthPending.select(OauthPending.id).where(OauthPending.code.is_not_null()).first()
        assert row is not None
        return UUID(str(row["id"]))

    async def look(self) -> Connection:
        return await get_connection(
            "Help", session=SESSION, settings=self.config, actor=self.company.ada, access=self.access, now=clock()
        )

    async def connect(self, handle: str = "Help") -> None:
        await self.jobs.connect(JOB, pending=str(await self.to_x_and_back(handle)))

    async def token(self) -> BearerToken:
        keys = await load_credentials(self.company.help.id, vault=self.jobs.vault, settings=self.config)
        assert isinstance(keys, BearerToken)
        return keys

    async def is_alive(self, token: str) -> bool:
        x = TweepyClient(BearerToken(access_token=token), base_url=self.config.x_base_url, timeout=timedelta(seconds=5))
        try:
            await x.me()
        except AuthLost:
            return False
        return True


@pytest.fixture
async def journey(live: Live, access: Access) -> Journey:
    return Journey(live, access)


async def test_account_is_connected_with_oauth2_and_sends(journey: Journey, redis: ArqRedis) -> None:
    await journey.connect()
    assert (await journey.look()).stage is Stage.CONNECTED
    row = await row_of(journey.company.help)
    assert (row.kind, set(row.scopes) >= {"media.write", "dm.write"}) == ("oauth2", True)
    message = await journey.live.desk.write(now=clock())
    await journey.jobs.publish({**JOB, "redis": redis}, account=str(journey.company.help.id))
    assert (await load_message(message.id)).state is State.SENT
    assert journey.live.sandbox.posts() == [message.revision.text]


async def test_code_is_exchanged_once_however_often_the_worker_is_woken(journey: Journey) -> None:
    pending = str(await journey.to_x_and_back())
    for _ in range(3):
        await journey.jobs.connect(JOB, pending=pending)
    assert (await actions()).count("account.connected") == 1
    assert (await row_of(journey.company.help)).kind == "oauth2"


async def test_browser_signed_in_to_x_as_another_keeps_nothing_and_its_tokens_are_revoked(
    journey: Journey, owner: asyncpg.Connection
) -> None:
    before = await told(owner, journey.company.help)
    await journey.connect("News")
    found = await journey.look()
    assert (found.stage, found.fault, found.other_handle) == (Stage.FAILED, ConnectFault.WRONG_USER, "News")
    assert await told(owner, journey.company.help) == before
    await assert_audited("account.connect_failed", outcome="failed", actor=journey.company.ada.id, reason="wrong_user")
    left: dict[str, object] = dict(journey.live.sandbox.order("revoke", handle="News"))
    assert left == {"revoked": 0}, "nothing of it is left at X"


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"client_secret": "wrong"}, ConnectFault.APP),
        ({"api": "http://127.0.0.1:1"}, ConnectFault.AWAY),
        ({"redirect_uri": "http://localhost:9/elsewhere"}, ConnectFault.APP),
    ],
)
async def test_code_that_cannot_be_exchanged_says_why(
    journey: Journey, wrong: dict[str, str], fault: ConnectFault, access: Access
) -> None:
    pending = str(await journey.to_x_and_back())
    app = replace(OAuthApp.from_settings(journey.config), **wrong)
    done = await connect(
        pending, app=app, base_url=journey.config.x_base_url, vault=journey.jobs.vault, access=access, clock=clock
    )
    assert done is fault
    assert (await journey.look()).fault is fault


async def test_token_is_renewed_before_a_send_that_needs_it(
    journey: Journey, redis: ArqRedis, owner: asyncpg.Connection
) -> None:
    await journey.connect()
    before = (await journey.token()).access_token
    await owner.execute("UPDATE account_credential SET expires_at = now() + interval '4 minutes'")
    message = await journey.live.desk.write(now=clock())
    await journey.jobs.publish({**JOB, "redis": redis}, account=str(journey.company.help.id))
    assert (await load_message(message.id)).state is State.SENT
    after = await journey.token()
    assert (after.access_token != before, after.version, after.unproven) == (True, 3, True)
    await journey.jobs.ingest_all()
    assert not (await journey.token()).unproven, "X took it: the token before is forgotten"


async def test_refused_token_is_renewed_once_and_the_message_goes(
    journey: Journey, redis: ArqRedis, owner: asyncpg.Connection
) -> None:
    """The access token died early at X: 401, a renewal, one more attempt."""
    await journey.connect()
    httpx_revoke(journey, (await journey.token()).access_token)
    message = await journey.live.desk.write(now=clock())
    context = {**JOB, "redis": redis}
    await journey.jobs.publish(context, account=str(journey.company.help.id))
    assert (await load_message(message.id)).state is not State.SENT
    await owner.execute("UPDATE publication SET wake_at = now() - interval '1 second'")
    await journey.jobs.publish(context, account=str(journey.company.help.id))
    assert (await load_message(message.id)).state is State.SENT
    assert len(journey.live.sandbox.posts()) == 1
    assert (await find_account("Help")).state is AccountState.CONNECTED


async def test_permission_taken_back_at_x_ends_in_one_notice(journey: Journey, owner: asyncpg.Connection) -> None:
    await journey.connect()
    journey.live.sandbox.order("revoke", handle="Help")
    for _ in range(3):
        await journey.jobs.ingest_all()
    assert (await find_account("Help")).state is AccountState.NEEDS_REAUTH
    assert (await actions()).count("account.disconnected") == 1


async def test_round_renews_what_is_due_and_leaves_the_rest(journey: Journey, owner: asyncpg.Connection) -> None:
    await journey.connect()
    renewing = journey.jobs.renewing
    assert await renew(renewing=renewing, clock=clock) == 0
    await owner.execute("UPDATE account_credential SET refresh_at = now() WHERE kind = 'oauth2'")
    assert await renew(renewing=renewing, clock=clock) == 1
    assert await renew(renewing=renewing, clock=clock) == 0
    assert await journey.is_alive((await journey.token()).access_token)


async def test_round_goes_on_where_one_account_does_not_open(journey: Journey, owner: asyncpg.Connection) -> None:
    await journey.connect()
    await owner.execute(
        "UPDATE account_credential SET refresh_at = now(), refresh_sealed = 'broken' WHERE kind = 'oauth2'"
    )
    assert await renew(renewing=journey.jobs.renewing, clock=clock) == 0
    assert (await find_account("Help")).state is AccountState.CONNECTED


async def test_ended_connection_is_ended_at_x_too(journey: Journey, redis: ArqRedis, owner: asyncpg.Connection) -> None:
    await journey.connect()
    token = (await journey.token()).access_token
    await disconnect_account(
        "Help", reason="Handed over.", actor=journey.company.ada, access=journey.access, now=clock()
    )
    assert await push_due(redis, now=clock()) > 0
    await journey.jobs.revoke(JOB, account=str(journey.company.help.id))
    assert not await journey.is_alive(token)
    confirmed: datetime = (await told(owner, journey.company.help))["revoked_at"]
    assert confirmed is not None
    await journey.jobs.revoke(JOB, account=str(journey.company.help.id))
    assert (await told(owner, journey.company.help))["revoked_at"] == confirmed


async def test_connection_ended_while_x_is_away_is_ended_by_a_later_round(
    journey: Journey, owner: asyncpg.Connection
) -> None:
    await journey.connect()
    token = (await journey.token()).access_token
    await disconnect_account(
        "Help", reason="Handed over.", actor=journey.company.ada, access=journey.access, now=clock()
    )
    away = Renewing(
        app=replace(journey.jobs.app, api="http://127.0.0.1:1"),
        vault=journey.jobs.vault,
        pool=journey.jobs.renewing.pool,
    )
    await renew(renewing=away, clock=clock)
    assert (await told(owner, journey.company.help))["revoked_at"] is None
    await renew(renewing=journey.jobs.renewing, clock=clock)
    assert (await told(owner, journey.company.help))["revoked_at"] is not None
    assert not await journey.is_alive(token)


def httpx_revoke(journey: Journey, token: str) -> None:
    """Let X forget an access token alone."""
    app = journey.jobs.app
    answer = journey.live.sandbox.control.post(
        f"{app.api}/2/oauth2/revoke",
        content=urlencode({"token": token}),
        headers={"content-type": "application/x-www-form-urlencoded"},
        auth=(app.client_id, app.client_secret),
    )
    answer.raise_for_status()
