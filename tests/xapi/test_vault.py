"""What is sealed opens at its own place and nowhere else."""

import base64
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.key_ring import NONCE_BYTES
from govern.settings import Env, Settings, SettingsError
from govern.xapi.vault import BrokenSeal, MissingKey, Vault

ACCOUNT = UUID("0198a1b2-0000-7000-8000-000000000001")
OTHER = UUID("0198a1b2-0000-7000-8000-000000000002")
OLD, NEW = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))


@pytest.fixture
def vault() -> Vault:
    return Vault.from_setting(f"new:{NEW},old:{OLD}")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_was_sealed_opens_again(plain: str) -> None:
    vault = Vault.from_setting(f"new:{NEW}")
    key_id, sealed = vault.seal(plain, account_id=ACCOUNT, column="access_sealed", version=3)
    assert vault.open(sealed, account_id=ACCOUNT, column="access_sealed", key_id=key_id, version=3) == plain
    assert len(sealed) == NONCE_BYTES + len(plain.encode()) + 16


def test_first_key_seals_and_all_keys_open(vault: Vault) -> None:
    before = Vault.from_setting(f"old:{OLD}")
    key_id, sealed = before.seal("token", account_id=ACCOUNT, column="access_sealed", version=1)
    assert key_id == "old"
    assert vault.open(sealed, account_id=ACCOUNT, column="access_sealed", key_id="old", version=1) == "token"
    assert vault.seal("token", account_id=ACCOUNT, column="access_sealed", version=1)[0] == "new"


@pytest.mark.parametrize(
    "place",
    [
        {"account_id": OTHER},
        {"column": "secret_sealed"},
        {"version": 2},
        {"key_id": "old"},
    ],
    ids=["other account", "other column", "other version", "other key"],
)
def test_sealed_bytes_do_not_open_elsewhere(vault: Vault, place: dict[str, object]) -> None:
    key_id, sealed = vault.seal("token", account_id=ACCOUNT, column="access_sealed", version=1)
    here = {"account_id": ACCOUNT, "column": "access_sealed", "key_id": key_id, "version": 1}
    with pytest.raises(BrokenSeal):
        vault.open(sealed, **(here | place))  # type: ignore[arg-type]  # a mixed row of arguments


@pytest.mark.parametrize("cut", [0, 5, NONCE_BYTES, NONCE_BYTES + 8])
def test_cut_bytes_do_not_open(vault: Vault, cut: int) -> None:
    key_id, sealed = vault.seal("token", account_id=ACCOUNT, column="access_sealed", version=1)
    with pytest.raises(BrokenSeal):
        vault.open(sealed[:cut], account_id=ACCOUNT, column="access_sealed", key_id=key_id, version=1)


def test_same_text_is_never_sealed_to_the_same_bytes(vault: Vault) -> None:
    sealed = {vault.seal("token", account_id=ACCOUNT, column="access_sealed", version=1)[1] for _ in range(50)}
    assert len({one[:NONCE_BYTES] for one in sealed}) == 50


def test_missing_key_is_named(vault: Vault) -> None:
    with pytest.raises(MissingKey, match="lost-key"):
        vault.open(bytes(40), account_id=ACCOUNT, column="access_sealed", key_id="lost-key", version=1)


@pytest.mark.parametrize(
    ("setting", "places"),
    [
        ("", [1]),
        (NEW, [1]),
        (f"new:{NEW},", [2]),
        (f"new:{NEW},new:{OLD}", [2]),
        ("a b:" + NEW, [1]),
        ("new:c2hvcnQ=,old:not base64", [1, 2]),
        ("new:é", [1]),
    ],
)
def test_bad_keys_are_refused_by_place_and_never_shown(setting: str, places: list[int]) -> None:
    with pytest.raises(SettingsError) as caught:
        Vault.from_setting(setting)
    assert [f"key {place} " in fault for place, fault in zip(places, caught.value.faults, strict=True)] == [True] * len(
        places
    )
    assert NEW not in str(caught.value)


def test_development_derives_a_key_from_the_secret() -> None:
    one, same, other = (Vault.from_settings(Settings(secret_key=letter * 32)) for letter in "aab")
    key_id, sealed = one.seal("token", account_id=ACCOUNT, column="access_sealed", version=1)
    assert key_id == "dev"
    assert same.open(sealed, account_id=ACCOUNT, column="access_sealed", key_id="dev", version=1) == "token"
    with pytest.raises(BrokenSeal):
        other.open(sealed, account_id=ACCOUNT, column="access_sealed", key_id="dev", version=1)


def test_keys_of_the_setting_come_first() -> None:
    vault = Vault.from_settings(Settings(token_keys=f"new:{NEW}"))
    assert vault.seal("token", account_id=ACCOUNT, column="access_sealed", version=1)[0] == "new"


def test_production_derives_nothing() -> None:
    with pytest.raises(SettingsError, match="GOVERN_TOKEN_KEYS"):
        Vault.from_settings(Settings(env=Env.PRODUCTION, secret_key="a" * 32))


def test_vault_shows_key_ids_only(vault: Vault) -> None:
    assert repr(vault) == "Vault(KeyRing(ids=['new', 'old'], '***'))"
