"""Signing in and out, and what every form must carry."""

import httpx
import pytest
from litestar import Litestar

from govern.services import passwords
from govern.tables import Member
from tests.factories import Company
from tests.web.conftest import address
from tests.web.panel.conftest import BASE, SignIn, words

PASSWORD = "correct horse battery staple"


@pytest.fixture
async def leo_has_a_password(company: Company) -> None:
    hashed = await passwords.hash_password(PASSWORD)
    await Member.update({Member.password_hash: hashed}).where(Member.email == address("leo"))


@pytest.fixture
def stranger(app: Litestar) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE)  # type: ignore[arg-type]


async def sign_in(client: httpx.AsyncClient, password: str, *, back: str = "/admin") -> httpx.Response:
    fields = {"email": address("leo"), "password": password, "return": back}
    return await client.post("/admin/sign-in", data=fields)


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
