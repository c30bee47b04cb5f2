"""Compliance reads the log, proves an entry to themselves, and takes evidence out."""

import zipfile
from pathlib import Path

from playwright.async_api import expect

from tests.journeys.browsing import Visitor
from tests.journeys.conftest import Visit
from tests.journeys.service import Service


async def open_entry(visitor: Visitor, q: str) -> None:
    """Open the newest entry that a query finds, once a checkpoint covers it."""
    await visitor.open(f"/audit?q={q}")
    await visitor.page.locator("a.act").first.click()
    await visitor.page.locator("#entry-head").wait_for()
    for _ in range(20):
        if await visitor.page.get_by_text("Included and unchanged").count():
            return
        await visitor.page.reload()
    raise AssertionError(await visitor.page.locator(".proof").inner_text())


async def test_an_entry_is_found_and_proven_in_the_browser_with_the_key_somebody_kept(
    visit: Visit, service: Service, words: str
) -> None:
    number = service.write("hugo", "AldaneCare", f"A parcel waits for you, {words}.")["number"]
    sarah = await visit("sarah")
    await open_entry(sarah, f"subject:{number}+action:message.submitted")
    assert "/admin/audit/" in sarah.page.url
    await sarah.press("Verify in this browser")
    await sarah.sees("Included: from the text below")
    await sarah.sees("Signed with the key this server named.")

    await sarah.page.get_by_text("Check with a key you kept").click()
    kept = (service.up.data / "audit" / "log.pub").read_text().strip()
    await sarah.page.get_by_label("Public key of the log").fill(kept)
    await sarah.press("Verify in this browser")
    await sarah.sees("Signed with the key you gave.")

    await sarah.page.locator("#entry-text").evaluate(
        "each => { each.textContent = each.textContent.replace('1', '2') }"
    )
    await sarah.press("Verify in this browser")
    await sarah.sees("Wrong: the entry shown here is not the one in the log.")


async def test_evidence_is_exported_with_progress_and_the_export_is_an_entry(
    visit: Visit, service: Service, words: str, tmp_path: Path
) -> None:
    service.write("hugo", "AldaneCare", f"The counter is open, {words}.")
    sarah = await visit("sarah")
    await open_entry(sarah, "actor:hugo")
    await sarah.page.get_by_role("link", name="Export").click()
    await sarah.page.get_by_label("Reason").fill(f"Audit, {words}")
    await sarah.press("Export", within="#main")
    await sarah.page.wait_for_url("**/admin/audit/exports/*")
    download = sarah.page.get_by_role("button", name="Download")
    await expect(download).to_be_visible(timeout=40_000)  # the page asks by itself
    async with sarah.page.expect_download() as started:
        await download.click()
    file = tmp_path / "evidence.zip"
    await (await started.value).save_as(file)
    with zipfile.ZipFile(file) as bundle:
        assert {"manifest.json", "checkpoint", "verify.py"} <= set(bundle.namelist())
    await sarah.open("/audit?q=action:audit")
    assert "Audit exported" in await sarah.page.locator("a.act").all_inner_texts()


async def test_a_view_is_saved_under_a_name_and_removed(visit: Visit) -> None:
    sarah = await visit("sarah")
    await sarah.open("/audit?q=outcome:denied")
    await sarah.press("Save view")
    await sarah.page.get_by_label("Name, for you alone").fill("What was refused")
    await sarah.press("Save", within="#save-view")
    view = sarah.page.get_by_role("link", name="What was refused")
    await expect(view).to_have_attribute("aria-current", "true")
    await sarah.open("/audit")
    await view.click()
    await sarah.page.wait_for_url("**/admin/audit?q=outcome%3Adenied")
    await sarah.press("Save view")
    await sarah.page.get_by_role("button", name="Remove: What was refused").click()
    await expect(view).to_have_count(0)


async def test_the_log_is_filtered_and_read_without_javascript(visit: Visit, service: Service, words: str) -> None:
    number = service.write("hugo", "AldaneCare", f"Closed on Monday, {words}.")["number"]
    sarah = await visit("sarah", java_script_enabled=False)
    await sarah.open(f"/audit?q=subject:{number}")
    await sarah.page.get_by_role("search").locator("select").nth(1).select_option("action:message")
    await sarah.press("Search")
    await sarah.page.wait_for_url("**action%3Amessage")
    await sarah.page.get_by_role("link", name="Remove filter: action message").click()
    await sarah.page.locator("a.act").first.click()
    await sarah.sees("As it is stored")
    assert not await sarah.has_button("Verify in this browser")


async def test_what_cannot_be_read_is_said_at_the_box(visit: Visit) -> None:
    sarah = await visit("sarah")
    sarah.expect(422)
    await sarah.open("/audit")
    await sarah.page.get_by_role("searchbox").fill("acton:message")
    await sarah.press("Search")
    await sarah.sees("There is no filter acton:. Did you mean action:?")
    await expect(sarah.page.get_by_role("searchbox")).to_have_value("acton:message")
