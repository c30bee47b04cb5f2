"""The door: a delay after wrong passwords, told in seconds; a session that ended; and nothing to borrow."""

import re

from tests.journeys.browsing import Visitor
from tests.journeys.conftest import Visit
from tests.journeys.service import Service

PASSWORD = "a long enough password"
FREE = 5
ENOUGH = 5  # seconds of delay in which a slow machine gets another try in
TRIES = 400  # a try takes some 50 to 200 ms, the delays 2, 4 and 8 s


async def add_somebody(visit: Visit, words: str) -> str:
    """Let the admin invite a person, who uses their link; return their address."""
    email = f"{words.replace(' ', '.')}@aldane.example"
    ana = await visit()
    await ana.page.goto(await invite(await visit("nadia"), email))
    await ana.page.get_by_label("New password").fill(PASSWORD)
    await ana.press("Set the password")
    await ana.sees("A second factor comes next.")
    await ana.press("Sign out", within="#side")
    return email


async def invite(admin: Visitor, email: str) -> str:
    """Invite a person; return the link the admin is shown."""
    await admin.open("/people")
    await admin.press("Invite a person")
    form = admin.page.locator("#add")
    await form.get_by_label("Name").fill("Ana Souza")
    await form.get_by_label("E-mail").fill(email)
    await form.get_by_role("button", name="Invite").click()
    return await admin.page.locator("#link").inner_text()


async def test_a_link_works_once(visit: Visit, words: str) -> None:
    link = await invite(await visit("nadia"), f"{words.replace(' ', '.')}@aldane.example")
    ana, late = await visit(), await visit()
    late.expect(404)
    await ana.page.goto(link)
    await ana.press("Show the password")
    await ana.page.get_by_label("New password").fill(PASSWORD)
    await ana.press("Set the password")
    await ana.page.wait_for_url("**/settings/security**")
    await late.page.goto(link)
    await late.sees("This link no longer works")


async def test_wrong_passwords_delay_the_next_try_and_the_page_tells_the_seconds(visit: Visit, words: str) -> None:
    email = await add_somebody(visit, words)
    somebody = await visit()
    somebody.expect(401, 429)
    seconds = 0
    for tries in range(TRIES):
        await try_password(somebody, email, "not this one at all")
        told = await somebody.page.get_by_role("alert").inner_text()
        found = re.search(r"\b([1-9]\d*) (s|seconds?)\b", told)
        assert found is None or tries >= FREE, told
        seconds = int(found[1]) if found else 0
        if seconds > ENOUGH:
            break
    await try_password(somebody, email, PASSWORD)
    told = await somebody.page.get_by_role("alert").inner_text()
    assert re.search(r"\b[1-9]\d* (s|seconds?)\b", told), told
    assert await somebody.page.get_by_label("E-mail").input_value() == email

    for _ in range(TRIES):
        await try_password(somebody, email, PASSWORD)
        if "/sign-in" not in somebody.page.url:
            break
    await somebody.sees("no role yet")


async def test_a_session_that_was_ended_opens_nothing(visit: Visit, service: Service) -> None:
    sarah = await visit("sarah")
    token = (await sarah.page.context.cookies())[0].get("value", "")
    await sarah.press("Sign out", within="#side")
    await sarah.page.wait_for_url("**/sign-in")
    thief = await visit()
    await thief.page.context.add_cookies([{"name": "govern", "value": token, "url": service.panel}])
    await thief.open("/audit")
    assert "/sign-in?next=" in thief.page.url
    await thief.give_password(service.people["sarah"].email, service.people["sarah"].password)
    await thief.page.wait_for_url("**/admin/audit")


async def test_a_form_without_this_sessions_token_changes_nothing(visit: Visit, service: Service, words: str) -> None:
    number = service.write("hugo", "AldaneCare", f"Not like this, {words}.")["number"]
    claire = await visit("claire")
    fields: dict[str, str | float | bool] = {"revision": "1", "what": "approve", "view": "mine", "_csrf": "bm90"}
    answer = await claire.page.request.post(f"{service.panel}/messages/{number}/approve", form=fields)
    assert answer.status == 403
    assert service.message(number)["state"] == "pending_approval"


async def test_a_page_that_may_not_be_read_is_not_drawn_and_not_answered(visit: Visit) -> None:
    claire = await visit("claire")
    claire.expect(403)
    assert await claire.page.get_by_role("link", name="Audit log").count() == 0
    assert (await claire.open("/audit")).status == 403


async def try_password(visitor: Visitor, email: str, password: str) -> None:
    await visitor.open("/sign-in")
    async with visitor.page.expect_event("load"):
        await visitor.give_password(email, password)
