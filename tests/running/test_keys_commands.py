"""`govern keys status` and `govern keys rotate`."""

import base64
import json
import secrets

import pytest
from msgspec.structs import replace

from govern.services.credentials import load_credentials
from govern.settings import Settings
from govern.xapi.vault import Vault
from tests.asserts import assert_audited
from tests.factories import Company
from tests.running.conftest import Govern
from tests.services.custody import give_tokens


def key(name: str) -> str:
    return f"{name}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


OLD, NEW = key("2025"), key("2026")


@pytest.fixture
async def sealed(company: Company, config: Settings) -> Company:
    """@Help has tokens, sealed with the old key."""
    await give_tokens(company.help, replace(config, token_keys=OLD))
    return company


async def test_rotation_moves_all_to_the_first_key_and_status_says_when_the_old_one_can_go(
    sealed: Company, govern: Govern, config: Settings
) -> None:
    both = {"GOVERN_TOKEN_KEYS": f"{NEW},{OLD}"}
    found = json.loads(govern("keys", "status", "--json", **both).stdout)
    assert found == [
        {"key": "2025", "accounts": 1, "here": True, "seals": False},
        {"key": "2026", "accounts": 0, "here": True, "seals": True},
    ]
    done = govern("keys", "rotate", **both)
    assert (done.returncode, done.stdout) == (
        0,
        "The credentials of 1 accounts were sealed anew with the key 2026.\n",
    ), done.stderr
    assert json.loads(govern("keys", "rotate", "--json", **both).stdout) == {"key": "2026", "accounts": 0, "failed": []}
    told = govern("keys", "status", GOVERN_TOKEN_KEYS=NEW)
    assert "2026" in told.stdout
    assert "2025" not in told.stdout
    for secret in (OLD, NEW):
        assert secret.partition(":")[2] not in done.stdout + done.stderr + told.stdout
    keys = await load_credentials(sealed.help.id, vault=Vault.from_setting(NEW), settings=config)
    assert keys is not None
    assert keys.access_token == "a1"
    await assert_audited("account.keys_resealed", actor="system:reseal", key="2026", previous="2025")


async def test_row_whose_key_is_missing_is_named_and_the_exit_code_says_so(sealed: Company, govern: Govern) -> None:
    done = govern("keys", "rotate", GOVERN_TOKEN_KEYS=NEW)
    assert done.returncode == 1
    assert "@Help was left as it is" in done.stderr
    assert "2025" in done.stderr
    found = json.loads(govern("keys", "status", "--json", GOVERN_TOKEN_KEYS=NEW).stdout)
    assert {"key": "2025", "accounts": 1, "here": False, "seals": False} in found


async def test_unfit_keys_are_refused_in_one_line(sealed: Company, govern: Govern) -> None:
    done = govern("keys", "rotate", GOVERN_TOKEN_KEYS="2026:short")
    assert done.returncode == 2
    assert "GOVERN_TOKEN_KEYS: key 1" in done.stderr
    assert "short" not in done.stderr
