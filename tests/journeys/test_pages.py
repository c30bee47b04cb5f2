"""Every page each person can reach, on a screen and on a phone, light and dark: it answers, fits, and the browser is silent.

With `GOVERN_SHOTS=folder` in the environment each page is also photographed, for people to look at.
"""

import re
from os import environ
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.async_api import ViewportSize, expect

from tests.journeys.browsing import Visitor
from tests.journeys.conftest import Visit

SIZES: dict[str, ViewportSize] = {"screen": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
MOST = 80  # addresses of different shape one person can reach; more means that the shapes below tell too much apart

# What sticks out sideways, by name, so that a failure says where to look. What scrolls within itself may be wider.
TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  const named = (each) => `${each.tagName.toLowerCase()}#${each.id}.${each.className}`;
  const scrolls = (each) => each && each !== document.body
    && (/auto|scroll|hidden|clip/.test(getComputedStyle(each).overflowX) || scrolls(each.parentElement));
  const out = [...document.querySelectorAll("body *")].filter((each) => {
    const box = each.getBoundingClientRect();
    return box.width && box.right > width + 1 && !scrolls(each.parentElement);
  });
  const page = document.documentElement.scrollWidth > innerWidth ? ["the page"] : [];
  const popovers = [...document.querySelectorAll("[popover]")].filter((each) => {
    each.showPopover();
    const box = each.getBoundingClientRect();
    const wide = box.left < 0 || box.right > innerWidth || each.scrollWidth > each.clientWidth + 1;
    each.hidePopover();
    return wide;
  });
  return [...page, ...out.slice(0, 5).map(named), ...popovers.map(named)];
}"""


def shape(address: str) -> str:
    """The same for two pages that differ only in what they show: `/admin/messages/M-7` and `/admin/messages/M-8`."""
    parts = urlsplit(address)
    path = re.sub(
        r"M-\d+|[^/]+@[^/]+|/\d+$|(?<=accounts/)\w+|(?<=why/)[0-9a-f-]{36}|(?<=permissions/)[0-9a-f-]{36}|(?<=contacts/)[0-9a-f-]{36}",
        "*",
        parts.path,
    )
    kept = {name: value for name, value in parse_qsl(parts.query) if name in {"view", "kind"}}
    names = sorted(name for name, _ in parse_qsl(parts.query))
    return f"{path}?{names}{kept}"


async def links(visitor: Visitor) -> list[str]:
    found = await visitor.page.eval_on_selector_all("a[href^='/admin']", "all => all.map((each) => each.href)")
    return [str(address) for address in found]


async def look(visitor: Visitor, name: str) -> list[str]:
    """Return what is wrong with the page that is open, at each size and in each scheme."""
    faults = []
    for size, viewport in SIZES.items():
        await visitor.page.set_viewport_size(viewport)
        for scheme in SCHEMES:
            await visitor.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            faults += [f"{name} on a {size}, {scheme}: {each}" for each in await visitor.page.evaluate(TOO_WIDE)]
            await photograph(visitor, f"{name}-{size}-{scheme}", viewport)
    return faults


async def photograph(visitor: Visitor, name: str, size: ViewportSize) -> None:
    """Take the whole page in one picture: a window as tall as the page keeps bars at their edges."""
    folder = environ.get("GOVERN_SHOTS")
    if folder:
        file = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()
        height = await visitor.page.evaluate("document.documentElement.scrollHeight")
        await visitor.page.set_viewport_size({"width": size["width"], "height": height})
        await visitor.page.screenshot(path=Path(folder) / f"{file}.png")
        await visitor.page.set_viewport_size(size)


@pytest.mark.parametrize("name", ["nadia", "sarah", "claire", "tom", "ines", "hugo", "lea"])
async def test_every_link_a_person_sees_opens_a_page_that_fits(visit: Visit, name: str) -> None:
    visitor = await visit(name)
    faults: list[str] = []
    seen: set[str] = set()
    ahead = [visitor.service.panel]
    while ahead:
        address = ahead.pop(0)
        if shape(address) in seen:
            continue
        seen.add(shape(address))
        answer = await visitor.page.goto(address)
        assert answer is not None
        if answer.status != 200:
            faults.append(f"{address}: {answer.status}")
        place = address.removeprefix(visitor.service.panel)
        faults += await look(visitor, f"{name} {place or 'overview'}")
        ahead += await links(visitor)
    assert faults == []
    assert 5 < len(seen) < MOST


async def test_pages_for_nobody_in_particular_fit_too(visit: Visit) -> None:
    somebody = await visit()
    somebody.expect(404)
    await somebody.open("/sign-in")
    faults = await look(somebody, "sign in")
    assert (await somebody.open("/nothing-here")).status == 404
    assert faults + await look(somebody, "not found") == []


async def test_a_refused_form_fits_and_says_what_is_wrong_first(visit: Visit) -> None:
    hugo = await visit("hugo", viewport=SIZES["phone"])
    hugo.expect(422)
    await hugo.open("/compose?account=AldaneCare&kind=dm")
    await hugo.page.get_by_label("Text", exact=True).fill("Hello")
    await hugo.press("Submit")
    await expect(hugo.page.get_by_role("alert")).to_be_focused()
    assert await look(hugo, "compose refused") == []


async def test_the_page_that_erases_a_person_fits_and_is_reached_from_an_entry(visit: Visit) -> None:
    sarah = await visit("sarah")
    await sarah.open("/audit?q=action:contact.created")
    await sarah.page.locator("a.act").first.click()
    await sarah.page.get_by_role("link", name=re.compile("^Erase @")).click()
    await sarah.sees("I know that nobody can undo this")
    assert await look(sarah, "erase a person") == []


async def test_the_watch_hears_what_a_browser_complains_about(visit: Visit) -> None:
    somebody = await visit()
    await somebody.open("/sign-in")
    await somebody.page.evaluate("console.warn('careful')")
    async with somebody.page.expect_console_message(lambda said: "Content Security Policy" in said.text):
        await somebody.page.evaluate(
            "document.body.append(Object.assign(new Image(), {src: 'https://x.invalid/x.png'}))"
        )
    assert {each.partition(":")[0] for each in somebody.forget()} == {"warning", "error", "another host"}
