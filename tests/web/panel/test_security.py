"""One's own security page: second factors, password, sessions, tokens."""

import re
from datetime import UTC, datetime, timedelta

import httpx
import pyotp

from govern.services.tokens import find_token
from tests.asserts import actions
from tests.web.panel.conftest import Browser, SignIn, words

PAGE = "/admin/settings/security"


def shown(page: httpx.Response, mark: str) -> str:
    """What an element with this id says."""
    return page.text.split(f'id="{mark}">')[1].split("<")[0].strip()


def next_code(secret: str) -> str:
    """The code after this moment's: no code works twice."""
    return pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30))


async def set_up_app(person: Browser) -> tuple[str, list[str]]:
    """Set up an authenticator app; return its secret and the recovery codes."""
    page = await person.post(f"{PAGE}/authenticator")
    secret = shown(page, "key").replace(" ", "")
    page = await person.post(f"{PAGE}/authenticator/confirm", code=pyotp.TOTP(secret).now())
    return secret, shown(page, "codes").split()


async def test_new_app_shows_picture_and_key_then_ten_codes_once(browser: SignIn) -> None:
    leo = await browser("leo")
    page = await leo.post(f"{PAGE}/authenticator")
    assert page.status_code == 200
    assert '<svg class="qr" role="img" aria-label=' in page.text
    assert " style=" not in page.text
    secret = shown(page, "key").replace(" ", "")
    page = await leo.post(f"{PAGE}/authenticator/confirm", code=pyotp.TOTP(secret).now())
    codes = shown(page, "codes").split()
    assert (len(codes), len(set(codes))) == (10, 10)
    assert "I have kept them" in page.text
    page = await leo.get(PAGE)
    assert "10 left" in words(page)
    assert not any(code in page.text for code in codes)
    assert secret not in page.text.replace(" ", "")


async def test_wrong_first_code_shows_the_same_key_again(browser: SignIn) -> None:
    leo = await browser("leo")
    begun = await leo.post(f"{PAGE}/authenticator")
    secret = pyotp.TOTP(shown(begun, "key").replace(" ", ""))
    wrong = f"{(int(secret.now()) + 1) % 1_000_000:06}"
    page = await leo.post(f"{PAGE}/authenticator/confirm", code=wrong)
    assert page.status_code == 422
    assert shown(page, "key") == shown(begun, "key")
    assert 'aria-invalid="true"' in page.text
    assert "Authenticator app off" in words(await leo.get(PAGE))


async def test_app_is_removed_with_its_codes(browser: SignIn) -> None:
    leo = await browser("leo")
    await set_up_app(leo)
    assert "Authenticator app on" in words(await leo.get(PAGE))
    page = await leo.follow(await leo.post(f"{PAGE}/authenticator/remove"))
    assert "The authenticator app was removed." in words(page)
    assert "Recovery codes" not in page.text
    again = await leo.post(f"{PAGE}/authenticator/remove")
    assert again.status_code == 409


async def test_new_codes_replace_the_old_ones(browser: SignIn) -> None:
    leo = await browser("leo")
    none = await leo.post(f"{PAGE}/recovery-codes")
    assert none.status_code == 409
    _, before = await set_up_app(leo)
    after = shown(await leo.post(f"{PAGE}/recovery-codes"), "codes").split()
    assert len(after) == 10
    assert not set(after) & set(before)


async def test_advice_is_given_until_there_is_a_second_factor(browser: SignIn) -> None:
    leo = await browser("leo")
    assert "Add a second factor" in words(await leo.get(PAGE))
    await set_up_app(leo)
    assert "Add a second factor" not in words(await leo.get(PAGE))


async def test_passkey_is_asked_for_by_a_script_and_refused_without_its_answer(browser: SignIn) -> None:
    leo = await browser("leo")
    asked = (await leo.post(f"{PAGE}/passkeys/begin")).json()
    assert asked["options"]["authenticatorSelection"]["userVerification"] == "required"
    page = await leo.post(f"{PAGE}/passkeys", name="Desk", passkey_step=asked["step"], passkey_answer="{}")
    assert page.status_code == 422
    assert 'value="Desk"' in page.text
    page = await leo.post(f"{PAGE}/passkeys", name="Desk", passkey_step=asked["step"], passkey_answer="{}")
    assert "took too long" in words(page)
    assert "Passkeys off" in words(await leo.get(PAGE))


async def test_factors_are_changed_by_a_fresh_session_only(browser: SignIn) -> None:
    secret, _ = await set_up_app(await browser("leo"))
    stale = await browser("leo", fresh=False)
    refused = await stale.post(f"{PAGE}/authenticator/remove")
    assert refused.status_code == 403
    assert 'name="_proof"' in refused.text
    begun = await stale.post(f"{PAGE}/passkeys/begin")
    assert begun.status_code == 403
    code = next_code(secret)
    await stale.follow(await stale.post(f"{PAGE}/authenticator/remove", _proof=code))
    assert "Authenticator app off" in words(await stale.get(PAGE))


async def test_wrong_old_password_is_beside_its_field(browser: SignIn) -> None:
    leo = await browser("leo")
    answer = await leo.post(f"{PAGE}/password", old="not mine at all", new="a new long password")
    assert answer.status_code == 422
    assert "This is not your password." in words(answer)
    assert "a new long password" not in answer.text
    assert "member.password_set" not in await actions()


async def test_token_is_shown_once_and_ends(browser: SignIn) -> None:
    leo = await browser("leo")
    made = await leo.post(f"{PAGE}/tokens", name="reporting", days="30")
    text = shown(made, "new-token")
    assert await find_token(text, now=datetime.now(UTC)) is not None
    page = await leo.get(PAGE)
    assert text not in page.text
    assert "reporting" in page.text
    forms = re.findall(rf'action="({PAGE}/tokens/[^"]+/revoke)"', page.text)
    for form in forms:
        await leo.follow(await leo.post(form))
    assert await find_token(text, now=datetime.now(UTC)) is None
    assert "No program acts for you." in words(await leo.get(PAGE))


async def test_token_may_be_limited_and_says_so(browser: SignIn) -> None:
    leo = await browser("leo")
    fields = {"name": "drafts", "days": "30", "scope": "account:Help", "actions": ["message.read"]}
    made = await leo.post(f"{PAGE}/tokens", **fields)
    found = await find_token(shown(made, "new-token"), now=datetime.now(UTC))
    assert found is not None
    assert found.limit is not None
    assert (found.limit.actions, found.limit.scope) == (frozenset({"message.read"}), "account:Help")
    assert "only at @Help; only: Read messages" in words(await leo.get(PAGE))
    refused = await leo.post(f"{PAGE}/tokens", **{**fields, "actions": ["role.assign"]})
    assert refused.status_code == 422
    assert 'value="drafts"' in refused.text


async def test_token_asks_for_a_proof_in_its_form(browser: SignIn) -> None:
    secret, _ = await set_up_app(await browser("leo"))
    stale = await browser("leo", fresh=False)
    page = await stale.get(PAGE)
    assert 'id="t-_proof"' in page.text
    refused = await stale.post(f"{PAGE}/tokens", name="reporting", days="30")
    assert refused.status_code == 403
    code = next_code(secret)
    made = await stale.post(f"{PAGE}/tokens", name="reporting", days="30", _proof=code)
    assert made.status_code == 200
    assert "Copy it now" in words(made)


async def test_other_sessions_can_be_ended_one_by_one_and_all_at_once(browser: SignIn) -> None:
    here, there, elsewhere = [await browser("leo") for _ in range(3)]
    page = await here.get(PAGE)
    ends = re.findall(rf'action="({PAGE}/sessions/[^"]+/end)"', page.text)
    assert len(ends) == 2
    assert "this one" in words(page)
    await here.follow(await here.post(ends[0]))
    assert sorted([(await each.get("/admin")).status_code for each in (there, elsewhere)]) == [200, 303]
    page = await here.follow(await here.post(f"{PAGE}/sessions/end-others"))
    assert "End all others" not in page.text
    assert [(await each.get("/admin")).status_code for each in (there, elsewhere)] == [303, 303]


async def test_session_of_another_cannot_be_ended(browser: SignIn) -> None:
    leo, mia = await browser("leo"), await browser("mia")
    assert (await leo.post(f"{PAGE}/sessions/{mia.session}/end")).status_code == 404
    assert (await mia.get("/admin")).status_code == 200
