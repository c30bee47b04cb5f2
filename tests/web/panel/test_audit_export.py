"""The page of an export: its file while it is kept, and what is said afterwards."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from govern.access import Access
from govern.services.export_runs import run_export
from tests.the_log import Log
from tests.web.panel.conftest import SignIn, links, words


@pytest.mark.parametrize(("days", "offered"), [(6, True), (8, False)])
async def test_a_file_is_offered_for_a_week_then_it_is_said_to_be_expired(
    browser: SignIn, the_log: Log, access: Access, days: int, offered: bool
) -> None:
    await the_log.grow()
    cleo = await browser("cleo")
    asked = await cleo.post("/admin/audit/export", q="", range="0:1", format="csv", reason="Audit of May")
    page = asked.headers["location"]
    then = datetime.now(UTC) - timedelta(days=days)
    assert await run_export(UUID(page.rpartition("/")[2]), access=access, clock=lambda: then)
    shown = await cleo.get(page)
    assert ("Download" in words(shown)) is offered
    assert ("Expired: the file was kept until" in words(shown)) is not offered
    assert ("/admin/audit/export" in links(shown) and "Ask again" in words(shown)) is not offered
    fetched = await cleo.post(f"{page}/file")
    assert fetched.status_code == (200 if offered else 409)
    assert "Audit of May" in words(shown)
    assert ("Expired" in words(await cleo.get("/admin/audit/export"))) is not offered
