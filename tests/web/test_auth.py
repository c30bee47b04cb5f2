"""Cookies, tokens, CSRF."""

from uuid import UUID, uuid4

import pytest
from litestar.testing import RequestFactory

from govern.settings import Env, Settings
from govern.web.auth import (
    BothCredentials,
    CsrfFailed,
    bearer_token,
    check_csrf,
    check_one_credential,
    check_origin,
    cookie_name,
    csrf_token,
    ended_cookie,
    session_cookie,
    session_token,
)

SETTINGS = Settings(secret_key="a secret of at least thirty-two characters")
PRODUCTION = Settings(
    env=Env.PRODUCTION, secret_key="another one of at least thirty-two characters", public_url="https://govern.example"
)
REQUESTS = RequestFactory()


async def check(session: UUID, token: str) -> None:
    await check_csrf(REQUESTS.post("/admin", headers={"X-CSRF": token}), session, SETTINGS)


async def test_token_is_accepted_in_header_and_in_form() -> None:
    session = uuid4()
    await check(session, csrf_token(session, SETTINGS))
    form = {"_csrf": csrf_token(session, SETTINGS), "text": "kept"}
    await check_csrf(
        REQUESTS.post("/admin", data=form, request_media_type="application/x-www-form-urlencoded"),  # type: ignore[arg-type]
        session,
        SETTINGS,
    )


def test_token_is_masked_anew() -> None:
    session = uuid4()
    assert len({csrf_token(session, SETTINGS) for _ in range(20)}) == 20


async def test_token_of_another_session_is_refused() -> None:
    with pytest.raises(CsrfFailed):
        await check(uuid4(), csrf_token(uuid4(), SETTINGS))


async def test_token_under_another_key_is_refused() -> None:
    session = uuid4()
    with pytest.raises(CsrfFailed):
        await check(session, csrf_token(session, PRODUCTION))


@pytest.mark.parametrize("token", ["", "x", "é", "AAAA", "A" * 88, "=" * 88, "A" * 5000])
async def test_forged_token_is_refused(token: str) -> None:
    form = {"_csrf": token}
    request = REQUESTS.post("/admin", data=form, request_media_type="application/x-www-form-urlencoded")  # type: ignore[arg-type]
    with pytest.raises(CsrfFailed):
        await check_csrf(request, uuid4(), SETTINGS)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://govern.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://govern.example.evil.example"},
    ],
)
def test_form_of_another_site_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(CsrfFailed):
        check_origin(REQUESTS.post("/admin", headers=headers), PRODUCTION)


@pytest.mark.parametrize(
    "headers",
    [{}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "https://govern.example"}],
)
def test_form_of_our_own_page_passes(headers: dict[str, str]) -> None:
    check_origin(REQUESTS.post("/admin", headers=headers), PRODUCTION)


def test_on_loopback_every_name_of_the_host_is_our_own() -> None:
    for host in ("127.0.0.1:8000", "localhost:8000"):
        check_origin(REQUESTS.post("/admin", headers={"Host": host, "Origin": f"http://{host}"}), SETTINGS)
    headers = {"Host": "127.0.0.1:8000", "Origin": "http://127.0.0.1:9000"}
    with pytest.raises(CsrfFailed):
        check_origin(REQUESTS.post("/admin", headers=headers), SETTINGS)


def test_host_header_is_not_believed_in_production() -> None:
    headers = {"Host": "evil.example", "Origin": "http://evil.example"}
    with pytest.raises(CsrfFailed):
        check_origin(REQUESTS.post("/admin", headers=headers), PRODUCTION)


def test_cookie_is_bound_to_host_and_https_in_production() -> None:
    cookie = session_cookie("secret", PRODUCTION)
    assert cookie.key == cookie_name(PRODUCTION) == "__Host-govern"
    assert (cookie.secure, cookie.httponly, cookie.samesite, cookie.path, cookie.domain) == (
        True,
        True,
        "lax",
        "/",
        None,
    )
    assert session_cookie("secret", SETTINGS).key == "govern"
    assert not session_cookie("secret", SETTINGS).secure
    assert ended_cookie(PRODUCTION).secure
    assert ended_cookie(PRODUCTION).max_age == 0


@pytest.mark.parametrize(
    ("header", "token"),
    [("Bearer abc", "abc"), ("bearer  abc ", "abc"), ("Basic abc", None), ("Bearer ", None), ("abc", None), ("", None)],
)
def test_bearer_token_is_read(header: str, token: str | None) -> None:
    assert bearer_token(REQUESTS.get("/api/v1/me", headers={"Authorization": header})) == token


def test_cookie_and_token_together_are_refused() -> None:
    request = REQUESTS.get("/api/v1/me", headers={"Authorization": "Bearer abc", "Cookie": "govern=def"})
    assert session_token(request, SETTINGS) == "def"
    with pytest.raises(BothCredentials):
        check_one_credential(request, SETTINGS)
    check_one_credential(REQUESTS.get("/", headers={"Cookie": "govern=def"}), SETTINGS)
    check_one_credential(REQUESTS.get("/", headers={"Authorization": "Bearer abc"}), SETTINGS)
