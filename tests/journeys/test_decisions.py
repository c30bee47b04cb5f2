"""Decisions in the queue: by keys alone, taken back, and two managers on one message."""

from playwright.async_api import Page

from tests.journeys.conftest import Visit
from tests.journeys.service import Service, told


async def open_item(page: Page) -> str:
    """The number of the message that is open in the queue."""
    link = page.locator(".dhead a[href^='/admin/messages/']")
    return await link.inner_text()


async def until_open(page: Page, number: str) -> None:
    await page.locator(".dhead a", has_text=number).wait_for()


async def test_a_manager_decides_by_keys_alone_and_takes_an_approval_back(
    visit: Visit, service: Service, words: str
) -> None:
    written = [service.write("hugo", "AldaneCare", f"{what}, {words}.") for what in ("First", "Second", "Third")]
    first, second, third = (message["number"] for message in written)
    claire = await visit("claire")
    page, keys = claire.page, claire.page.keyboard
    await claire.open(f"/approvals?view=mine&q={words}")
    await until_open(page, first)
    await keys.press("j")
    await until_open(page, second)
    await keys.press("j")
    await until_open(page, third)
    await keys.press("k")
    await until_open(page, second)
    await keys.press("k")
    await until_open(page, first)

    await keys.press("a")
    await page.get_by_role("status").get_by_text(f"Approved {first}.").wait_for()
    await until_open(page, second)
    await keys.press("u")
    await until_open(page, first)
    assert service.message(first)["state"] == "pending_approval"
    await keys.press("a")
    await page.get_by_role("status").get_by_text(f"Approved {first}.").wait_for()

    await claire.open(f"/approvals?view=mine&q={words}&item={second}")
    await keys.press("e")
    await page.locator("#do-edit").get_by_label("Text").wait_for()
    await keys.press("Control+a")
    await keys.type(f"Second, jake and edited, {words}.")
    await keys.press("Control+Enter")
    await page.get_by_role("status").get_by_text(f"Approved {second}.").wait_for()
    for number in (first, second):
        service.wait_until(number, "sent")
    assert len(service.posts(f"First, {words}.")) == 1
    assert len(service.posts(f"Second, jake and edited, {words}.")) == 1
    assert service.posts(f"Second, {words}.") == []
    assert service.message(third)["state"] == "pending_approval"
    assert service.posts(f"Third, {words}.") == []
    taken_back = service.entries(subject=first, action="message.approval_withdrawn")
    assert [entry["actor"]["name"] for entry in taken_back] == ["Claire Renaud"]


async def test_keys_do_nothing_while_somebody_types(visit: Visit, service: Service, words: str) -> None:
    number = service.write("hugo", "AldaneCare", f"Quiet, {words}.")["number"]
    claire = await visit("claire")
    await claire.open(f"/approvals?view=mine&item={number}")
    await claire.page.keyboard.press("/")
    await claire.page.keyboard.type("area crab")
    assert await claire.page.get_by_role("searchbox").input_value() == "area crab"
    assert service.message(number)["state"] == "pending_approval"


async def test_the_slower_of_two_managers_sees_what_changed_and_keeps_the_reason(
    visit: Visit, service: Service, words: str
) -> None:
    grant = {"role": "author", "scope": "account:AldaneBijoux", "reason": f"He helps out, {words}."}
    given = told(service.script("nadia").post("/members/tom.lebris@aldane.example/grants", json=grant), 201)
    number = service.write("tom", "AldaneBijoux", f"The ring comes in silver, {words}.")["number"]
    claire, ines = await visit("claire"), await visit("ines")
    ines.expect(409)
    for manager in (claire, ines):
        await manager.open(f"/approvals?item={number}")

    await claire.press("Edit")
    await claire.page.locator("#do-edit").get_by_label("Text").fill(f"The ring comes in gold, {words}.")
    await claire.press("Save and approve")
    await claire.sees(f"Approved {number}.")

    reason = "Silver is sold out, I think."
    await ines.press("Request changes")
    await ines.page.locator("#do-changes").get_by_label("Reason").fill(reason)
    await ines.press("Request changes", within="#do-changes")
    await ines.page.get_by_role("alert").wait_for()
    assert await ines.page.get_by_label("Reason, for the author").first.input_value() == reason
    diff = ines.page.locator(".diff")
    assert "silver" in " ".join(await diff.locator("del").all_inner_texts())
    assert "gold" in " ".join(await diff.locator("ins").all_inner_texts())

    verdicts = [entry["action"] for entry in service.entries(subject=number)]
    assert verdicts.count("message.approved") == 1
    assert "message.changes_requested" not in verdicts
    service.wait_until(number, "sent")
    assert len(service.posts(f"The ring comes in gold, {words}.")) == 1
    told(service.program("nadia").delete(f"/grants/{given['id']}", params={"reason": "It is over."}))


async def test_a_rejection_needs_a_reason_and_ends_the_message(visit: Visit, service: Service, words: str) -> None:
    number = service.write("hugo", "AldaneCare", f"Not good, {words}.")["number"]
    claire = await visit("claire")
    claire.expect(422)
    await claire.open(f"/approvals?item={number}")
    no_reason = {"revision": "1", "what": "reject", "view": "mine", "reason": " "}
    assert (await claire.post_by_hand(f"/messages/{number}/reject", no_reason))[0] == 422
    assert service.message(number)["state"] == "pending_approval"
    await claire.press("Reject")
    await claire.page.locator("#do-reject").get_by_label("Reason").fill("It says nothing.")
    await claire.press("Reject for good")
    await claire.sees(f"Rejected {number}.")
    assert service.message(number)["state"] == "rejected"
