"""The stop switch in the panel: in numbers before and after, live, lifted by another; and what waits for a decision."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from govern.access import Access
from govern.domain.ids import message_number
from govern.domain.messages import Message
from govern.services.approvals import approve_message
from govern.services.expiry import expire_late_approvals
from govern.services.message_views import load_message
from govern.services.policies import Policies
from govern.tables import Pause
from tests.asserts import actions
from tests.web.panel.conftest import Browser, SignIn, Write, actor_of, links, words

WHY = "An accident in the news."
Approved = Callable[..., Awaitable[Message]]
"""`await approved(text)`: a message of Leo's that Mia approved."""


@pytest.fixture
def approved(write: Write, access: Access, policies: Policies) -> Approved:
    async def make(text: str = "The workshop opens at ten.") -> Message:
        message = await write("leo", text=text)
        return await approve_message(
            message.id,
            revision=1,
            actor=await actor_of("mia"),
            access=access,
            policies=policies,
            now=datetime.now(UTC),
        )

    return make


async def pause(browser: Browser) -> str:
    answer = await browser.post("/admin/pause", scope="brand:care", kinds=["post", "dm"], reason=WHY, do="pause")
    assert answer.status_code == 303, words(answer)
    return str(answer.headers["location"])


async def pause_and_lift(browser: SignIn) -> Browser:
    address = await pause(await browser("mia"))
    lifted = await (await browser("cleo")).post(f"{address}/lift", reason="It is over.")
    assert lifted.status_code == 303, words(lifted)
    return await browser("mia")


async def test_numbers_are_said_before_and_after(browser: SignIn, approved: Approved) -> None:
    await approved()
    mia = await browser("mia")
    asked = await mia.post("/admin/pause", scope="brand:care", kinds=["post"], reason="", do="count")
    assert "1 message ready to go out would be held." in words(asked)
    assert await Pause.count() == 0
    page = await mia.get(await pause(mia))
    assert "1 held" in words(page)
    assert "X had nothing in hand when it was set." in words(page)
    assert WHY in page.text


async def test_what_x_has_in_hand_is_listed_with_its_state(
    browser: SignIn,
    approved: Approved,
    owner: asyncpg.Connection,
) -> None:
    message = await approved()
    await owner.execute("SET tests.by_hand = 'on'")
    await owner.execute("UPDATE message SET state = 'sending' WHERE id = $1", message.id)
    await owner.execute(
        "INSERT INTO attempt (id, publication, account, content_digest, started_at, write_before, deadline_at, worker)"
        " SELECT gen_random_uuid(), id, account, content_digest, now(), now(), now(), 'test' FROM publication"
    )
    mia = await browser("mia")
    asked = await mia.post("/admin/pause", scope="brand:care", kinds=["post"], reason="", do="count")
    number = message_number(message.number)
    assert "1 is being sent and cannot be called back." in words(asked)
    assert f"/admin/messages/{number}" in links(asked)
    page = await mia.get(await pause(mia))
    assert "1 in flight" in words(page)
    assert f"{number} @Help Post" in words(page)
    assert 'hx-trigger="every 5s"' in page.text
    part = await mia.get(page.url.path, HX_Request_Type="partial", HX_Target="section#numbers")
    assert part.text.startswith("<section")
    assert "<h1>" not in part.text


async def test_pause_is_seen_on_every_page_it_touches_and_not_on_others(browser: SignIn) -> None:
    await pause(await browser("mia"))
    for path in ("/admin", "/admin/messages", "/admin/decisions"):
        assert "Publishing is paused for some accounts" in (await (await browser("leo")).get(path)).text
        assert "Publishing is paused for some accounts" not in (await (await browser("noa")).get(path)).text


async def test_pause_of_elsewhere_does_not_exist(browser: SignIn) -> None:
    address = await pause(await browser("mia"))
    assert (await (await browser("noa")).get(address)).status_code == 404
    assert (await (await browser("leo")).get(address)).status_code == 200


async def test_who_set_it_is_not_offered_to_lift_it_and_another_is(browser: SignIn) -> None:
    cleo = await browser("cleo")
    answer = await cleo.post("/admin/pause", scope="company", kinds=["post"], reason=WHY, do="pause")
    address = answer.headers["location"]
    assert "Resume publishing" not in (await cleo.get(address)).text
    assert (await cleo.post(f"{address}/lift", reason="")).status_code == 403
    assert await Pause.count().where(Pause.lifted_at.is_not_null()) == 0


async def test_history_says_who_paused_why_and_who_lifted_it(browser: SignIn) -> None:
    mia = await pause_and_lift(browser)
    page = await mia.get("/admin/pause")
    assert "Earlier pauses" in page.text
    assert f"by Mia, {datetime.now(ZoneInfo('Europe/Paris')):%H:%M}" in words(page)
    assert "lifted by Cleo" in words(page)
    for link in links(page):
        assert (await mia.get(link)).status_code == 200, link


async def test_what_came_due_waits_and_is_released_in_bulk_with_a_reason(browser: SignIn, approved: Approved) -> None:
    messages = [await approved(f"Number {n}.") for n in range(3)]
    mia = await pause_and_lift(browser)
    page = await mia.get("/admin/decisions")
    assert "Select all 3 messages" in words(page)
    assert page.text.count("checked") == 1, "only when it goes"
    ticked = await mia.get("/admin/decisions?everything=1")
    assert ticked.text.count('type="checkbox"') == 3
    assert ticked.text.count("checked") == 4
    chosen = [f"{message_number(each.number)}:1" for each in messages]
    done = await mia.follow(await mia.post("/admin/decisions", chosen=chosen[:2], when="now", reason="Still true."))
    assert "2 messages released." in words(done)
    assert [(await load_message(each.id)).hold for each in messages] == [None, None, "release_needed"]
    again = await mia.follow(await mia.post("/admin/decisions", chosen=chosen, when="now"))
    assert "1 message released." in words(again)
    assert f"Nothing was changed for {chosen[0][:-2]}, {chosen[1][:-2]}: look at each." in words(again)
    assert (await actions()).count("publication.released") == 3


async def test_what_waits_is_released_at_a_time_or_withdrawn(browser: SignIn, approved: Approved) -> None:
    one, two = [await approved(f"Number {n}.") for n in range(2)]
    mia = await pause_and_lift(browser)
    called = f"{message_number(one.number)}:1"
    empty = await mia.post("/admin/decisions", chosen=called, when="at", scheduled_at="")
    assert (empty.status_code, "Please fill this in." in words(empty)) == (422, True)
    assert f'value="{called}" checked' in " ".join(empty.text.split()), "what was chosen is kept"
    tomorrow = (datetime.now(ZoneInfo("Europe/Paris")) + timedelta(days=1)).replace(second=0, microsecond=0, fold=0)
    at = tomorrow.replace(hour=12, minute=30)
    typed = at.replace(tzinfo=None).isoformat(timespec="minutes")
    done = await mia.follow(await mia.post("/admin/decisions", chosen=called, when="at", scheduled_at=typed))
    assert "1 message released." in words(done)
    assert (await load_message(one.id)).scheduled_at == at.astimezone(UTC)
    gone = await mia.post("/admin/decisions", chosen=f"{message_number(two.number)}:1", do="withdraw", reason="Stale.")
    assert "1 message withdrawn." in words(await mia.follow(gone))
    assert (await load_message(two.id)).state.value == "withdrawn"
    assert "Nothing waits for a decision" in (await mia.get("/admin/decisions")).text


@pytest.mark.parametrize("fields", [{}, {"chosen": "M-1"}, {"chosen": "M-1:x"}, {"chosen": "M-1:1", "when": "soon"}])
async def test_bad_choice_is_refused_with_a_sentence(browser: SignIn, fields: dict[str, str]) -> None:
    answer = await (await browser("mia")).post("/admin/decisions", **fields)
    assert answer.status_code == 422
    assert "Nothing was changed" in answer.text


async def test_author_sees_own_but_decides_nothing(browser: SignIn, approved: Approved) -> None:
    message = await approved()
    await pause_and_lift(browser)
    leo = await browser("leo")
    page = await leo.get("/admin/decisions")
    assert "A brand manager decides." in words(page)
    assert 'type="checkbox"' not in page.text
    chosen = f"{message_number(message.number)}:1"
    assert (await leo.post("/admin/decisions", chosen=chosen, when="now")).status_code == 403
    assert "See what waits for a decision" in (await leo.get(f"/admin/messages/{message_number(message.number)}")).text


async def test_missed_message_is_copied_with_one_click(browser: SignIn, write: Write) -> None:
    now = datetime.now(UTC)
    message = await write("leo", text="At ten.", scheduled_at=now + timedelta(minutes=1))
    await expire_late_approvals(now=now + timedelta(minutes=2))
    leo = await browser("leo")
    page = await leo.get("/admin/decisions")
    assert "Nobody approved it in time." in words(page)
    number = message_number(message.number)
    assert "It was not sent: nobody approved it in time." in words(await leo.get(f"/admin/messages/{number}"))
    copy = await leo.follow(await leo.post(f"/admin/messages/{number}/copy"))
    assert "At ten." in copy.text


async def test_time_that_comes_twice_asks_which_one_and_keeps_what_was_typed(browser: SignIn) -> None:
    leo = await browser("leo")
    typed = {"account": "Help", "kind": "post", "text": "At half past two.", "scheduled_at": "2027-10-31T02:30"}
    asked = await leo.post("/admin/compose", do="draft", **typed)
    assert asked.status_code == 422
    assert "The first 02:30, before the clocks go back (UTC+02)" in words(asked)
    assert "The second 02:30, after the clocks went back (UTC+01)" in words(asked)
    assert "At half past two." in asked.text
    for fold, instant in (("0", "2027-10-31T00:30:00+00:00"), ("1", "2027-10-31T01:30:00+00:00")):
        done = await leo.post("/admin/compose", do="draft", fold=fold, **typed)
        number = str(done.headers["location"]).partition("?")[0].rpartition("/")[2]
        kept = await load_message(number)
        assert (kept.scheduled_at, kept.fold) == (datetime.fromisoformat(instant), int(fold))
        again = await leo.post(f"/admin/messages/{number}/schedule", revision=1, scheduled_at="2028-10-29T02:30")
        assert "Which one do you mean?" in words(again)


async def test_time_that_is_skipped_names_the_nearest(browser: SignIn) -> None:
    typed = {"account": "Help", "kind": "post", "text": "Never.", "scheduled_at": "2027-03-28T02:30"}
    answer = await (await browser("leo")).post("/admin/compose", do="draft", **typed)
    assert answer.status_code == 422
    assert "The nearest times are 2027-03-28 01:59 and 2027-03-28 03:00." in words(answer)


async def test_time_that_new_zone_data_moved_is_decided_between_two(
    browser: SignIn,
    write: Write,
    access: Access,
    policies: Policies,
    owner: asyncpg.Connection,
) -> None:
    soon = (datetime.now(UTC) + timedelta(hours=5)).replace(second=0, microsecond=0)
    message = await write("leo", scheduled_at=soon)
    mia = {"actor": await actor_of("mia"), "access": access, "policies": policies, "now": datetime.now(UTC)}
    await approve_message(message.id, revision=1, **mia)  # type: ignore[arg-type]  # by name
    await owner.execute("SET tests.by_hand = 'on'")
    await owner.execute("UPDATE message SET tz_version = '2026a', scheduled_at = scheduled_at + interval '1 hour'")
    await owner.execute("UPDATE publication SET hold = 'zone_changed', hold_since = now()")
    manager = await browser("mia")
    page = await manager.get("/admin/decisions")
    assert "New time zone data: which time is meant?" in words(page)
    wall = soon.astimezone(ZoneInfo("Europe/Paris"))
    assert f"{wall:%Y-%m-%d %H:%M} in Europe/Paris, which is {soon:%Y-%m-%d %H:%M} UTC" in words(page)
    number = message_number(message.number)
    await manager.post(
        f"/admin/messages/{number}/schedule",
        revision=1,
        scheduled_at=f"{wall:%Y-%m-%dT%H:%M}",
        zone="Europe/Paris",
        fold="0",
    )
    decided = await load_message(message.id)
    assert (decided.scheduled_at, decided.hold) == (soon, None)
