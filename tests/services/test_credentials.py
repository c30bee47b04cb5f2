"""What it means when X does not take an account's keys, and what may be shown of them."""

import asyncpg
import pytest
from msgspec.structs import replace

from govern.database import signed_in
from govern.domain.accounts import Account, AccountState
from govern.domain.credentials import BASE_SCOPES, Feature, missing_scopes, scopes_for
from govern.domain.members import system_actor
from govern.domain.messages import Kind
from govern.services.accounts import find_account
from govern.services.connecting import disconnect_account
from govern.services.credentials import (
    confirm_credential,
    granted_scopes,
    load_credentials,
    report_auth_lost,
    report_revoked_at_x,
)
from govern.services.oauth import find_keys
from govern.services.refreshing import refresh_credential
from govern.settings import Settings
from govern.tables import AccountCredential, Outbox
from govern.xapi.credentials import BearerToken, Credentials
from govern.xapi.vault import MissingKey, Vault
from tests.asserts import actions, assert_audited
from tests.factories import NOW
from tests.sending import connect
from tests.services.conftest import LATER, Office
from tests.services.custody import FIRST, OVER, give_tokens, opened, renewing_with, row_of, told
from tests.xapi.token_server import token_server

TESTER = system_actor("test")


@pytest.fixture
async def account(office: Office, config: Settings) -> Account:
    await give_tokens(office.people.help, config)
    return office.people.help


async def lose(account: Account, version: int | None) -> None:
    await report_auth_lost(account.id, version=version, actor=TESTER, now=NOW)


async def renew(account: Account, config: Settings) -> bool:
    with token_server() as x:
        return await refresh_credential(account.id, ahead=False, renewing=renewing_with(x.app, config), now=NOW)


async def test_first_refusal_of_a_token_only_makes_it_due(account: Account, config: Settings, office: Office) -> None:
    await lose(account, 1)
    assert (await told(office.owner, account))["account"] == "connected"
    assert await renew(account, config), "though it would live for long"
    assert (await opened(account, config))["access"] == "a2"
    assert "account.disconnected" not in await actions()


async def test_refusal_of_the_renewed_token_waits_for_a_person(
    account: Account, config: Settings, office: Office
) -> None:
    await lose(account, 1)
    await renew(account, config)
    await lose(account, 2)
    about = await told(office.owner, account)
    assert (about["account"], about["state"]) == ("needs_reauth", "needs_reauth")
    await assert_audited("account.disconnected", reason="auth_lost", actor="system:test")
    assert await load_credentials(account.id, vault=Vault.from_settings(config), settings=config) is None


@pytest.mark.parametrize("version", [1, None])
async def test_late_refusal_of_a_token_since_renewed_says_nothing_new(
    account: Account, config: Settings, office: Office, version: int | None
) -> None:
    """Two calls at once with the old token: the second 401 comes after the renewal the first one caused."""
    await lose(account, 1)
    await lose(account, 1)
    await renew(account, config)
    await lose(account, 1)
    assert (await told(office.owner, account))["account"] == "connected"


async def test_accepted_token_makes_an_earlier_refusal_count_no_more(
    account: Account, config: Settings, office: Office
) -> None:
    await lose(account, 1)
    await renew(account, config)
    keys = await load_credentials(account.id, vault=Vault.from_settings(config), settings=config)
    assert isinstance(keys, BearerToken)
    await confirm_credential(account.id, keys, now=NOW)
    await lose(account, 2)
    assert (await told(office.owner, account))["account"] == "connected", "it is the first refusal again"
    await confirm_credential(account.id, replace(keys, version=1), now=NOW)
    assert (await row_of(account)).refused_version == 2, "an older token proves nothing of this one"


async def test_oauth1_keys_that_x_refuses_wait_for_a_person_at_once(office: Office, config: Settings) -> None:
    account = await connect(office.people.news, office.owner, Vault.from_settings(config))
    await lose(account, None)
    assert (await find_account("News")).state is AccountState.NEEDS_REAUTH
    await lose(account, None)
    assert (await actions()).count("account.disconnected") == 1


async def test_permission_taken_back_at_x_stops_the_account_and_there_is_nothing_to_revoke(
    account: Account, config: Settings, office: Office
) -> None:
    await report_revoked_at_x(account.id, actor=TESTER, now=LATER)
    about = await told(office.owner, account)
    assert (about["state"], about["account"], about["revoked_at"]) == ("revoked", "needs_reauth", LATER)
    await assert_audited("account.disconnected", reason="revoked_at_x")


async def test_keys_are_opened_as_what_they_are(account: Account, office: Office, config: Settings) -> None:
    vault = Vault.from_settings(config)
    other = await connect(office.people.news, office.owner, vault)
    assert isinstance(await load_credentials(other.id, vault=vault, settings=config), Credentials)
    keys = await load_credentials(account.id, vault=vault, settings=config)
    assert isinstance(keys, BearerToken)
    assert (keys.access_token, keys.version, keys.unproven, keys.expires_at) == ("a1", 1, False, NOW + FIRST.life)
    with pytest.raises(MissingKey):
        await load_credentials(account.id, vault=Vault.from_setting(f"other:{'A' * 43}="), settings=config)


async def test_sealed_columns_do_not_open_in_another_row_column_or_version(
    account: Account, office: Office, config: Settings
) -> None:
    row, vault = await row_of(account), Vault.from_settings(config)
    for moved in (
        replace(row, account=office.people.news.id),
        replace(row, version=2),
        replace(row, access_sealed=row.refresh_sealed or b""),
    ):
        with pytest.raises(Exception, match="does not open"):
            moved.open("access_sealed", vault)


async def test_scopes_are_those_granted_and_old_keys_have_no_such_limits(
    account: Account, office: Office, config: Settings
) -> None:
    assert await granted_scopes(account.id) == ("tweet.read",)
    assert await granted_scopes(office.people.news.id) == ()
    other = await connect(office.people.news, office.owner, Vault.from_settings(config))
    assert await granted_scopes(other.id) is None


def test_least_scopes_are_asked_for_and_what_a_message_lacks_is_named() -> None:
    assert scopes_for([]) == BASE_SCOPES == ("tweet.read", "tweet.write", "users.read", "offline.access")
    assert set(scopes_for([Feature.MESSAGES, Feature.IMAGES])) - set(BASE_SCOPES) == {
        "media.write",
        "dm.read",
        "dm.write",
    }
    assert missing_scopes(BASE_SCOPES, Kind.POST) == ()
    assert missing_scopes(BASE_SCOPES, Kind.POST, with_image=True) == ("media.write",)
    assert missing_scopes(BASE_SCOPES, Kind.DM) == ("dm.read", "dm.write")
    assert missing_scopes(("tweet.read",), Kind.REPLY) == ("tweet.write", "users.read")
    assert missing_scopes(None, Kind.DM, with_image=True) == ()


async def test_the_web_sees_what_kind_of_keys_there_are_and_none_of_them(
    account: Account, config: Settings, office: Office, shipped_web: str
) -> None:
    web = await asyncpg.connect(shipped_web)
    try:
        for column in ("access_sealed", "secret_sealed", "refresh_sealed", "previous_refresh_sealed", "*"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await web.fetch(f"SELECT {column} FROM account_credential")
        for change in ("access_sealed = 'x'", "version = 9", "expires_at = now()", "kind = 'oauth1'", "key_id = 'x'"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await web.execute(f"UPDATE account_credential SET {change}")
        for refused in ("DELETE FROM account_credential", "INSERT INTO account_credential (account) VALUES (NULL)"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await web.execute(refused)
        assert await web.fetchval("SELECT kind FROM account_credential") == "oauth2"
    finally:
        await web.close()
    async with signed_in(shipped_web):
        gone = await disconnect_account(
            "Help", reason="Handed over.", actor=office.people.ada, access=office.access, now=LATER
        )
    assert gone.state is AccountState.DISCONNECTED
    assert (await told(office.owner, account))["state"] == "revoked"
    jobs = await Outbox.select(Outbox.job, Outbox.args)
    assert ("revoke", str(account.id)) in [(row["job"], row["args"].split('"')[3]) for row in jobs]


async def test_what_is_shown_of_keys_holds_none_of_them(account: Account, office: Office) -> None:
    shown = await find_keys(account.id)
    assert shown is not None
    assert (shown.kind, shown.state, shown.scopes) == ("oauth2", "active", ("tweet.read",))
    assert await find_keys(office.people.news.id) is None
    row = await row_of(account)
    assert "***" in repr(row)
    assert repr(row.access_sealed) not in repr(row)


async def test_canary_tokens_are_in_no_plain_column_and_no_entry(
    account: Account, config: Settings, office: Office
) -> None:
    canary = replace(FIRST, access_token="canary-access", refresh_token="canary-refresh")
    await give_tokens(account, config, tokens=canary, now=OVER)
    await report_revoked_at_x(account.id, actor=TESTER, now=OVER)
    tables = await office.owner.fetch(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('public', 'audit')"
    )
    for table in tables:
        text = await office.owner.fetchval(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table['name']} t")
        for secret in ("canary-access", "canary-refresh"):
            assert secret not in text, table["name"]
            assert secret.encode().hex() not in text, table["name"]
    assert await AccountCredential.count() == 1
