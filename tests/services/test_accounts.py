"""Brands and accounts: adding, describing, connecting, disconnecting; and who may know of them."""

from typing import Any

import msgspec
import pytest

from govern.domain.accounts import (
    Account,
    AccountExists,
    AccountKind,
    AccountState,
    Objective,
    UnknownHandle,
    WrongXUser,
)
from govern.domain.drafts import UnknownZone
from govern.domain.members import Actor
from govern.domain.messages import ChangedMeanwhile
from govern.errors import GovernError, Invalid
from govern.services.accounts import (
    UnknownAccount,
    create_account,
    edit_account,
    find_account,
    get_account,
    list_accounts,
)
from govern.services.brands import BrandExists, UnknownBrand, create_brand, list_brands
from govern.services.connecting import connect_account, disconnect_account
from govern.settings import Settings
from govern.tables import AccountCredential
from govern.xapi.client import XUser
from govern.xapi.credentials import Credentials
from govern.xapi.vault import Vault
from tests.asserts import assert_audited, assert_denied, assert_one_winner, assert_refused, race
from tests.factories import NOW
from tests.services.conftest import LATER, Office

KEYS = Credentials(api_key="ak", api_secret="as", access_token="the-token", access_token_secret="the-secret")


async def create(office: Office, **changes: object) -> Account:
    values: dict[str, object] = {
        "handle": "@Studio",
        "name": " Studio ",
        "brand": "care",
        "kind": AccountKind.THEMATIC,
        "topic": "Workshops",
        "objectives": [Objective.INFORM, Objective.DIALOGUE],
        "actor": office.people.ada,
        "access": office.access,
        "now": NOW,
    }
    return await create_account(**(values | changes))  # type: ignore[arg-type]  # each value has its type above


async def edit(office: Office, **changes: object) -> Account:
    values: dict[str, Any] = {
        "name": "Help",
        "topic": "",
        "objectives": [],
        "zone": "Europe/Paris",
        "language": "en",
        "colour": 1,
        "undo_window_seconds": 8,
        "version": 1,
        "actor": office.people.ada,
        "access": office.access,
        "now": LATER,
    }
    return await edit_account("Help", **(values | changes))


async def connect(
    office: Office, config: Settings, *, handle: str = "Studio", x_id: str = "77", by: Actor | None = None
) -> Account:
    return await connect_account(
        "Studio",
        credentials=KEYS,
        vault=Vault.from_settings(config),
        x_user=XUser(x_id=x_id, handle=handle, name="Studio"),
        actor=by or office.people.ada,
        access=office.access,
        now=LATER,
    )


async def test_new_account_cannot_send_yet_and_is_recorded(office: Office) -> None:
    account = await create(office)
    assert (account.handle, account.name, account.scope, account.brand) == (
        "Studio",
        "Studio",
        "account:Studio",
        "care",
    )
    assert (account.state, account.x_user_id) == (AccountState.DISCONNECTED, None)
    assert account.objectives == (Objective.INFORM, Objective.DIALOGUE)
    entry = await assert_audited(
        "account.created",
        actor=office.people.ada.id,
        handle="Studio",
        kind="thematic",
        objectives=["inform", "dialogue"],
    )
    assert entry["scope"] == "account:Studio"


async def test_roles_of_the_brand_hold_for_its_new_account(office: Office) -> None:
    await create(office)
    message = await office.write(office.people.bo, account="Studio")
    assert message.account == "Studio"


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"handle": "Help"}, AccountExists),
        ({"handle": "hELP"}, AccountExists),
        ({"handle": "no handle"}, UnknownHandle),
        ({"brand": "nothing"}, UnknownBrand),
        ({"name": ""}, Invalid),
        ({"name": "x" * 81}, Invalid),
        ({"topic": "x" * 121}, Invalid),
        ({"colour": 0}, Invalid),
        ({"colour": 7}, Invalid),
        ({"language": "de"}, Invalid),
        ({"zone": "Mars/Olympus"}, UnknownZone),
        ({"name": "a\0b"}, Invalid),
    ],
)
async def test_bad_account_is_refused(office: Office, change: dict[str, object], kind: type[GovernError]) -> None:
    async with assert_refused(kind, office.owner):
        await create(office, **change)


async def test_only_who_edits_accounts_adds_and_edits_them(office: Office) -> None:
    async with assert_denied(office.owner, office.people.mia, "account.edit"):
        await create(office, actor=office.people.mia)
    async with assert_denied(office.owner, office.people.mia, "account.edit"):
        await edit(office, actor=office.people.mia)


async def test_account_added_twice_at_once_is_added_once(office: Office) -> None:
    assert_one_winner(await race(create(office), create(office, handle="studio")))


async def test_edit_says_what_changed(office: Office) -> None:
    account = await edit(office, name="Help desk", objectives=[Objective.ALERT], undo_window_seconds=0)
    assert (account.name, account.objectives, account.undo_window_seconds, account.version) == (
        "Help desk",
        (Objective.ALERT,),
        0,
        2,
    )
    entry = await assert_audited("account.edited", actor=office.people.ada.id)
    assert entry["change"] == {
        "name": {"before": "Help", "after": "Help desk"},
        "objectives": {"before": [], "after": ["alert"]},
        "undo_window_seconds": {"before": 8, "after": 0},
    }


async def test_edit_of_what_another_changed_meanwhile_is_refused(office: Office) -> None:
    assert_one_winner(await race(edit(office, name="One"), edit(office, name="Two")))
    async with assert_refused(ChangedMeanwhile, office.owner):
        await edit(office, name="Three")


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"undo_window_seconds": 61}, Invalid),
        ({"undo_window_seconds": -1}, Invalid),
        ({"language": "de"}, Invalid),
        ({"zone": ""}, UnknownZone),
        ({"name": " "}, Invalid),
    ],
)
async def test_bad_edit_is_refused(office: Office, change: dict[str, object], kind: type[Invalid]) -> None:
    async with assert_refused(kind, office.owner):
        await edit(office, **change)


async def test_unknown_and_unreadable_accounts_are_told_apart_by_nothing(office: Office) -> None:
    said = []
    for handle in ("nEWS", "nOBODY"):
        async with assert_refused(UnknownAccount, office.owner) as refused:
            await get_account(handle, actor=office.people.leo, access=office.access, now=NOW)
        said.append((refused.value.code, refused.value.data | {"name": ""}, refused.value.data["name"] == handle))
    assert said[0] == said[1]
    await assert_audited("access.denied", outcome="denied", actor=office.people.leo.id, action="message.read")


async def test_accounts_and_brands_are_listed_where_they_may_be_read(office: Office) -> None:
    for actor, handles, brands in (
        (office.people.leo, ["Help"], ["care"]),
        (office.people.noa, ["News"], ["press"]),
        (office.people.vera, ["Help", "News"], ["care", "press"]),
        (office.people.ada, ["Help", "News"], ["care", "press"]),
    ):
        assert [each.handle for each in await list_accounts(actor=actor, access=office.access)] == handles
        assert [each.slug for each in await list_brands(actor=actor, access=office.access)] == brands


async def test_new_brand_is_recorded_and_can_hold_accounts(office: Office) -> None:
    brand = await create_brand(slug="arts", name=" Arts ", actor=office.people.ada, access=office.access, now=NOW)
    assert (brand.name, brand.scope) == ("Arts", "brand:arts")
    await assert_audited("brand.created", actor=office.people.ada.id, slug="arts")
    assert (await create(office, brand="arts")).brand_name == "Arts"


@pytest.mark.parametrize(
    ("slug", "name", "kind"),
    [
        ("care", "Care", BrandExists),
        ("Care", "Care", Invalid),
        ("", "Care", Invalid),
        ("a" * 40, "Care", Invalid),
        ("new", " ", Invalid),
        ("new", "x" * 81, Invalid),
    ],
)
async def test_bad_brand_is_refused(office: Office, slug: str, name: str, kind: type[GovernError]) -> None:
    async with assert_refused(kind, office.owner):
        await create_brand(slug=slug, name=name, actor=office.people.ada, access=office.access, now=NOW)


async def test_only_who_edits_brands_adds_them(office: Office) -> None:
    async with assert_denied(office.owner, office.people.mia, "brand.edit"):
        await create_brand(slug="arts", name="Arts", actor=office.people.mia, access=office.access, now=NOW)


async def test_brand_added_twice_at_once_is_added_once(office: Office) -> None:
    assert_one_winner(
        await race(
            *(
                create_brand(slug="arts", name="Arts", actor=office.people.ada, access=office.access, now=NOW)
                for _ in range(2)
            )
        )
    )


async def test_keys_are_kept_sealed_and_the_account_is_connected(office: Office, config: Settings) -> None:
    await create(office)
    account = await connect(office, config)
    assert (account.state, account.x_user_id) == (AccountState.CONNECTED, "77")
    entry = await assert_audited("account.connected", actor=office.people.ada.id, x_user_id="77")
    assert entry["change"]["state"] == {"before": "disconnected", "after": "connected"}
    kept = await office.owner.fetchval("SELECT string_agg(t::text, '') FROM account_credential t")
    told = await office.owner.fetchval("SELECT string_agg(entry, '') FROM audit.entry")
    for secret in ("the-token", "the-secret"):
        assert secret not in kept + told
        assert secret.encode().hex() not in kept


async def test_keys_given_again_take_the_place_of_the_old_ones(office: Office, config: Settings) -> None:
    await create(office)
    await connect(office, config)
    await disconnect_account("Studio", reason="Lost", actor=office.people.ada, access=office.access, now=LATER)
    assert (await connect(office, config)).state is AccountState.CONNECTED
    row = await AccountCredential.select(AccountCredential.version, AccountCredential.state, AccountCredential.reason)
    assert row == [{"version": 2, "state": "active", "reason": None}]


async def test_keys_of_another_x_user_are_refused(office: Office, config: Settings) -> None:
    await create(office)
    async with assert_refused(WrongXUser, office.owner):
        await connect(office, config, handle="Somebody")
    await connect(office, config)
    async with assert_refused(WrongXUser, office.owner):
        await connect(office, config, x_id="78")


async def test_only_admins_connect_and_disconnect(office: Office, config: Settings) -> None:
    await create(office)
    async with assert_denied(office.owner, office.people.mia, "account.connect"):
        await connect(office, config, by=office.people.mia)
    async with assert_denied(office.owner, office.people.mia, "account.disconnect"):
        await disconnect_account("Help", reason="x", actor=office.people.mia, access=office.access, now=LATER)


async def test_disconnected_account_is_recorded_as_such(office: Office) -> None:
    account = await disconnect_account(
        "help", reason="Handed over.", actor=office.people.ada, access=office.access, now=LATER
    )
    assert account.state is AccountState.DISCONNECTED
    entry = await assert_audited("account.disconnected", actor=office.people.ada.id)
    assert entry["change"]["state"] == {"before": "connected", "after": "disconnected"}
    async with assert_refused(UnknownAccount, office.owner):
        await disconnect_account("Nobody", reason="x", actor=office.people.ada, access=office.access, now=LATER)


async def test_account_is_found_however_its_handle_is_written(office: Office) -> None:
    assert msgspec.structs.asdict(await find_account("@hELP")) == msgspec.structs.asdict(office.people.help)
