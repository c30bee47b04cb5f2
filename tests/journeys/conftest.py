"""One running service and one browser for all journeys; a fresh window for each visitor."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import psutil
import pytest
from playwright.async_api import Browser, async_playwright

from tests.journeys.browsing import NONE_FOUND, QUIET, Visitor, all_complaints, find_chromium
from tests.journeys.service import SETTINGS, Service
from tests.running.conftest import Up

Visit = Callable[..., Awaitable[Visitor]]


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    """`govern up` as a person starts it, stopped as a person stops it: Ctrl-C, exit code 0, nothing left.

    Not below pytest's own folder: as root, PostgreSQL runs as another user, and a second pytest run shuts that folder.
    """
    with TemporaryDirectory(prefix="govern-journeys-") as folder:
        up = Up(Path(folder), settings=SETTINGS)
        try:
            service = Service(up, up.wait_until_ready())
            yield service
            service.close()
            parts = up.parts()
            assert up.stop() == 0, service.logs()
            _, left = psutil.wait_procs(parts, timeout=5)
            assert left == []
        finally:
            up.end()


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium, the machine's own: nothing is downloaded."""
    path = find_chromium()
    if path is None:
        pytest.fail(NONE_FOUND, pytrace=False)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        await browser.close()


@pytest.fixture
async def visit(browser: Browser, service: Service) -> AsyncIterator[Visit]:
    """Open a window, signed in as somebody or as nobody: `await visit("claire")`. No window may end with a complaint."""
    visitors: list[Visitor] = []
    async with AsyncExitStack() as windows:

        async def start(name: str | None = None, **options: Any) -> Visitor:
            context = await browser.new_context(locale="en-GB", **options)
            windows.push_async_callback(context.close)
            context.set_default_timeout(15_000)
            visitors.append(Visitor(await context.new_page(), service))
            if name:
                await visitors[-1].sign_in(service.people[name])
            return visitors[-1]

        yield start
        assert all_complaints(visitors) == []


@pytest.fixture
def words() -> str:
    """Words no other test uses: X refuses the same text twice."""
    return f"lot {uuid4().hex[:8]}"
