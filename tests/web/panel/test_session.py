"""Signing in and out, and what every form must carry."""

import httpx
import pytest
from litestar import Litestar

from govern.services import passwords
from govern.tables import Member
from tests.factories import Company
from tests.hand import by_hand
from tests.web.conftest import address
from tests.web.panel.conftest import BASE, SignIn, words
from tests.web.panel.test_security import next_code, set_up_app

PASSWORD = "correct horse battery staple"


@pytest.fixture
async def leo_has_a_password(company: Company) -> None:
    hashed = await passwords.hash_password(PASSWORD)
    await by_hand(Member.update({Member.password_hash: hashed}).where(Member.email == address("leo")))


@pytest.fixture
def stranger(app: Litestar) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE)  # type: ignore[arg-type]


async def sign_in(client: httpx.AsyncClient, password: str, *, back: str = "/admin") -> httpx.Response:
    fields = {"email": address("leo"), "password": password, "return": back}
    return await client.post("/admin/sign-in", data=fields)


def step_of(page: httpx.Response) -> str:
    """The secret of the step that a page waits in."""
    return page.text.split('name="step" value="')[1].split('"')[0]


async def test_stranger_is_led_to_sign_in_and_back(stranger: httpx.AsyncClient, leo_has_a_password: None) -> None:
    answer = await stranger.get("/admin/messages?state=sent")
    assert answer.status_code == 303
    page = await stranger.get(answer.headers["location"])
    assert 'value="/admin/messages?state=sent"' in page.text
    answer = await sign_in(stranger, PASSWORD, back="/admin/messages?state=sent")
    assert answer.headers["location"] == "/admin/messages?state=sent"
    assert (await stranger.get("/admin/messages")).status_code == 200


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example", "/api/v1/me", "x"])
async def test_return_address_is_a_local_page_only(
    stranger: httpx.AsyncClient, leo_has_a_password: None, back: str
) -> None:
    assert (await sign_in(stranger, PASSWORD, back=back)).headers["location"] == "/admin"


async def test_wrong_password_keeps_the_address_and_never_the_password(
    stranger: httpx.AsyncClient, leo_has_a_password: None
) -> None:
    answer = await sign_in(stranger, "a wrong password")
    assert answer.status_code == 401
    assert f'value="{address("leo")}"' in answer.text
    assert "a wrong password" not in answer.text
    assert 'role="alert"' in answer.text


async def test_delay_is_told_in_seconds(stranger: httpx.AsyncClient, leo_has_a_password: None) -> None:
    answers = [await sign_in(stranger, "a wrong password") for _ in range(8)]
    assert answers[-1].status_code == 429
    assert " s " in words(answers[-1])


async def test_unknown_address_hears_the_same_as_a_wrong_password(
    stranger: httpx.AsyncClient, leo_has_a_password: None
) -> None:
    known = await sign_in(stranger, "a wrong password")
    unknown = await stranger.post(
        "/admin/sign-in", data={"email": "nobody@example.com", "password": "a wrong password"}
    )
    assert (known.status_code, unknown.status_code) == (401, 401)
    assert words(known) == words(unknown)


async def test_second_factor_is_a_step_of_its_own(
    stranger: httpx.AsyncClient, browser: SignIn, leo_has_a_password: None
) -> None:
    secret, codes = await set_up_app(await browser("leo"))
    page = await sign_in(stranger, PASSWORD, back="/admin/messages")
    assert page.status_code == 200
    assert "set-cookie" not in page.headers
    assert 'autocomplete="one-time-code"' in page.text
    assert PASSWORD not in page.text
    fields = {"step": step_of(page), "methods": "totp", "return": "/admin/messages"}
    wrong = await stranger.post("/admin/sign-in/step", data={**fields, "code": "no code"})
    assert wrong.status_code == 401
    assert step_of(wrong) == fields["step"]
    answer = await stranger.post("/admin/sign-in/step", data={**fields, "code": next_code(secret)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/messages")
    assert (await stranger.get("/admin/messages")).status_code == 200
    again = await stranger.post("/admin/sign-in/step", data={**fields, "code": codes[0]})
    assert again.status_code == 401


async def test_recovery_code_stands_in_for_the_phone(
    stranger: httpx.AsyncClient, browser: SignIn, leo_has_a_password: None
) -> None:
    _, codes = await set_up_app(await browser("leo"))
    fields = {"step": step_of(await sign_in(stranger, PASSWORD)), "code": codes[3].upper()}
    assert (await stranger.post("/admin/sign-in/step", data=fields)).headers["location"] == "/admin"


async def test_step_that_is_over_begins_again_at_the_password(stranger: httpx.AsyncClient) -> None:
    page = await stranger.post("/admin/sign-in/step", data={"step": "made up", "code": "123456"})
    assert page.status_code == 401
    assert "Please start again" in words(page)
    assert 'name="password"' in page.text


async def test_passkey_is_asked_for_without_naming_anybody(stranger: httpx.AsyncClient) -> None:
    asked = await stranger.post("/admin/sign-in/passkey/begin", data={"step": ""})
    assert asked.status_code == 200
    options = asked.json()["options"]
    assert (options["userVerification"], options.get("allowCredentials") or []) == ("required", [])
    refused = await stranger.post(
        "/admin/sign-in/passkey", data={"passkey_step": asked.json()["step"], "passkey_answer": "{}"}
    )
    assert refused.status_code == 401
    assert 'name="password"' in refused.text


async def test_signing_in_again_ends_the_session_before(
    stranger: httpx.AsyncClient, browser: SignIn, leo_has_a_password: None
) -> None:
    leo = await browser("leo")
    before = leo.client.cookies["govern"]
    answer = await sign_in(leo.client, PASSWORD)
    assert answer.status_code == 303
    stranger.cookies.set("govern", before, domain="127.0.0.1")
    assert (await stranger.get("/admin")).status_code == 303


async def test_sign_out_ends_the_session(browser: SignIn) -> None:
    leo = await browser("leo")
    answer = await leo.post("/admin/sign-out")
    assert answer.headers["location"] == "/admin/sign-in"
    assert (await leo.get("/admin")).status_code == 303


@pytest.mark.parametrize("token", ["", "nonsense", "Zm9v"])
async def test_form_without_its_token_is_refused(browser: SignIn, token: str) -> None:
    leo = await browser("leo")
    assert (await leo.forge("/admin/sign-out", token)).status_code == 403
    assert (await leo.get("/admin")).status_code == 200


async def test_token_of_another_session_is_refused(browser: SignIn) -> None:
    leo, mia = await browser("leo"), await browser("mia")
    page = await mia.get("/admin/settings")
    token = page.text.split('name="_csrf" value="')[1].split('"')[0]
    assert (await leo.forge("/admin/sign-out", token)).status_code == 403


async def test_pages_are_kept_by_nobody_and_load_only_from_us(browser: SignIn) -> None:
    page = await (await browser("leo")).get("/admin")
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    assert "<style" not in page.text
    assert " style=" not in page.text
    assert " onclick=" not in page.text


async def test_root_leads_to_the_panel(stranger: httpx.AsyncClient) -> None:
    assert (await stranger.get("/")).headers["location"] == "/admin"
