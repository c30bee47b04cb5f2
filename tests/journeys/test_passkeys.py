"""Passkeys in a real browser, with the authenticator that Chromium plays by itself."""

from tests.journeys.browsing import Visitor
from tests.journeys.conftest import Visit
from tests.journeys.service import Service
from tests.journeys.test_signing_in import PASSWORD, add_somebody

KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


async def plug_in_key(visitor: Visitor) -> None:
    devtools = await visitor.page.context.new_cdp_session(visitor.page)
    await devtools.send("WebAuthn.enable")
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})


async def test_a_passkey_signs_in_alone_and_as_the_second_step(visit: Visit, service: Service, words: str) -> None:
    email = await add_somebody(visit, words)
    ana = await visit()
    await plug_in_key(ana)
    page, panel = ana.page, service.panel
    await page.goto(f"{panel}/sign-in")
    await ana.give_password(email, PASSWORD)
    await page.wait_for_url(panel)
    await page.goto(f"{panel}/settings/security")
    await page.get_by_label("Name of the device or key").fill("Desk")
    await ana.press("Add a passkey")
    await ana.sees("The passkey counts now.")

    await ana.press("Sign out", within="#side")
    await page.wait_for_url("**/sign-in")
    await ana.press("Sign in with a passkey")
    await page.wait_for_url(panel)

    await ana.press("Sign out", within="#side")
    await ana.give_password(email, PASSWORD)
    await ana.sees("One more step")
    await ana.press("Use a passkey")
    await page.wait_for_url(panel)

    await page.goto(f"{panel}/confirm")
    assert page.url == panel  # who just signed in is asked for nothing


async def test_a_key_without_a_passkey_is_told_so_and_changes_nothing(visit: Visit, service: Service) -> None:
    somebody = await visit()
    await plug_in_key(somebody)
    await somebody.page.goto(f"{service.panel}/sign-in")
    await somebody.press("Sign in with a passkey")
    await somebody.sees("That did not work.")
    assert somebody.page.url.endswith("/sign-in")


async def test_without_a_name_no_passkey_is_offered(visit: Visit, service: Service) -> None:
    somebody = await visit()
    await somebody.page.goto(f"{service.panel_by_address}/sign-in")
    await somebody.page.get_by_label("E-mail").wait_for()
    assert await somebody.page.get_by_role("button", name="passkey").count() == 0
