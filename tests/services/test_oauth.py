"""The way to X and back: ten minutes, once, in one browser session; whatever is wrong is one refusal, in the log."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from govern.database import signed_in
from govern.domain.accounts import AccountState
from govern.domain.credentials import BASE_SCOPES, ConnectFault, Connection, Feature, Stage
from govern.domain.members import Actor
from govern.errors import Denied
from govern.services.accounts import UnknownAccount, find_account
from govern.services.oauth import NoClient, begin_connect, forget_old_pending, get_connection, store_code
from govern.services.oauth_codes import TakenCode, fail_connect, finish_connect, take_code
from govern.settings import Settings
from govern.tables import OauthPending
from govern.xapi.client import XUser
from govern.xapi.oauth import TokenPair, challenge_of
from govern.xapi.vault import Vault
from tests.asserts import actions, assert_audited, assert_denied, assert_nothing_changed, assert_refused, race
from tests.factories import NOW, make_grant
from tests.services.conftest import LATER, Office
from tests.services.custody import opened, told

SESSION = uuid4()
GRANTED = TokenPair(access_token="a1", refresh_token="r1", scopes=BASE_SCOPES, life=timedelta(hours=2))


class Way:
    """Ada on her way to X, to connect @Help."""

    def __init__(self, office: Office, config: Settings) -> None:
        self.office = office
        self.config = replace(
            config, x_client_id="the-client", x_base_url="http://127.0.0.1:1", public_url="http://localhost:8000"
        )
        self.at_x = XUser(x_id=office.people.help.x_user_id or "77", handle="Help", name="Help")

    async def begin(self, *, by: Actor | None = None, features: tuple[Feature, ...] = (), now: datetime = NOW) -> None:
        await begin_connect(
            "Help",
            features=features,
            session=SESSION,
            settings=self.config,
            actor=by or self.office.people.ada,
            access=self.office.access,
            now=now,
        )

    async def look(self, *, session: UUID = SESSION, now: datetime = LATER, by: Actor | None = None) -> Connection:
        return await get_connection(
            "Help",
            session=session,
            settings=self.config,
            actor=by or self.office.people.ada,
            access=self.office.access,
            now=now,
        )

    async def state(self) -> str:
        return parse_qs(urlsplit((await self.look()).url).query)["state"][0]

    async def back(
        self,
        state: str,
        code: str = "the-code",
        *,
        by: Actor | None = None,
        session: UUID = SESSION,
        now: datetime = LATER,
    ) -> str:
        return await store_code(
            state, code, session=session, actor=by or self.office.people.ada, access=self.office.access, now=now
        )

    async def came(self, *, now: datetime = NOW) -> UUID:
        """Go all the way but for the worker's part; return the id it is woken with."""
        await self.begin(now=now)
        await self.back(await self.state())
        row = await OauthPending.select(OauthPending.id).where(OauthPending.code.is_not_null()).first()
        assert row is not None
        return UUID(str(row["id"]))

    async def taken(self, *, now: datetime = NOW) -> TakenCode:
        taken = await take_code(await self.came(now=now), now=LATER)
        assert taken is not None
        return taken

    async def finish(
        self, taken: TakenCode, tokens: TokenPair = GRANTED, x_user: XUser | None = None
    ) -> ConnectFault | None:
        vault = Vault.from_settings(self.config)
        return await finish_connect(
            taken, tokens, x_user=x_user or self.at_x, vault=vault, access=self.office.access, now=LATER
        )


@pytest.fixture
def way(office: Office, config: Settings) -> Way:
    return Way(office, config)


async def test_way_to_x_asks_for_what_was_chosen_and_is_in_the_log(way: Way) -> None:
    assert (await way.look()).stage is Stage.NOT_BEGUN
    await way.begin(features=(Feature.IMAGES,))
    found = await way.look()
    assert (found.stage, found.expires_at) == (Stage.AT_X, NOW + timedelta(minutes=10))
    query = parse_qs(urlsplit(found.url).query)
    assert query["scope"] == [" ".join([*BASE_SCOPES, "media.write"])]
    assert query["redirect_uri"] == ["http://localhost:8000/admin/x/callback"]
    row = await OauthPending.select(OauthPending.verifier).first()
    assert row is not None
    assert query["code_challenge"] == [challenge_of(row["verifier"])]
    assert found.url == (await way.look()).url, "the page may be loaded again"
    await assert_audited("account.connect_begun", actor=way.office.people.ada.id, scopes=[*BASE_SCOPES, "media.write"])


async def test_no_row_tells_the_state(way: Way) -> None:
    await way.begin()
    state = await way.state()
    kept = await way.office.owner.fetchval("SELECT string_agg(p::text, '') FROM oauth_pending p")
    assert state not in kept


async def test_code_that_comes_back_wakes_the_worker_once(way: Way) -> None:
    await way.begin()
    assert await way.back(await way.state()) == "Help"
    assert (await way.look()).stage is Stage.EXCHANGING
    jobs = await way.office.owner.fetch("SELECT args FROM outbox WHERE job = 'connect'")
    assert len(jobs) == 1
    assert "the-code" not in str(jobs)


@pytest.mark.parametrize("what", ["unknown", "late", "session", "member", "twice", "no code", "long code", "earlier"])
async def test_whatever_is_wrong_is_the_same_refusal_and_an_entry(way: Way, what: str) -> None:
    people = way.office.people
    await way.begin()
    state = await way.state()
    if what == "earlier":
        await way.begin(now=LATER)
    if what == "twice":
        await way.back(state)
    cases: dict[str, dict[str, Any]] = {
        "late": {"now": NOW + timedelta(minutes=10)},
        "session": {"session": uuid4()},
        "member": {"by": people.vera},
        "no code": {"code": ""},
        "long code": {"code": "x" * 2001},
    }
    more = cases.get(what, {})
    async with assert_nothing_changed(way.office.owner):
        with pytest.raises(Denied) as denied:
            await way.back("of-nobody" if what == "unknown" else state, **more)
    assert denied.value.data["reason"] == "connect_state"
    await assert_audited("access.denied", outcome="denied", action="account.connect", reason="connect_state")


async def test_right_that_was_lost_meanwhile_is_a_refusal_too(way: Way) -> None:
    await way.begin()
    state = await way.state()
    assert way.office.people.ada.member
    await make_grant(way.office.people.ada.member, "suspended", "company")
    with pytest.raises(Denied):
        await way.back(state)
    assert await OauthPending.count().where(OauthPending.code.is_not_null()) == 0


async def test_only_who_connects_accounts_begins_and_looks(way: Way) -> None:
    async with assert_denied(way.office.owner, way.office.people.mia, "account.connect"):
        await way.begin(by=way.office.people.mia)
    async with assert_denied(way.office.owner, way.office.people.mia, "account.connect"):
        await way.look(by=way.office.people.mia)
    async with assert_refused(UnknownAccount, way.office.owner):
        await way.begin(by=way.office.people.noa)


async def test_beginning_asks_for_a_fresh_proof_and_coming_back_does_not(way: Way) -> None:
    tired = replace(way.office.people.ada, fresh=False)
    with pytest.raises(Denied) as denied:
        await way.begin(by=tired)
    assert denied.value.data["rule"] == "fresh.account.connect"
    await way.begin()
    assert await way.back(await way.state(), by=tired) == "Help"


async def test_without_a_client_there_is_no_way(way: Way) -> None:
    way.config = replace(way.config, x_client_id="")
    async with assert_refused(NoClient, way.office.owner):
        await way.begin()


async def test_code_is_taken_once_and_leaves_the_database_with_that(way: Way) -> None:
    pending = await way.came()
    taken = await race(*(take_code(pending, now=LATER) for _ in range(3)))
    (one,) = [each for each in taken if isinstance(each, TakenCode)]
    assert (one.code, one.handle) == ("the-code", "Help")
    assert "the-code" not in repr(one)
    kept = await way.office.owner.fetchrow("SELECT code, verifier FROM oauth_pending")
    assert tuple(kept) == (None, None)


async def test_code_older_than_x_takes_it_is_not_taken(way: Way) -> None:
    pending = await way.came()
    assert await take_code(pending, now=LATER + timedelta(seconds=31)) is None
    found = await way.look(now=LATER + timedelta(seconds=31))
    assert (found.stage, found.fault) == (Stage.FAILED, ConnectFault.REFUSED)


async def test_worker_that_died_with_the_code_is_told_as_no_answer(way: Way) -> None:
    await way.taken()
    assert (await way.look(now=LATER + timedelta(seconds=20))).stage is Stage.EXCHANGING
    found = await way.look(now=LATER + timedelta(seconds=61))
    assert (found.stage, found.fault) == (Stage.FAILED, ConnectFault.AWAY)


async def test_tokens_are_kept_sealed_and_the_account_is_connected(way: Way) -> None:
    assert await way.finish(await way.taken()) is None
    account = await find_account("Help")
    assert (account.state, account.x_user_id) == (AccountState.CONNECTED, way.at_x.x_id)
    assert await opened(account, way.config) == {"access": "a1", "refresh": "r1", "previous": None}
    about = await told(way.office.owner, account)
    assert (about["kind"], about["scopes"], about["expires_at"]) == ("oauth2", list(BASE_SCOPES), LATER + GRANTED.life)
    entry = await assert_audited(
        "account.connected",
        actor=way.office.people.ada.id,
        x_user_id=way.at_x.x_id,
        method="oauth2",
        scopes=[*BASE_SCOPES],
    )
    assert entry["ctx"]["rule"] == "admin.account.connect"
    assert (await way.look()).stage is Stage.CONNECTED


@pytest.mark.parametrize(
    ("tokens", "handle", "fault"),
    [
        (GRANTED, "Somebody", ConnectFault.WRONG_USER),
        (replace(GRANTED, scopes=("tweet.read",)), "Help", ConnectFault.SCOPES),
        (replace(GRANTED, refresh_token=None), "Help", ConnectFault.SCOPES),
    ],
    ids=["another user", "too few scopes", "no refresh token"],
)
async def test_what_does_not_fit_is_not_kept(way: Way, tokens: TokenPair, handle: str, fault: ConnectFault) -> None:
    taken = await way.taken()
    async with assert_nothing_changed(way.office.owner):
        assert await way.finish(taken, tokens, replace(way.at_x, handle=handle)) is fault
    await fail_connect(taken, fault, other_handle=handle, now=LATER)
    found = await way.look()
    assert (found.stage, found.fault, found.other_handle) == (Stage.FAILED, fault, handle)
    await assert_audited("account.connect_failed", outcome="failed", actor=way.office.people.ada.id, reason=fault.value)


async def test_known_account_keeps_its_id_at_x(way: Way) -> None:
    await way.finish(await way.taken())
    taken = await way.taken(now=NOW + timedelta(seconds=1))
    assert await way.finish(taken, x_user=replace(way.at_x, x_id="78")) is ConnectFault.WRONG_USER


async def test_right_that_was_lost_while_x_was_asked_keeps_nothing(way: Way) -> None:
    taken = await way.taken()
    assert way.office.people.ada.member
    await make_grant(way.office.people.ada.member, "suspended", "company")
    assert await way.finish(taken) is ConnectFault.DENIED
    assert "account.connected" not in await actions()


async def test_the_web_goes_its_part_of_the_way_with_its_own_rights(way: Way, shipped_web: str) -> None:
    async with signed_in(shipped_web):
        await way.begin()
        await way.back(await way.state())
        assert (await way.look()).stage is Stage.EXCHANGING


async def test_what_is_over_is_forgotten_after_a_day(way: Way) -> None:
    await way.begin()
    await forget_old_pending(now=NOW + timedelta(hours=24))
    assert await OauthPending.count() == 1
    await forget_old_pending(now=NOW + timedelta(hours=25))
    assert await OauthPending.count() == 0
