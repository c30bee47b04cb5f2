"""Renewing tokens: once, whoever asks at once; nothing is lost to a bad answer; a spent one waits for a person."""

import asyncio
import os
import sys
from datetime import timedelta

import asyncpg
import pytest

from govern.database import signed_in, transaction
from govern.domain.accounts import Account
from govern.embedded import Engines, Login
from govern.services.credential_rows import lock_row
from govern.services.credentials import confirm_credential, load_credentials, report_tokens_spent
from govern.services.refreshing import RENEWER, keep_fresh, list_renewals_due, refresh_credential
from govern.settings import Settings
from govern.xapi.credentials import BearerToken
from govern.xapi.oauth import TokenPair
from govern.xapi.oauth_errors import AppRefused, OAuthAway, OAuthError, TokenRefused
from govern.xapi.vault import Vault
from tests.asserts import actions, assert_audited
from tests.factories import NOW
from tests.sending import until
from tests.services.conftest import Office
from tests.services.custody import FIRST, OVER, give_tokens, opened, renewing_with, row_of, told
from tests.xapi.token_server import APP, Answer, refusing, token_server

SOON = NOW + FIRST.life - timedelta(minutes=4)
"""Under 5 min before the first tokens are over."""


@pytest.fixture
async def account(office: Office, config: Settings) -> Account:
    await give_tokens(office.people.help, config)
    return office.people.help


async def test_new_pair_is_kept_with_the_old_refresh_token_until_x_took_the_new_access_token(
    account: Account, config: Settings, office: Office
) -> None:
    with token_server() as x:
        assert await refresh_credential(account.id, ahead=False, renewing=renewing_with(x.app, config), now=OVER)
    assert await opened(account, config) == {"access": "a2", "refresh": "r2", "previous": "r1"}
    about = await told(office.owner, account)
    assert (about["version"], about["expires_at"], about["state"]) == (2, OVER + FIRST.life, "active")
    keys = await load_credentials(account.id, vault=Vault.from_settings(config), settings=config)
    assert isinstance(keys, BearerToken)
    assert (keys.access_token, keys.version, keys.unproven) == ("a2", 2, True)
    await confirm_credential(account.id, keys, now=OVER)
    assert await opened(account, config) == {"access": "a2", "refresh": "r2", "previous": None}


async def test_fresh_token_is_left_alone(account: Account, config: Settings) -> None:
    with token_server() as x:
        renewing = renewing_with(x.app, config)
        assert not await refresh_credential(account.id, ahead=True, renewing=renewing, now=NOW)
        await keep_fresh(account.id, renewing=renewing, now=SOON - timedelta(minutes=2))
        assert x.asked == []
        await keep_fresh(account.id, renewing=renewing, now=SOON)
        await keep_fresh(account.id, renewing=renewing, now=SOON)
        assert len(x.asked) == 1


async def test_oauth1_keys_and_disconnected_accounts_are_not_renewed(
    account: Account, config: Settings, office: Office
) -> None:
    with token_server() as x:
        for change in ("state = 'revoked'", "state = 'needs_reauth'", "state = 'active', kind = 'oauth1'"):
            await office.owner.execute(f"UPDATE account_credential SET {change}")
            assert not await refresh_credential(account.id, ahead=True, renewing=renewing_with(x.app, config), now=OVER)
        assert not await refresh_credential(
            office.people.news.id, ahead=True, renewing=renewing_with(x.app, config), now=OVER
        )
        assert x.asked == []


async def test_token_is_renewed_ahead_of_need_at_three_quarters_of_its_life(account: Account, config: Settings) -> None:
    due_at = (await row_of(account)).refresh_at
    assert due_at is not None
    assert NOW + FIRST.life * 0.70 <= due_at <= NOW + FIRST.life * 0.80
    assert await list_renewals_due(now=due_at - timedelta(seconds=1)) == []
    assert await list_renewals_due(now=due_at) == [account.id]
    with token_server() as x:
        assert await refresh_credential(account.id, ahead=True, renewing=renewing_with(x.app, config), now=due_at)
    assert await list_renewals_due(now=due_at) == []


async def test_fifty_refreshes_in_two_processes_are_one_call(
    account: Account, config: Settings, engines: Engines, office: Office
) -> None:
    environ = {**os.environ, "GOVERN_DATABASE_URL": engines.database_url(Login.WORKER)}

    async def process(api: str) -> int:
        started = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.services.renew_many", str(account.id), api, "25", OVER.isoformat()),
            env=environ,
            stdout=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            said, _ = await started.communicate()
        assert started.returncode == 0
        return int(said)

    async def three_wait() -> bool:
        await office.owner.execute("SELECT pg_stat_clear_snapshot()")
        query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        return int(await office.owner.fetchval(query)) == 3  # of four connections; the others wait for a connection

    with token_server(held=True) as x:
        running = asyncio.gather(process(x.app.api), process(x.app.api))
        try:
            await until(three_wait, limit=30)
        finally:
            x.open.set()
        assert sum(await running) == 1
        assert [asked.form["refresh_token"] for asked in x.asked] == ["r1"]
    assert await opened(account, config) == {"access": "a2", "refresh": "r2", "previous": "r1"}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((503, "<html>"), OAuthAway),
        ((200, "<html>"), OAuthAway),
        ((200, '{"access_token":""}'), OAuthAway),
        ((401, '{"error":"invalid_client"}'), AppRefused),
    ],
)
async def test_bad_answer_changes_nothing_and_stops_nobody(
    account: Account, config: Settings, office: Office, answer: Answer, kind: type[OAuthError]
) -> None:
    before = await opened(account, config), await told(office.owner, account), await actions()
    with token_server(lambda _asked: answer) as x, pytest.raises(kind):
        await refresh_credential(account.id, ahead=False, renewing=renewing_with(x.app, config), now=OVER)
    assert (await opened(account, config), await told(office.owner, account), await actions()) == before


async def test_nobody_there_changes_nothing(account: Account, config: Settings, office: Office) -> None:
    before = await told(office.owner, account)
    with pytest.raises(OAuthAway):
        await refresh_credential(account.id, ahead=False, renewing=renewing_with(APP, config), now=OVER)
    assert await told(office.owner, account) == before


async def test_answer_without_a_refresh_token_keeps_the_one_there_is(account: Account, config: Settings) -> None:
    for told_ in ('{"access_token":"b1","expires_in":60}', '{"access_token":"b2","expires_in":60,"refresh_token":""}'):
        with token_server(lambda _asked, told_=told_: (200, told_)) as x:  # type: ignore[misc]  # the loop's value
            assert await refresh_credential(
                account.id, ahead=False, renewing=renewing_with(x.app, config), now=OVER + timedelta(hours=len(told_))
            )
        assert (await opened(account, config))["refresh"] == "r1"
    assert (await row_of(account)).scopes == FIRST.scopes, "what X did not say stays as it was granted"


async def test_spent_token_waits_for_a_person_and_says_so_once(
    account: Account, config: Settings, office: Office
) -> None:
    for _ in range(2):
        with token_server(refusing("r1")) as x:
            renewing = renewing_with(x.app, config)
            with pytest.raises(TokenRefused):
                await refresh_credential(account.id, ahead=False, renewing=renewing, now=OVER)
            assert not await refresh_credential(account.id, ahead=False, renewing=renewing, now=OVER)
            assert len(x.asked) == 1
        about = await told(office.owner, account)
        assert (about["state"], about["account"], about["reason"]) == (
            "needs_reauth",
            "needs_reauth",
            "X did not renew these tokens any more.",
        )
        await office.owner.execute("UPDATE account_credential SET state = 'active'")
    entry = await assert_audited("account.disconnected", reason="tokens_spent", actor="system:renew")
    assert entry["object"] == {"id": str(account.id), "kind": "account"}
    assert (await actions()).count("account.disconnected") == 1


async def test_token_before_helps_where_x_forgot_the_newest(account: Account, config: Settings) -> None:
    with token_server() as x:
        await refresh_credential(account.id, ahead=False, renewing=renewing_with(x.app, config), now=OVER)
    later = OVER + timedelta(hours=3)
    with token_server(refusing("r2")) as x:
        assert await refresh_credential(account.id, ahead=False, renewing=renewing_with(x.app, config), now=later)
        assert [asked.form["refresh_token"] for asked in x.asked] == ["r2", "r1"]
    assert (await opened(account, config))["access"] == "a2"


async def test_connection_made_meanwhile_is_not_stopped_by_an_old_refusal(
    account: Account, config: Settings, office: Office
) -> None:
    new = TokenPair(access_token="n1", refresh_token="r7", scopes=("tweet.read",), life=FIRST.life)
    row = await row_of(account)
    await give_tokens(account, config, tokens=new, now=OVER)
    await report_tokens_spent(account.id, version=row.version, actor=RENEWER, now=OVER)
    assert (await told(office.owner, account))["account"] == "connected"
    assert (await opened(account, config))["access"] == "n1"


async def test_others_do_not_wait_while_x_is_asked(account: Account, config: Settings, engines: Engines) -> None:
    """The row is locked, and nothing else: the account is claimed, read and edited meanwhile."""

    async def is_asked() -> bool:
        return bool(x.asked)

    with token_server(held=True) as x:
        asking = asyncio.create_task(
            refresh_credential(account.id, ahead=False, renewing=renewing_with(x.app, config), now=OVER)
        )
        connection = await asyncpg.connect(engines.database_url(Login.WORKER))
        try:
            await until(is_asked, limit=10)
            await connection.execute("SET lock_timeout = '200ms'")
            await connection.fetch("SELECT * FROM account WHERE id = $1 FOR NO KEY UPDATE", account.id)
            await connection.fetch("SELECT * FROM account_credential")
            with pytest.raises(asyncpg.LockNotAvailableError):
                await connection.fetch("SELECT 1 FROM account_credential WHERE account = $1 FOR UPDATE", account.id)
        finally:
            await connection.close()
        assert not asking.done()
        x.open.set()
        assert await asking


async def test_the_web_cannot_renew(account: Account, config: Settings, shipped_web: str) -> None:
    with token_server() as x:
        async with signed_in(shipped_web):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with transaction():
                    await lock_row(account.id)
        assert x.asked == []
