"""Sealing keys rotate: row by row, restartable, and a row that does not open stops nobody else."""

import base64
import secrets

import pytest
from msgspec.structs import replace

from govern.database import transaction
from govern.domain.members import system_actor
from govern.services.credential_rows import lock_row
from govern.services.credentials import load_credentials
from govern.services.resealing import KeyUse, list_key_use, reseal_all, reseal_row
from govern.settings import Settings
from govern.xapi.credentials import BearerToken, Credentials
from govern.xapi.vault import MissingKey, Vault
from tests.asserts import actions, assert_audited, race
from tests.factories import NOW
from tests.sending import KEYS, connect
from tests.services.conftest import LATER, Office
from tests.services.custody import give_tokens, row_of

RESEAL = system_actor("reseal")


def key(name: str) -> str:
    return f"{name}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


OLD, NEW = key("2025"), key("2026")


def settings_with(config: Settings, keys: str) -> Settings:
    return replace(config, token_keys=keys)


async def test_every_row_comes_under_the_first_key_and_opens_without_the_old_one(
    office: Office, config: Settings
) -> None:
    old, both, new = Vault.from_setting(OLD), Vault.from_setting(f"{NEW},{OLD}"), Vault.from_setting(NEW)
    await connect(office.people.news, office.owner, old)
    await give_tokens(office.people.help, settings_with(config, OLD))
    assert await list_key_use(vault=both) == [
        KeyUse(key_id="2025", accounts=2, here=True, seals=False),
        KeyUse(key_id="2026", accounts=0, here=True, seals=True),
    ]
    done = await reseal_all(vault=both, actor=RESEAL, now=LATER)
    assert (done.key_id, done.accounts, done.failed) == ("2026", 2, [])
    assert await list_key_use(vault=new) == [KeyUse(key_id="2026", accounts=2, here=True, seals=True)]
    with pytest.raises(MissingKey):
        await load_credentials(office.people.help.id, vault=old, settings=config)
    token = await load_credentials(office.people.help.id, vault=new, settings=config)
    keys = await load_credentials(office.people.news.id, vault=new, settings=config)
    assert isinstance(token, BearerToken)
    assert (token.access_token, token.version) == ("a1", 2)
    assert isinstance(keys, Credentials)
    assert keys.access_token_secret == KEYS.access_token_secret
    assert (await row_of(office.people.help)).open("refresh_sealed", new) == "r1"
    await assert_audited("account.keys_resealed", actor="system:reseal", key="2026", previous="2025")


async def test_started_again_it_goes_on_and_done_twice_it_does_nothing(office: Office, config: Settings) -> None:
    both = Vault.from_setting(f"{NEW},{OLD}")
    await connect(office.people.news, office.owner, Vault.from_setting(OLD))
    await give_tokens(office.people.help, settings_with(config, OLD))
    assert await reseal_row(office.people.news.id, vault=both, actor=RESEAL, now=LATER)
    assert (await reseal_all(vault=both, actor=RESEAL, now=LATER)).accounts == 1
    assert (await reseal_all(vault=both, actor=RESEAL, now=LATER)).accounts == 0
    assert (await actions()).count("account.keys_resealed") == 2


async def test_row_whose_key_is_missing_is_named_and_the_others_are_done(office: Office, config: Settings) -> None:
    await connect(office.people.news, office.owner, Vault.from_setting(key("lost")))
    await give_tokens(office.people.help, settings_with(config, OLD))
    both = Vault.from_setting(f"{NEW},{OLD}")
    assert KeyUse(key_id="lost", accounts=1, here=False, seals=False) in await list_key_use(vault=both)
    done = await reseal_all(vault=both, actor=RESEAL, now=LATER)
    assert done.accounts == 1
    ((handle, reason),) = done.failed
    assert handle == "News"
    assert "lost" in reason


async def test_two_at_once_seal_each_row_once(office: Office, config: Settings) -> None:
    await give_tokens(office.people.help, settings_with(config, OLD))
    both = Vault.from_setting(f"{NEW},{OLD}")
    account = office.people.help.id
    results = await race(*(reseal_row(account, vault=both, actor=RESEAL, now=NOW) for _ in range(2)))
    assert sorted(map(bool, results)) == [False, True]
    async with transaction():
        row = await lock_row(account)
    assert row is not None
    assert row.version == 2
