"""Scripts are a comfort: everything a person must do works without them."""

from tests.journeys.conftest import Visit
from tests.journeys.service import Service

LEA = "lea.fontaine@aldane.example"


async def test_a_message_travels_without_javascript(visit: Visit, service: Service, words: str) -> None:
    text, edited = f"Plain pages, {words}.", f"Plain and simple pages, {words}."
    hugo = await visit("hugo", java_script_enabled=False)
    await hugo.open("/compose?account=AldaneCare")
    await hugo.page.get_by_label("Text", exact=True).fill(text)
    await hugo.press("Check")
    await hugo.sees("Nothing is stored by a check.")
    assert await hugo.page.get_by_label("Text", exact=True).input_value() == text
    await hugo.press("Submit")
    await hugo.sees("Waiting for approval")
    number = hugo.number()

    claire = await visit("claire", java_script_enabled=False)
    await claire.open(f"/approvals?q={words}")
    await claire.page.locator(f"#row-{number} a").click()
    await claire.press("Edit")
    await claire.page.locator("#do-edit").get_by_label("Text").fill(edited)
    await claire.press("Save and approve")
    await claire.sees(f"Approved {number}.")
    await claire.press("Undo")
    service.wait_until(number, "pending_approval")
    await claire.press("Approve")
    await claire.sees(f"Approved {number}.")
    service.wait_until(number, "sent")
    assert len(service.posts(edited)) == 1

    sarah = await visit("sarah", java_script_enabled=False)
    await sarah.open("/audit")
    await sarah.page.get_by_role("searchbox").fill(f"subject:{number} actor:claire")
    await sarah.press("Search")
    shown = await sarah.page.locator("a.act").all_inner_texts()
    assert shown[::-1] == [
        "Message revised",
        "Revision screened",
        "Message approved",
        "Message approval withdrawn",
        "Message approved",
    ]
    await sarah.page.get_by_role("link", name="Message revised").click()
    assert await sarah.page.get_by_role("heading", name="Message revised").is_visible()


async def test_a_role_is_given_and_revoked_without_javascript(visit: Visit, service: Service, words: str) -> None:
    nadia = await visit("nadia", java_script_enabled=False)
    await nadia.open(f"/people/{LEA}")
    await nadia.page.get_by_label("Role", exact=True).select_option("Author")
    await nadia.page.get_by_label("Where").select_option("account:AldaneBois")
    await nadia.page.locator("#f-reason").fill(f"She knows wood, {words}.")
    await nadia.press("Give this role")
    line = nadia.page.locator(".line").filter(has_text=f"She knows wood, {words}.")
    await line.get_by_role("button", name="Revoke…").click()
    popover = nadia.page.locator("[popover]:popover-open")
    await popover.get_by_label("Reason").fill(f"It was a day, {words}.")
    await popover.get_by_role("button", name="Revoke").click()
    await nadia.sees(f"It was a day, {words}.")
    given, taken = service.entries(q=LEA, action="role")[-2:]
    assert (given["action"], taken["action"]) == ("role.assigned", "role.revoked")
