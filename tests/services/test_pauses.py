"""The stop switch: set alone and at once, lifted by another person."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from govern.domain.drafts import TextTooLong
from govern.domain.members import Actor
from govern.domain.messages import Kind
from govern.domain.pauses import AlreadyPaused
from govern.errors import Denied, GovernError, Invalid, NotFound
from govern.services.pauses import (
    NotPaused,
    PauseEffect,
    count_touched,
    is_paused,
    lift_pause,
    list_pauses,
    set_pause,
)
from govern.services.scope_rights import UnknownScope
from govern.tables import Pause
from tests.asserts import actions, assert_audited, assert_denied, assert_one_winner, assert_refused, race
from tests.factories import NOW
from tests.services.conftest import LATER, Office

EVERY_KIND = tuple(Kind)


async def pause(
    office: Office,
    by: Actor,
    *,
    scope: str = "brand:care",
    kinds: tuple[Kind, ...] = EVERY_KIND,
    reason: str = "An accident in the news.",
) -> PauseEffect:
    return await set_pause(scope=scope, kinds=kinds, reason=reason, actor=by, access=office.access, now=NOW)


async def lift(office: Office, which: UUID, by: Actor, *, reason: str = "") -> None:
    await lift_pause(which, reason=reason, actor=by, access=office.access, now=LATER)


async def test_pause_stops_what_is_below_it_and_is_recorded(office: Office) -> None:
    await office.approve(await office.write(office.people.ana), office.people.max)
    effect = await pause(office, office.people.mia)
    assert (effect.counts.held, effect.counts.in_flight, effect.counts.unknown) == (1, 0, 0)
    assert (effect.pause.scope, effect.pause.set_by_name) == ("brand:care", "Mia")
    assert await is_paused("account:Help", Kind.POST)
    assert not await is_paused("account:News", Kind.POST)
    entry = await assert_audited("pause.set", actor=office.people.mia.id, kinds=[kind.value for kind in Kind])
    assert entry["scope"] == "brand:care"


async def test_pause_of_the_company_stops_every_account(office: Office) -> None:
    await pause(office, office.people.cleo, scope="company")
    assert await is_paused("account:Help", Kind.DM)
    assert await is_paused("account:News", Kind.DM)


async def test_pause_stops_only_its_kinds(office: Office) -> None:
    await pause(office, office.people.mia, kinds=(Kind.POST, Kind.QUOTE))
    assert [kind for kind in Kind if await is_paused("account:Help", kind)] == [Kind.POST, Kind.QUOTE]
    await pause(office, office.people.mia)
    assert await is_paused("account:Help", Kind.DM)


async def test_what_a_pause_would_stop_is_counted_before(office: Office) -> None:
    await office.approve(await office.write(office.people.ana), office.people.max)
    await office.approve(
        await office.write(office.people.ana, text="Later.", scheduled_at=NOW + timedelta(days=1)), office.people.max
    )
    counts = await count_touched(
        scope="company", kinds=EVERY_KIND, actor=office.people.cleo, access=office.access, now=NOW
    )
    assert counts.held == 2
    async with assert_denied(office.owner, office.people.leo, "pause.set"):
        await count_touched(scope="company", kinds=EVERY_KIND, actor=office.people.leo, access=office.access, now=NOW)


async def test_only_who_may_stop_publishing_here_does(office: Office) -> None:
    for actor in (office.people.leo, office.people.vera, office.people.noa):
        async with assert_denied(office.owner, actor, "pause.set"):
            await pause(office, actor)
    with pytest.raises(Denied):
        await pause(office, office.people.mia, scope="company")


async def test_pause_is_set_once(office: Office) -> None:
    await pause(office, office.people.mia)
    async with assert_refused(AlreadyPaused, office.owner):
        await pause(office, office.people.max, kinds=(Kind.POST,))


async def test_pause_set_twice_at_once_is_set_once(office: Office) -> None:
    assert_one_winner(await race(pause(office, office.people.mia), pause(office, office.people.max)))
    assert await Pause.count() == 1


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"kinds": ()}, Invalid),
        ({"reason": " "}, Invalid),
        ({"reason": "no"}, Invalid),
        ({"reason": "x" * 501}, Invalid),
        ({"reason": "a\0bc"}, Invalid),
        ({"scope": "brand:nothing"}, UnknownScope),
        ({"scope": "x" * 300}, UnknownScope),
    ],
)
async def test_bad_pause_is_refused(office: Office, change: dict[str, object], kind: type[GovernError]) -> None:
    async with assert_refused(kind, office.owner):
        await pause(office, office.people.cleo, **change)  # type: ignore[arg-type]  # wrong on purpose


async def test_another_person_lifts_a_pause_and_it_is_recorded(office: Office) -> None:
    which = (await pause(office, office.people.mia)).pause.id
    await lift(office, which, office.people.cleo, reason="It is over.")
    assert not await is_paused("account:Help", Kind.POST)
    entry = await assert_audited("pause.lifted", actor=office.people.cleo.id)
    assert "reason" in entry["commit"]
    assert (await pause(office, office.people.mia)).pause.id != which


async def test_nobody_lifts_an_own_pause(office: Office) -> None:
    which = (await pause(office, office.people.cleo)).pause.id
    async with assert_denied(office.owner, office.people.cleo, "pause.lift", rule="pause.own"):
        await lift(office, which, office.people.cleo)
    async with assert_denied(office.owner, office.people.mia, "pause.lift"):
        await lift(office, which, office.people.mia)


async def test_pause_is_lifted_once(office: Office) -> None:
    which = (await pause(office, office.people.mia)).pause.id
    assert_one_winner(await race(*(lift(office, which, office.people.cleo) for _ in range(2))))
    assert (await actions()).count("pause.lifted") == 1
    async with assert_refused(NotPaused, office.owner):
        await lift(office, which, office.people.cleo)
    async with assert_refused(NotFound, office.owner):
        await lift(office, uuid4(), office.people.cleo)


async def test_reason_to_lift_has_a_limit(office: Office) -> None:
    which = (await pause(office, office.people.mia)).pause.id
    async with assert_refused(TextTooLong, office.owner):
        await lift(office, which, office.people.cleo, reason="x" * 501)


async def test_everybody_sees_the_pauses_that_touch_their_accounts(office: Office) -> None:
    await pause(office, office.people.mia)
    await pause(office, office.people.cleo, scope="account:News")
    for actor, scopes in (
        (office.people.leo, {"brand:care"}),
        (office.people.noa, {"account:News"}),
        (office.people.cleo, {"brand:care", "account:News"}),
    ):
        assert {each.scope for each in await list_pauses(actor=actor, access=office.access)} == scopes
