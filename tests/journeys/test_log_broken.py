"""Somebody with the database changes history: the next verification says so, and the panel, until it is undone."""

import json
import re
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from playwright.async_api import expect

from tests.journeys.browsing import Visitor
from tests.journeys.conftest import Visit
from tests.journeys.service import Service
from tests.running.conftest import COMMAND, clean_environment

OLDEST = "arrival = (SELECT min(arrival) FROM audit.entry)"
UNGUARDED = "ALTER TABLE audit.entry DISABLE TRIGGER entry_append_only"
GUARDED = "ALTER TABLE audit.entry ENABLE ALWAYS TRIGGER entry_append_only"


def verify(service: Service) -> int:
    """Run `govern audit verify` beside the running service, as an operator does."""
    told: dict[str, str] = json.loads((service.up.data / "running.json").read_text())
    command = [*COMMAND, "audit", "verify", "--full"]
    done = subprocess.run(
        command, env={**clean_environment(), **told}, cwd=service.up.data, capture_output=True, check=False, timeout=90
    )
    return done.returncode


@asynccontextmanager
async def changed(service: Service) -> AsyncIterator[None]:
    """Change the first entry as the machine's owner can, then undo it."""
    async with service.owner() as owner:
        await rewrite(owner, "entry || ' '")
        yield
        await rewrite(owner, "rtrim(entry)")


async def rewrite(owner: asyncpg.Connection, text: str) -> None:
    async with owner.transaction():
        await owner.execute(UNGUARDED)
        await owner.execute(f"UPDATE audit.entry SET entry = {text} WHERE {OLDEST}")
        await owner.execute(GUARDED)


async def look(visitor: Visitor, words: str) -> None:
    await visitor.open("/audit")
    await expect(visitor.page.get_by_role("link", name=re.compile(words))).to_be_visible()


async def test_a_changed_entry_turns_the_badge_and_leads_to_itself(visit: Visit, service: Service) -> None:
    sarah = await visit("sarah")
    assert verify(service) == 0
    await look(sarah, "Log intact")
    async with changed(service):
        assert verify(service) == 1
        await look(sarah, "Log broken")
        await sarah.page.get_by_role("link", name=re.compile("Log broken")).click()
        await sarah.sees("Keep the database as it is")
        await sarah.page.locator("#main").get_by_role("link", name="#0").click()
        await sarah.page.wait_for_url("**/admin/audit/*")
    assert verify(service) == 0
    await look(sarah, "Log intact")
