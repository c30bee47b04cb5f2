"""One's own passkeys: made here, by a device that checks the person, removed only by who is fresh."""

import json

import msgspec
import pytest

from govern.domain.members import Actor
from govern.domain.sign_in import LastSecondFactor, NotFresh, PasskeyRefused, ProofRefused
from govern.errors import Conflict, NotFound
from govern.services.passkey_answers import rp_id
from govern.services.passkeys import (
    BadPasskeyName,
    begin_add_passkey,
    finish_add_passkey,
    list_passkeys,
    remove_passkey,
)
from govern.settings import Env, Settings
from govern.tables import Passkey
from tests.asserts import actions, assert_audited, assert_refused, race
from tests.authenticator import Authenticator
from tests.factories import NOW
from tests.services.conftest import Office
from tests.services.passkeys import Spoil, add, answer, begin, elsewhere, other_site, unverified
from tests.services.signing_in import add_totp


async def test_passkey_is_added_listed_and_recorded(zoe: Actor, phone: Authenticator, office: Office) -> None:
    (listed,) = await list_passkeys(actor=zoe)
    assert (listed.name, listed.created_at, listed.used_at) == ("Phone", NOW, None)
    entry = await assert_audited("passkey.added", actor=zoe.id)
    assert entry["object"] == {"kind": "passkey", "id": str(listed.id)}
    assert "Phone" not in json.dumps(entry)
    assert await list_passkeys(actor=office.people.leo) == []


async def test_what_is_asked_demands_the_person_and_a_kept_key(zoe: Actor, config: Settings) -> None:
    asked = await begin_add_passkey(actor=zoe, settings=config, now=NOW)
    assert asked.step not in repr(asked)
    options = json.loads(asked.options)
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert (options["rp"]["id"], options["user"]["name"]) == ("localhost", "zoe@example.com")
    assert options["excludeCredentials"] == []
    assert json.loads((await begin(config)).options)["userVerification"] == "required"


@pytest.mark.parametrize("spoil", [elsewhere, other_site, unverified])
async def test_passkey_made_wrongly_is_not_added(zoe: Actor, config: Settings, office: Office, spoil: Spoil) -> None:
    device = Authenticator()
    spoil(device)
    with pytest.raises(PasskeyRefused):
        await add(zoe, device, config)
    assert await Passkey.count() == 0
    assert "passkey.added" not in await actions()


async def test_removed_passkey_counts_no_more(zoe: Actor, phone: Authenticator, config: Settings) -> None:
    (listed,) = await list_passkeys(actor=zoe)
    asked = await begin(config)
    await remove_passkey(listed.id, actor=zoe, now=NOW, settings=config)
    await assert_audited("passkey.removed", actor=zoe.id)
    assert await list_passkeys(actor=zoe) == []
    with pytest.raises(ProofRefused):
        await answer(asked, phone.get(asked.options), config)
    with pytest.raises(NotFound):
        await remove_passkey(listed.id, actor=zoe, now=NOW, settings=config)


async def test_last_passkey_stays_in_production_unless_there_is_an_app(
    zoe: Actor, phone: Authenticator, config: Settings, office: Office
) -> None:
    strict = msgspec.structs.replace(config, env=Env.PRODUCTION)
    (listed,) = await list_passkeys(actor=zoe)
    async with assert_refused(LastSecondFactor, office.owner):
        await remove_passkey(listed.id, actor=zoe, now=NOW, settings=strict)
    await add_totp(zoe, config)
    await remove_passkey(listed.id, actor=zoe, now=NOW, settings=strict)


async def test_of_two_last_factors_removed_at_once_one_stays_in_production(zoe: Actor, config: Settings) -> None:
    strict = msgspec.structs.replace(config, env=Env.PRODUCTION)
    both = [await add(zoe, Authenticator(), config, name=name) for name in ("Phone", "Key")]
    results = await race(*(remove_passkey(each.id, actor=zoe, now=NOW, settings=strict) for each in both))
    assert sum(isinstance(result, LastSecondFactor) for result in results) == 1, results


async def test_stolen_session_adds_and_removes_no_passkey(
    zoe: Actor, phone: Authenticator, config: Settings, office: Office
) -> None:
    thief = msgspec.structs.replace(zoe, fresh=False)
    (listed,) = await list_passkeys(actor=zoe)
    with pytest.raises(NotFresh):
        await add(thief, Authenticator(), config)
    with pytest.raises(NotFresh):
        await remove_passkey(listed.id, actor=thief, now=NOW)
    with pytest.raises(NotFound):
        await remove_passkey(listed.id, actor=office.people.leo, now=NOW)
    assert await list_passkeys(actor=zoe) == [listed]


async def test_one_credential_belongs_to_one_member(
    zoe: Actor, phone: Authenticator, config: Settings, office: Office
) -> None:
    with pytest.raises(Conflict):
        await add(office.people.leo, phone, config)
    assert await Passkey.count() == 1


@pytest.mark.parametrize("name", ["", "   ", "x" * 61])
async def test_passkey_needs_a_name(zoe: Actor, config: Settings, office: Office, name: str) -> None:
    asked = await begin_add_passkey(actor=zoe, settings=config, now=NOW)
    async with assert_refused(BadPasskeyName, office.owner):
        await finish_add_passkey(step=asked.step, name=name, answer="{}", actor=zoe, settings=config, now=NOW)


@pytest.mark.parametrize(
    ("env", "address", "expected"),
    [
        (Env.DEVELOPMENT, "", "localhost"),
        (Env.DEVELOPMENT, "http://127.0.0.1:8000", "localhost"),
        (Env.DEVELOPMENT, "http://[::1]:8000", "localhost"),
        (Env.PRODUCTION, "https://Govern.Example/", "govern.example"),
        (Env.PRODUCTION, "https://govern.example:8443", "govern.example"),
    ],
)
def test_passkeys_are_bound_to_the_panels_host(config: Settings, env: Env, address: str, expected: str) -> None:
    assert rp_id(msgspec.structs.replace(config, env=env, public_url=address)) == expected


@pytest.mark.parametrize(
    ("origin", "fits"),
    [
        ("https://govern.example", True),
        ("http://govern.example", False),
        ("https://govern.example:8443", False),
        ("http://localhost:8000", False),
        ("https://govern.example.evil.example", False),
    ],
)
async def test_only_our_own_origin_counts_in_production(zoe: Actor, config: Settings, origin: str, fits: bool) -> None:
    strict = msgspec.structs.replace(config, env=Env.PRODUCTION, public_url="https://govern.example")
    device = Authenticator(origin=origin, rp_id="govern.example")
    if fits:
        await add(zoe, device, strict)
        return
    with pytest.raises(PasskeyRefused):
        await add(zoe, device, strict)
