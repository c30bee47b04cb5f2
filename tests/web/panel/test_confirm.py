"""Signing in again in the middle of something: in the form itself, or on the page that keeps what was typed."""

import httpx
import pytest

from govern.services import passwords
from govern.tables import Member, Session
from tests.asserts import actions
from tests.hand import by_hand
from tests.web.conftest import address
from tests.web.panel.conftest import Browser, SignIn, words
from tests.web.panel.test_security import next_code, set_up_app

PASSWORD = "correct horse battery staple"
PLACE = f"/admin/people/{address('leo')}/grants"
GRANT = {"role": "author", "scope": "account:News", "reason": 'Covers for Noa, "August" & more.'}


@pytest.fixture
async def ada(browser: SignIn) -> Browser:
    """Ada, who signed in long ago and has no second factor."""
    hashed = await passwords.hash_password(PASSWORD)
    await by_hand(Member.update({Member.password_hash: hashed}).where(Member.email == address("ada")))
    return await browser("ada", fresh=False)


def cookies(answer: httpx.Response) -> list[str]:
    return [each for each in answer.headers.get_list("set-cookie") if each.startswith("govern=")]


async def test_critical_form_asks_for_the_proof_itself(ada: Browser, browser: SignIn) -> None:
    stale = await ada.get(f"/admin/people/{address('leo')}")
    assert 'name="_proof"' in stale.text
    assert 'type="password"' in stale.text
    fresh = await (await browser("ada")).get(f"/admin/people/{address('leo')}")
    assert "_proof" not in fresh.text


async def test_one_post_proves_and_acts(ada: Browser) -> None:
    before = ada.client.cookies["govern"]
    answer = await ada.post(PLACE, **GRANT, _proof=PASSWORD)
    assert answer.status_code == 303
    assert len(cookies(answer)) == 1
    assert ada.client.cookies["govern"] != before
    page = await ada.follow(answer)
    assert "Covers for Noa" in page.text
    assert "_proof" not in page.text
    assert {"session.stepped_up", "role.assigned"} <= set(await actions())


async def test_old_cookie_is_dead_after_a_proof_and_the_form_of_another_tab_lives(ada: Browser) -> None:
    before = ada.client.cookies["govern"]
    page = await ada.get("/admin/settings")
    token = page.text.split('name="_csrf" value="')[1].split('"')[0]
    await ada.post(PLACE, **GRANT, _proof=PASSWORD)
    other = await ada.forge("/admin/settings", token, language="en", zone="Europe/Paris", theme="dark")
    assert other.status_code == 303
    ada.client.cookies.clear()
    ada.client.cookies.set("govern", before, domain="127.0.0.1")
    assert (await ada.get("/admin")).status_code == 303


async def test_wrong_proof_changes_nothing_and_keeps_what_was_typed(ada: Browser) -> None:
    answer = await ada.post(PLACE, **GRANT, _proof="not my password")
    assert answer.status_code == 422
    assert cookies(answer) == []
    assert "not my password" not in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert f'action="{PLACE}"' in answer.text
    assert 'value="Covers for Noa, &#34;August&#34; &amp; more."' in answer.text
    assert "role.assigned" not in await actions()
    assert (await ada.get("/admin")).status_code == 200


async def test_wrong_proof_stops_even_a_fresh_session(browser: SignIn) -> None:
    ada = await browser("ada")
    answer = await ada.post(PLACE, **GRANT, _proof="not my password")
    assert answer.status_code == 422
    assert "role.assigned" not in await actions()


async def test_missing_proof_is_asked_for_and_the_form_goes_on_from_there(ada: Browser) -> None:
    answer = await ada.post(PLACE, **GRANT)
    assert answer.status_code == 403
    assert "fresh.role.assign" not in words(answer)
    assert 'name="scope" value="account:News"' in answer.text
    assert "access.denied" in await actions()
    answer = await ada.post(PLACE, **GRANT, _proof=PASSWORD)
    assert "Covers for Noa" in (await ada.follow(answer)).text


async def test_right_proof_is_kept_though_the_action_is_refused(ada: Browser) -> None:
    answer = await ada.post(PLACE, **{**GRANT, "reason": ""}, _proof=PASSWORD)
    assert answer.status_code == 422
    assert len(cookies(answer)) == 1
    assert (await ada.post(PLACE, **GRANT)).status_code == 303


async def test_wrong_proofs_are_delayed_like_sign_ins(ada: Browser) -> None:
    answers = [await ada.post(PLACE, **GRANT, _proof=f"wrong {n}") for n in range(8)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_recovery_code_is_a_proof_once(browser: SignIn) -> None:
    _, codes = await set_up_app(await browser("ada"))
    ada = await browser("ada", fresh=False)
    first = await ada.post(PLACE, **GRANT, _proof=codes[0].upper().replace("-", " "))
    assert first.status_code == 303
    again = await browser("ada", fresh=False)
    assert (await again.post("/admin/confirm", _proof=codes[0])).status_code == 422


async def test_password_is_no_proof_for_who_has_a_second_factor(ada: Browser, browser: SignIn) -> None:
    secret, _ = await set_up_app(await browser("ada"))
    assert (await ada.post("/admin/confirm", _proof=PASSWORD)).status_code == 422
    answer = await ada.post("/admin/confirm", _proof=next_code(secret), next="/admin/people")
    assert answer.headers["location"] == "/admin/people"


async def test_confirm_page_leads_on_and_only_within_the_panel(ada: Browser) -> None:
    page = await ada.get("/admin/confirm?next=/admin/people")
    assert 'name="next" value="/admin/people"' in page.text
    assert (await ada.post("/admin/confirm", next="/admin/people")).status_code == 422
    answer = await ada.post("/admin/confirm", next="https://evil.example/", _proof=PASSWORD)
    assert answer.headers["location"] == "/admin"
    assert (await ada.get("/admin/confirm?next=/admin/people")).headers["location"] == "/admin/people"


async def test_proof_needs_the_forms_own_token(ada: Browser) -> None:
    answer = await ada.forge("/admin/confirm", "forged", _proof=PASSWORD)
    assert answer.status_code == 403
    row = await Session.select(Session.fresh_at).where(Session.id == ada.session).first()
    assert row is not None
    assert row["fresh_at"] is None


async def test_pause_is_lifted_with_the_proof_in_the_form(browser: SignIn) -> None:
    mia = await browser("mia")
    fields = {"scope": "brand:care", "kinds": ["post"], "reason": "A wrong price is out.", "do": "pause"}
    await mia.follow(await mia.post("/admin/pause", **fields))
    secret, _ = await set_up_app(await browser("cleo"))
    cleo = await browser("cleo", fresh=False)
    page = await cleo.get("/admin/pause")
    lift = page.text.split('action="/admin/pause/')[1].split('"')[0]
    assert 'name="_proof"' in page.text
    code = next_code(secret)
    assert (await cleo.post(f"/admin/pause/{lift}", _proof=code)).status_code == 303
