"""The demo company, seeded by the ordinary services against a real sandbox."""

import json
import stat
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx
import msgspec
import pytest

from govern.access import Access
from govern.demo import NotEmpty, SignIn, SignInsLost, seed
from govern.demo.people import BOOTSTRAP, HUGO, INES, NADIA
from govern.demo.sandbox import SandboxAway
from govern.domain.accounts import AccountState
from govern.services.accounts import list_accounts
from govern.services.first_admin import create_first_admin
from govern.services.message_lists import MessageFilter, list_messages
from govern.services.policies import Policies
from govern.services.sessions import SignedIn
from govern.services.sign_in import sign_in
from govern.services.tokens import find_token
from govern.settings import Env, Settings, SettingsError
from tests.asserts import actions, assert_audited, assert_nothing_changed

Seed = Callable[..., Awaitable[list[SignIn]]]


def clock() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def here(config: Settings, tmp_path: Path, sandbox_address: str) -> Settings:
    return msgspec.structs.replace(config, data_dir=tmp_path, x_base_url=sandbox_address)


@pytest.fixture
def seeding(database: None, access: Access, policies: Policies) -> Seed:
    async def do(settings: Settings) -> list[SignIn]:
        return await seed(settings, access=access, policies=policies, clock=clock)

    return do


async def test_demo_has_accounts_people_and_messages_at_every_step(
    here: Settings, seeding: Seed, access: Access
) -> None:
    members = await seeding(here)
    assert {member.email: member.roles for member in members} == {
        "nadia.ferrand@aldane.example": ("admin",),
        "claire.renaud@aldane.example": ("brand_manager",),
        "hugo.marchetti@aldane.example": ("agent",),
        "tom.lebris@aldane.example": ("author",),
        "ines.kaplan@aldane.example": ("author", "brand_manager"),
        "sarah.nguyen@aldane.example": ("compliance",),
        "lea.fontaine@aldane.example": ("viewer",),
    }
    viewer = await find_token(members[-1].token, now=clock())
    assert viewer is not None
    accounts = await list_accounts(actor=viewer, access=access)
    assert {account.state for account in accounts} == {AccountState.CONNECTED}
    assert (len(accounts), len({account.brand for account in accounts}), len({a.colour for a in accounts})) == (6, 3, 6)
    assert {account.undo_window_seconds for account in accounts} == {5}
    page = await list_messages(MessageFilter(), actor=viewer, access=access, now=clock())
    assert Counter(message.state.value for message in page.items) == {
        "pending_approval": 5,
        "scheduled": 1,
        "changes_requested": 1,
        "draft": 1,
    }
    assert "warn" in {message.decision for message in page.items}
    await assert_audited("demo.seeded", actor="system:demo", members=7, accounts=6)
    assert not any(action.startswith("publication.") for action in await actions())


async def test_everybody_of_the_demo_signs_in_with_password_and_token(here: Settings, seeding: Seed) -> None:
    for member in await seeding(here):
        signed_in = await sign_in(
            email=member.email, password=member.password, address="127.0.0.1", user_agent="", now=clock()
        )
        assert isinstance(signed_in, SignedIn)
        actor = await find_token(member.token, now=clock())
        assert actor is not None
        assert actor.member == signed_in.session.member.id


async def test_customers_wrote_to_the_sandbox_and_nothing_of_ours_is_there(here: Settings, seeding: Seed) -> None:
    await seeding(here)
    async with httpx.AsyncClient() as client:
        state = (await client.get(f"{here.x_base_url}/_sandbox/state")).json()
    assert {post["account"] for post in state["posts"]} == {"mjourdan", "karim_b", "lea_p", "studio_verne"}
    assert [(dm["sender"], dm["recipient"]) for dm in state["dms"]] == [("sofia_m", "AldaneCare")]


async def test_second_start_finds_everything_as_it_was(
    here: Settings, seeding: Seed, owner: asyncpg.Connection
) -> None:
    first = await seeding(here)
    async with assert_nothing_changed(owner):
        assert await seeding(here) == first
    file = here.data_dir / "demo.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_seeding_that_was_cut_short_is_taken_up_where_it_stopped(here: Settings, seeding: Seed) -> None:
    away = msgspec.structs.replace(here, x_base_url="http://127.0.0.1:9")
    with pytest.raises(SandboxAway):
        await seeding(away)
    kept = json.loads((here.data_dir / "demo.json").read_text())
    members = await seeding(here)
    again = json.loads((here.data_dir / "demo.json").read_text())
    assert {email: each["password"] for email, each in kept["people"].items()} == {
        member.email: member.password for member in members
    }
    (here.data_dir / "demo.json").write_text(json.dumps({**again, "finished": False}))
    before = Counter(await actions())
    assert await seeding(here) == members
    assert Counter(await actions()) - before == Counter({"demo.seeded": 1})


async def test_one_with_two_roles_cannot_approve_what_she_wrote(
    here: Settings, seeding: Seed, access: Access, policies: Policies
) -> None:
    from govern.services.verdicts import can_decide

    tokens = {member.email: member.token for member in await seeding(here)}
    ines = await find_token(tokens[INES.email], now=clock())
    assert ines is not None
    page = await list_messages(MessageFilter(author=INES.email), actor=ines, access=access, now=clock())
    waiting = [message for message in page.items if message.state == "pending_approval"]
    verdicts = [await can_decide(message, actor=ines, access=access, policies=policies) for message in waiting]
    assert {verdict.approve.rule for verdict in verdicts} == {"four_eyes.author"}


async def test_demo_is_refused_in_production_and_beside_the_real_x(here: Settings, seeding: Seed) -> None:
    with pytest.raises(SettingsError, match="production"):
        await seeding(msgspec.structs.replace(here, env=Env.PRODUCTION))
    for address in ("https://api.x.com", ""):
        with pytest.raises(SettingsError, match="GOVERN_X_BASE_URL"):
            await seeding(msgspec.structs.replace(here, x_base_url=address))


async def test_company_with_people_of_its_own_gets_no_demo(
    here: Settings, seeding: Seed, owner: asyncpg.Connection
) -> None:
    await create_first_admin(
        email="own@example.com", name="Own", password="correct horse 7 battery", actor=BOOTSTRAP, now=clock()
    )
    async with assert_nothing_changed(owner):
        with pytest.raises(NotEmpty):
            await seeding(here)
    assert not (here.data_dir / "demo.json").exists()


async def test_lost_sign_ins_are_said_and_not_made_up(here: Settings, seeding: Seed) -> None:
    await seeding(here)
    (here.data_dir / "demo.json").unlink()
    with pytest.raises(SignInsLost):
        await seeding(here)


async def test_sign_ins_do_not_show_in_a_repr(here: Settings, seeding: Seed) -> None:
    members = await seeding(here)
    assert not any(secret in repr(members) for member in members for secret in (member.password, member.token))
    assert {NADIA.email, HUGO.email} <= {member.email for member in members}
