"""The desk "Outcome unknown": what is known, what X shows, and two answers of which neither is the default."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from govern.database import rows
from govern.domain.matching import Seen
from govern.domain.messages import Message
from govern.services.message_views import load_message
from govern.services.readings import find_question
from govern.services.reconciling import keep_reading
from govern.settings import Settings
from govern.tables import Attempt, Publication
from tests.asserts import assert_audited
from tests.web.panel.conftest import Browser, SignIn, Write, words
from tests.web.role_outcomes import late, lose


async def lost(write: Write, **more: Any) -> tuple[Message, str]:
    """A message whose outcome nobody knows; X was read once, and showed nothing."""
    message = await write("leo")
    await lose(message.number, **more)
    return message, f"/admin/unknown/M-{message.number}"


async def shows(message: Message, config: Settings, *texts: str) -> list[str]:
    """Let X show these, with what fits among them twice: so a person decides. Return their ids."""
    publication = rows(await Publication.select().where(Publication.message == message.id))[0]
    attempt = rows(await Attempt.select().where(Attempt.publication == publication["id"]))[0]
    question = await find_question(attempt["id"])
    assert question is not None
    now = datetime.now(UTC)
    seen = [Seen(x_id=str(1901 + n), text=text, at=now) for n, text in enumerate(texts)]
    await keep_reading(question, seen, at=now + timedelta(minutes=1), settings=config, now=now)
    return [each.x_id for each in seen]


async def test_with_nothing_unknown_it_says_so(browser: SignIn) -> None:
    page = await (await browser("mia")).get("/admin/unknown")
    assert "Nothing is unknown" in words(page)


async def test_list_and_page_say_what_is_known(browser: SignIn, write: Write, config: Settings) -> None:
    message, path = await lost(write)
    await shows(message, config, message.revision.text, "Something else.", message.revision.text)
    mia = await browser("mia")
    listed = await mia.get("/admin/unknown")
    assert f'href="{path}"' in listed.text
    assert "More than one fits" in words(listed)
    page = words(await mia.get(path))
    for said in ("No answer from X", "by worker test", "fits this message", "Something else.", "please decide"):
        assert said in page, said
    assert "Failed" not in page


async def test_nothing_is_chosen_beforehand(browser: SignIn, write: Write, config: Settings) -> None:
    message, path = await lost(write)
    await shows(message, config, message.revision.text, message.revision.text)
    page = await (await browser("mia")).get(path)
    assert page.text.count('type="radio"') == 3
    assert "checked" not in page.text
    assert 'data-variant="primary"' not in re.sub(r"<nav.*?</nav>", "", page.text, flags=re.DOTALL)


async def test_it_is_out_as_one_that_x_showed(browser: SignIn, write: Write, config: Settings) -> None:
    message, path = await lost(write)
    _first, second = await shows(message, config, message.revision.text, message.revision.text)
    mia = await browser("mia")
    assert "It is on X" in words(await mia.follow(await mia.post(f"{path}/out", which=second)))
    found = await load_message(message.id)
    assert (found.state.value, found.x_id) == ("sent", second)
    await assert_audited("publication.settled", settlement="sent", x_id=second)
    assert (await mia.get(path)).status_code == 404


async def test_another_one_needs_a_reason(browser: SignIn, write: Write) -> None:
    message, path = await lost(write)
    mia = await browser("mia")
    refused = await mia.post(f"{path}/out", which="other", x_id="77")
    assert refused.status_code == 422
    assert 'value="77"' in refused.text, "what was typed is kept"
    await mia.follow(await mia.post(f"{path}/out", which="other", x_id="77", reason="I see it on my phone."))
    assert (await load_message(message.id)).x_id == "77"


async def test_without_a_choice_nothing_is_changed(browser: SignIn, write: Write) -> None:
    message, path = await lost(write)
    mia = await browser("mia")
    for answer in (await mia.post(f"{path}/out"), await mia.post(f"{path}/not-out")):
        assert answer.status_code == 422
    assert (await load_message(message.id)).state.value == "outcome_unknown"


async def test_it_is_not_out_and_goes_once_more(browser: SignIn, write: Write) -> None:
    message, path = await lost(write)
    mia = await browser("mia")
    await mia.follow(await mia.post(f"{path}/not-out", not_reason="Not on the timeline."))
    assert (await load_message(message.id)).state.value == "approved"


async def test_before_the_first_reading_the_buttons_are_dead_and_so_is_what_is_behind_them(
    browser: SignIn, write: Write
) -> None:
    message, path = await lost(write, read=False)
    mia = await browser("mia")
    page = await mia.get(path)
    assert "X was not read since the attempt" in words(page)
    assert len(re.findall(r"<button[^>]*disabled", page.text)) == 2
    answer = await mia.post(f"{path}/not-out", not_reason="A guess.")
    assert answer.status_code == 409
    assert "X was not read yet after this attempt" in words(answer)
    assert (await load_message(message.id)).state.value == "outcome_unknown"


async def test_reading_again_is_asked_for(browser: SignIn, write: Write) -> None:
    _message, path = await lost(write, read=False)
    mia = await browser("mia")
    assert "X is read again" in words(await mia.follow(await mia.post(f"{path}/read")))


async def test_message_page_leads_to_the_desk_and_offers_nothing_else(browser: SignIn, write: Write) -> None:
    message, path = await lost(write)
    mia = await browser("mia")
    page = await mia.get(f"/admin/messages/M-{message.number}")
    assert f'href="{path}"' in page.text
    assert "Why it is not out" not in page.text
    for offer in ("do-withdraw", "do-schedule", f"M-{message.number}/edit"):
        assert offer not in page.text


async def test_late_answer_is_shown_on_desk_and_overview_and_closed_with_a_reason(
    browser: SignIn, write: Write
) -> None:
    message, _path = await lost(write, **late())
    mia = await browser("mia")
    for path in ("/admin", "/admin/unknown"):
        assert "late answer of X" in words(await mia.get(path))
    assert "late answer of X" in words(await (await browser("cleo")).get("/admin"))
    assert "late answer of X" not in words(await (await browser("leo")).get("/admin"))
    form = action(await mia.get("/admin/unknown"))
    assert (await mia.post(form)).status_code == 422
    assert "Closed" in words(await mia.follow(await mia.post(form, reason="Deleted the second one.")))
    await assert_audited("publication.late_closed")
    assert f"M-{message.number}" not in words(await mia.get("/admin"))


def action(page: httpx.Response) -> str:
    found = re.search(r'action="(/admin/unknown/late/[^"]+)"', page.text)
    assert found is not None
    return found[1]


async def test_who_may_not_settle_sees_no_desk(browser: SignIn, write: Write) -> None:
    message, path = await lost(write)
    leo: Browser = await browser("leo")
    assert (await leo.get(path)).status_code == 403
    assert f"M-{message.number}" not in (await leo.get("/admin/unknown")).text
    assert "/admin/unknown" not in (await leo.get("/admin")).text
