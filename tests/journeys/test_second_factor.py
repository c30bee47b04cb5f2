"""The authenticator app: set up with a picture, asked for at sign-in and before what weighs much."""

import time

import pyotp
import pytest

from tests.journeys.browsing import Visitor
from tests.journeys.conftest import Visit
from tests.journeys.test_signing_in import PASSWORD, add_somebody

STEP = 30


async def set_up(visitor: Visitor) -> tuple[pyotp.TOTP, list[str]]:
    """Set up an app; return what it computes with, and the recovery codes."""
    await visitor.open("/settings/security")
    await visitor.press("Set up")
    await visitor.page.locator("svg.qr").wait_for()
    app = pyotp.TOTP((await visitor.page.locator("#key").inner_text()).replace(" ", ""))
    await visitor.page.get_by_label("Six digits").fill(app.now())
    await visitor.press("Confirm")
    codes = (await visitor.page.locator("#codes").inner_text()).split()
    await visitor.page.get_by_label("I have kept them").check()
    await visitor.press("Go on")
    await visitor.sees("10 left")
    return app, codes


async def give_code(visitor: Visitor, code: str) -> None:
    await visitor.page.get_by_label("Code from your authenticator app, or a recovery code").fill(code)
    await visitor.press("Go on")


@pytest.mark.parametrize("scripts", [True, False])
async def test_sign_in_asks_for_a_code_and_takes_each_once(visit: Visit, words: str, scripts: bool) -> None:
    email = await add_somebody(visit, words)
    ana = await visit(java_script_enabled=scripts)
    ana.expect(401)
    await ana.open("/sign-in")
    await ana.give_password(email, PASSWORD)
    app, codes = await set_up(ana)
    await ana.press("Sign out", within="#side")
    await ana.give_password(email, PASSWORD)
    await ana.sees("One more step")
    await give_code(ana, "000000" if app.now() != "000000" else "000001")
    await ana.sees("This did not work")
    await give_code(ana, app.at(int(time.time()) + STEP))
    await ana.sees("no role yet")
    await ana.press("Sign out", within="#side")
    await ana.give_password(email, PASSWORD)
    await give_code(ana, codes[0].upper())
    await ana.sees("no role yet")
    await ana.open("/settings/security")
    await ana.sees("9 left")
