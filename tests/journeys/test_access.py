"""Rights are seen before they change, change together, and explain themselves; without JavaScript as well."""

import re

from tests.journeys.conftest import Visit
from tests.journeys.service import Service

LEA = "lea.fontaine@aldane.example"
CELL = f"account:AldaneAtelier~{LEA}"


async def test_admin_sees_what_a_change_of_roles_does_before_saving_it(
    visit: Visit, service: Service, words: str
) -> None:
    nadia = await visit("nadia", java_script_enabled=False)
    await nadia.open("/people/roles?brand=bijoux")
    await nadia.page.locator(f"button[value='{CELL}']").click()
    await nadia.page.get_by_label("Author", exact=True).check()
    await nadia.press("Note this choice")
    await nadia.sees("1 change collected; nothing is saved yet.")
    await nadia.page.get_by_role("link", name="Review changes").click()
    await nadia.sees("Gains at @AldaneAtelier:")
    await nadia.page.get_by_label("Reason, for all of them").fill(f"She helps the workshop, {words}.")
    await nadia.press("Save 1 change")
    await nadia.sees("Saved: 1 change of roles.")
    label = await nadia.page.locator(f"button[value='{CELL}']").get_attribute("aria-label")
    assert re.search(r"@AldaneAtelier: Author; Viewer, from ", label or "")

    lea = await visit("lea")
    await lea.open("/compose")
    await lea.sees("@AldaneAtelier")

    await nadia.page.locator(f"button[value='{CELL}']").click()
    await nadia.page.get_by_label("Author", exact=True).uncheck()
    await nadia.press("Note this choice")
    await nadia.page.get_by_role("link", name="Review changes").click()
    await nadia.sees("Loses at @AldaneAtelier:")
    await nadia.page.get_by_label("Reason, for all of them").fill(f"The season is over, {words}.")
    await nadia.press("Save 1 change")
    await nadia.sees("Saved: 1 change of roles.")
    given, taken = service.entries(q=LEA, action="role")[-2:]
    assert (given["action"], taken["action"]) == ("role.assigned", "role.revoked")


async def test_a_refusal_leads_to_its_reason_and_to_who_can_help(visit: Visit) -> None:
    hugo = await visit("hugo")
    hugo.expect(403)
    await hugo.open("/audit")
    await hugo.page.get_by_role("link", name="Why? And who can help").click()
    await hugo.sees("This was refused.")
    await hugo.sees("compliance.audit.read")
    assert not await hugo.page.get_by_text("Sarah Nguyen").count()


async def test_compliance_asks_who_can_approve_and_tries_a_rule(visit: Visit) -> None:
    sarah = await visit("sarah")
    await sarah.open("/accounts/AldaneCare")
    await sarah.press("Show")
    await sarah.sees("Claire Renaud")
    await sarah.sees("Brand manager at the whole company")
    await sarah.open("/policy/try")
    await sarah.page.get_by_label("Person", exact=True).select_option("Hugo Marchetti")
    await sarah.page.get_by_label("Where").select_option("account:AldaneCare")
    await sarah.page.get_by_label("Author (e-mail)").fill("hugo.marchetti@aldane.example")
    await sarah.press("Ask the rules")
    await sarah.sees("You wrote this message, so another person must approve it.")
    await sarah.sees("Who can help")
