"""People, roles, pauses, accounts, how the panel looks."""

import pytest

from tests.web.conftest import address
from tests.web.panel.conftest import SignIn, Write, words

LEO = f"/admin/people/{address('leo')}"
GRANT = {"role": "author", "scope": "account:News", "reason": "Covers for Noa in August."}


async def test_role_counts_from_the_next_request_on_and_so_does_its_end(browser: SignIn) -> None:
    ada, leo = await browser("ada"), await browser("leo")
    assert "account=News" not in (await leo.get("/admin/compose")).text
    page = await ada.follow(await ada.post(f"{LEO}/grants", **GRANT))
    assert "Covers for Noa in August." in page.text
    assert "account=News" in (await leo.get("/admin/compose")).text
    forms = [part.split('"')[0] for part in page.text.split('action="')]
    for each in [form for form in forms if form.endswith("/revoke")]:
        await ada.post(each, reason="August is over.")
    assert "No account to write for" in (await leo.get("/admin/compose")).text
    assert "August is over." in (await ada.get(LEO)).text


async def test_role_needs_a_reason(browser: SignIn) -> None:
    ada = await browser("ada")
    answer = await ada.post(f"{LEO}/grants", **{**GRANT, "reason": ""})
    assert answer.status_code == 422
    assert "Please fill this in." in words(answer)
    assert 'value="account:News" selected' in answer.text
    answer = await ada.post(f"{LEO}/grants", **{**GRANT, "until": "2001-01-01"})
    assert answer.status_code == 422
    assert "must be in the future" in words(answer)


async def test_same_role_twice_is_409(browser: SignIn) -> None:
    ada = await browser("ada")
    await ada.follow(await ada.post(f"{LEO}/grants", **GRANT))
    answer = await ada.post(f"{LEO}/grants", **GRANT)
    assert answer.status_code == 409
    assert "already has the role" in words(answer)


async def test_own_roles_are_given_by_others(browser: SignIn) -> None:
    ada = await browser("ada")
    page = await ada.get(f"/admin/people/{address('ada')}")
    assert "This is you." in words(page)
    assert "/grants" not in page.text
    assert (await ada.post(f"/admin/people/{address('ada')}/grants", **GRANT)).status_code == 403


async def test_agent_gives_no_roles(browser: SignIn) -> None:
    leo = await browser("leo")
    assert (
        await leo.post(f"/admin/people/{address('ana')}/grants", **{**GRANT, "scope": "account:Help"})
    ).status_code == 403


async def test_pause_is_seen_by_all_and_lifted_by_another(browser: SignIn, write: Write) -> None:
    mia, cleo, leo = await browser("mia"), await browser("cleo"), await browser("leo")
    fields = {"scope": "brand:care", "kinds": ["post", "dm"], "reason": "A wrong price is out."}
    counted = await mia.post("/admin/pause", **{**fields, "do": "count"})
    assert "would be held" in words(counted)
    page = await mia.follow(await mia.post("/admin/pause", **fields, do="pause"))
    assert "A wrong price is out." in page.text
    assert "Resume publishing" not in page.text
    assert "Publishing is paused" in words(await leo.get("/admin"))
    page = await cleo.get("/admin/pause")
    lift = page.text.split('action="/admin/pause/')[1].split('"')[0]
    assert (await mia.post(f"/admin/pause/{lift}")).status_code == 403
    await cleo.follow(await cleo.post(f"/admin/pause/{lift}"))
    assert "Publishing is on" in words(await leo.get("/admin"))


@pytest.mark.parametrize("missing", ["reason", "kinds"])
async def test_pause_needs_reason_and_kinds(browser: SignIn, missing: str) -> None:
    mia = await browser("mia")
    fields = {"scope": "brand:care", "kinds": ["post"], "reason": "A wrong price is out.", "do": "pause"}
    answer = await mia.post("/admin/pause", **{name: value for name, value in fields.items() if name != missing})
    assert answer.status_code == 422
    assert f'href="#f-{missing}"' in answer.text


async def test_admin_adds_a_brand_and_an_account(browser: SignIn) -> None:
    ada = await browser("ada")
    await ada.follow(await ada.post("/admin/brands", slug="toys", name="Toys"))
    fields = {"handle": "@Toys", "name": "Toys", "brand": "toys", "objectives": ["relate", "dialogue"], "colour": "3"}
    page = await ada.follow(await ada.post("/admin/accounts", **fields))
    assert "Relate, Dialogue" in words(page)
    assert "Not connected" in words(page)
    again = await ada.post("/admin/accounts", **fields)
    assert again.status_code == 409
    bad = await ada.post("/admin/accounts", **{**fields, "handle": "two words"})
    assert bad.status_code == 422
    stale = await ada.post("/admin/accounts/Toys/edit", version=7, name="Toys and games")
    assert stale.status_code == 409
    assert "Toys and games" in stale.text
    page = await ada.follow(await ada.post("/admin/accounts/Toys/edit", version=1, name="Toys and games"))
    assert "Toys and games" in words(page)


async def test_manager_sees_no_admin_forms(browser: SignIn) -> None:
    page = await (await browser("mia")).get("/admin/accounts/Help")
    assert "govern account connect" not in page.text
    assert "/edit" not in page.text


async def test_keys_are_never_asked_for_in_the_panel(browser: SignIn) -> None:
    page = await (await browser("ada")).get("/admin/accounts/Help/connect")
    assert "govern account connect Help" in words(page)
    assert "access_token" not in page.text


async def test_disconnecting_needs_a_reason(browser: SignIn) -> None:
    ada = await browser("ada")
    assert (await ada.post("/admin/accounts/Help/disconnect")).status_code == 422
    page = await ada.follow(await ada.post("/admin/accounts/Help/disconnect", reason="The keys leaked."))
    assert "Not connected" in words(page)


async def test_settings_change_how_pages_look(browser: SignIn) -> None:
    leo = await browser("leo")
    fields = {"language": "en", "zone": "Asia/Tokyo", "theme": "dark"}
    page = await leo.follow(await leo.post("/admin/settings", **fields))
    assert 'data-theme="dark"' in page.text
    assert 'data-keys="off"' in page.text
    assert "Tokyo time" in words(await leo.get("/admin"))
    refused = await leo.post("/admin/settings", **{**fields, "zone": "Moon/Base"})
    assert refused.status_code == 422
