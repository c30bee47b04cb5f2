"""A person at a real browser, and everything the browser complains about meanwhile."""

import re
import shutil
from collections.abc import Iterable
from os import environ
from urllib.parse import urlsplit

from playwright.async_api import ConsoleMessage, Page, Request, Response

from tests.journeys.service import Person, Service

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
NONE_FOUND = "The journeys need Chromium: install it, or set GOVERN_CHROMIUM to its path."
_NUMBER = re.compile(r"/admin/messages/(M-\d+)")


def find_chromium() -> str | None:
    named = environ.get("GOVERN_CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


class Visitor:
    """One browser window. Whoever expects a refusal says so: browsers note each as an error."""

    def __init__(self, page: Page, service: Service) -> None:
        self.page = page
        self.service = service
        self._own = {urlsplit(address).netloc for address in (service.panel, service.panel_by_address, service.sandbox)}
        self._complaints: list[str] = []
        self._expected: set[int] = set()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self._complaints.append(f"uncaught: {error}"))
        page.on("request", self._look)

    def expect(self, *statuses: int) -> None:
        """Say that answers of these statuses are part of the journey."""
        self._expected |= set(statuses)

    def complaints(self) -> list[str]:
        said = tuple(f"status of {status} " for status in self._expected)
        return [each for each in self._complaints if not any(words in each for words in said)]

    def forget(self) -> list[str]:
        """Return the complaints so far, and begin anew."""
        heard, self._complaints = self._complaints, []
        return heard

    async def open(self, path: str) -> Response:
        answer = await self.page.goto(f"{self.service.panel}{path}")
        assert answer is not None
        return answer

    async def sign_in(self, person: Person) -> None:
        await self.open("/sign-in")
        await self.give_password(person.email, person.password)
        await self.page.wait_for_url(self.service.panel)

    async def give_password(self, email: str, password: str) -> None:
        await self.page.get_by_label("E-mail").fill(email)
        await self.page.get_by_label("Password").fill(password)
        await self.press("Sign in")

    async def press(self, name: str, *, within: str = "body") -> None:
        """Press the button of this name."""
        await self.page.locator(within).get_by_role("button", name=_named(name)).click()

    async def compose(self, account: str, text: str, *, target: str = "") -> str:
        """Write a message, see what screening warns of, hand it in, and return its number."""
        await self.open(f"/compose?account={account}{target}")
        await self.page.get_by_label("Text", exact=True).fill(text)
        await self.page.locator("#f-acknowledged").wait_for()
        for box in await self.page.get_by_role("checkbox", name="I have seen this").all():
            await box.check()
        await self.press("Submit")
        await self.page.wait_for_url(_NUMBER)
        return self.number()

    def number(self) -> str:
        found = _NUMBER.search(self.page.url)
        assert found, self.page.url
        return found[1]

    async def sees(self, sentence: str) -> None:
        """Wait until the page shows a sentence."""
        await self.page.get_by_text(sentence).first.wait_for()

    async def has_button(self, name: str) -> bool:
        return await self.page.locator("#main").get_by_role("button", name=_named(name)).count() > 0

    async def actions(self, number: str) -> list[str]:
        """What the audit log's page lists about a message, oldest first."""
        await self.open(f"/audit?q=subject:{number}")
        return (await self.page.locator("a.act").all_inner_texts())[::-1]

    async def post_by_hand(self, path: str, fields: dict[str, str]) -> tuple[int, str]:
        """Send a form nobody drew, with this session's own token; returns the status and the page."""
        token = await self.page.locator("input[name=_csrf]").first.input_value()
        answer = await self.page.request.post(
            f"{self.service.panel}{path}", form={"_csrf": token, **fields}, max_redirects=0
        )
        return answer.status, await answer.text()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._complaints.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def _look(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https"} and address.netloc not in self._own:
            self._complaints.append(f"another host: {request.url}")


def _named(name: str) -> re.Pattern[str]:
    """A button's whole name; its key may stand behind it."""
    return re.compile(rf"^{re.escape(name)}( [A-Z])?$")


def all_complaints(visitors: Iterable[Visitor]) -> list[str]:
    return [complaint for visitor in visitors for complaint in visitor.complaints()]
