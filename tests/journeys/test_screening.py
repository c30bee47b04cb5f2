"""What an agent may not write is said before, what must be seen is seen, and a customer's STOP is obeyed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.async_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.service import Service
from tests.running.conftest import wait_for


async def test_from_a_public_question_to_an_answer_that_a_stop_takes_back(
    visit: Visit, service: Service, words: str
) -> None:
    whom = words.replace(" ", "_")
    asked = service.customer_writes(whom, "AldaneCare", f"@AldaneCare my chair is broken, {words}", "mention")
    hugo = await visit("hugo")
    contact = f"/contacts/{whom}/permission"
    wait_for(lambda: service.program("hugo").get(contact, params={"account": "AldaneCare"}).is_success)

    # Nobody wrote in private: the text is closed, and the way out is one step.
    await hugo.open(f"/compose?account=AldaneCare&kind=dm&recipient={whom}")
    await expect(hugo.page.get_by_label("Text", exact=True)).to_be_disabled()
    await expect(hugo.page.get_by_role("button", name="Submit")).to_be_disabled()
    await hugo.page.locator("#permission").get_by_role("link", name="Answer in public").click()
    await expect(hugo.page.get_by_label("Post to answer or quote")).to_have_value(asked)
    await expect(hugo.page.get_by_label("Text", exact=True)).to_be_enabled()

    # They write: now it may be answered. What screening finds is marked while it is typed.
    service.customer_writes(whom, "AldaneCare", f"Here are the details, {words}")
    service.wait_until_heard(whom, "AldaneCare")
    await hugo.open(f"/compose?account=AldaneCare&kind=dm&recipient={whom}")
    answer = f"We repair your chair, {words}. The report is at https://example.com/chair"
    text = hugo.page.get_by_label("Text", exact=True)
    await text.fill(answer)
    await hugo.page.locator("#preview mark").get_by_text("https://example.com/chair").wait_for()
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).astimezone(ZoneInfo("Europe/Paris"))
    await hugo.page.get_by_label("Send at").fill(tomorrow.strftime("%Y-%m-%dT10:00"))

    # Handed in unseen it comes back, with everything typed; then each warning is ticked.
    hugo.expect(409)
    await hugo.press("Submit")
    await hugo.sees("See each of them, then hand it in again.")
    await expect(text).to_have_value(answer)
    boxes = hugo.page.get_by_role("checkbox", name="I have seen this")
    await expect(boxes.first).to_be_focused()
    for box in await boxes.all():
        await box.check()
    await hugo.press("Submit")
    await hugo.page.wait_for_url("**/admin/messages/M-*")
    number = hugo.number()

    claire = await visit("claire")
    await claire.open(f"/approvals?item={number}")
    await claire.sees("Seen by Hugo Marchetti")
    await claire.press("Approve")
    await claire.sees(f"Approved {number}.")
    service.wait_until(number, "scheduled")

    service.customer_writes(whom, "AldaneCare", "STOP")
    service.wait_until(number, "withdrawn")
    await hugo.open(f"/messages/{number}")
    await hugo.sees("It was not sent: this person said stop first.")
    await hugo.page.get_by_role("link", name="Why? See what is recorded").click()
    await hugo.sees("May not be written to: said stop")
    await hugo.open(f"/messages/{number}")
    await hugo.press("Take a copy as a draft")
    await expect(hugo.page.get_by_label("Text", exact=True)).to_be_disabled()


async def test_use_and_undo_work_without_scripts(visit: Visit, words: str) -> None:
    hugo = await visit("hugo", java_script_enabled=False)
    await hugo.open("/compose?account=AldaneCare")
    text = hugo.page.get_by_label("Text", exact=True)
    await text.fill(f"Write to lea.martin@mail.example about {words}.")
    await hugo.press("Check")
    await hugo.press("Use: Take the marked words out")
    await expect(text).to_have_value(f"Write to about {words}.")
    await hugo.press("Undo")
    await expect(text).to_have_value(f"Write to lea.martin@mail.example about {words}.")
