"""Why: beside every refusal and every verdict, for those whose it is and those who may know."""

import json
import re

import httpx

from tests.web.conftest import Api, address
from tests.web.panel.conftest import Browser, SignIn, Write, words


def why_of(page: httpx.Response) -> str:
    found = re.search(r'href="(/admin/why/[0-9a-f-]+)"', page.text)
    assert found, words(page)
    return found[1]


async def refusal(person: Browser) -> str:
    """Ask for a page one may not open; the refusal leads to its reasons."""
    refused = await person.get("/admin/audit")
    assert refused.status_code == 403
    return why_of(refused)


async def test_refusal_leads_to_its_rules_and_to_roles_that_can_help(browser: SignIn) -> None:
    leo = await browser("leo")
    page = await leo.get(await refusal(leo))
    said = words(page)
    assert "This was refused." in said
    assert "Who you Action Read the audit log" in said
    assert "Compliance officer" in said
    assert "compliance.audit.read" in said
    assert "not held" in said
    assert "Cleo" not in said


async def test_reader_of_access_sees_names(browser: SignIn) -> None:
    mia, ada = await browser("mia"), await browser("ada")
    page = words(await ada.get(await refusal(mia)))
    assert "Who Mia" in page
    assert "Cleo" in page.split("Who can help")[1]


async def test_refusal_of_another_does_not_exist_for_those_who_may_not_know(browser: SignIn) -> None:
    mia, leo = await browser("mia"), await browser("leo")
    assert (await leo.get(await refusal(mia))).status_code == 404


async def test_approval_is_explained_with_the_grant_behind_it(browser: SignIn, write: Write) -> None:
    message = await write("leo")
    number = f"M-{message.number}"
    mia = await browser("mia")
    await mia.follow(await mia.post(f"/admin/messages/{number}/approve", revision=1, what="approve"))
    page = await mia.get(f"/admin/messages/{number}")
    said = words(await mia.get(why_of(page)))
    assert "This was allowed." in said
    assert "brand_manager.message.approve" in said
    assert "Brand manager at care, given by the set-up: “for a test”" in said
    leo = await (await browser("leo")).get(f"/admin/messages/{number}")
    assert "/admin/why/" not in leo.text


async def test_why_you_asks_the_rules_with_what_the_server_knows(browser: SignIn, write: Write) -> None:
    message = await write("bo")
    number = f"M-{message.number}"
    page = await (await browser("mia")).get(f"/admin/approvals?item={number}")
    assert f"/admin/messages/{number}/why" in page.text
    mia = words(await (await browser("mia")).get(f"/admin/messages/{number}/why"))
    assert f"You may approve {number}." in mia
    bo = words(await (await browser("bo")).get(f"/admin/messages/{number}/why"))
    assert f"You may not approve {number}." in bo
    assert "four_eyes.author decided" in bo
    assert (await (await browser("noa")).get(f"/admin/messages/{number}/why")).status_code == 404


async def test_program_is_told_the_entry_of_its_refusal(api: Api) -> None:
    refused = await api("leo").get("/audit/entries")
    assert refused.status_code == 403
    assert re.fullmatch(r"[0-9a-f-]{36}", refused.json()["entry"])


async def test_program_asks_why_who_and_where(api: Api) -> None:
    ada = api("ada")
    place = {"action": "message.approve", "scope": "account:Help"}
    who = (await ada.get("/access/who-can", params=place)).json()
    assert {person["name"] for person in who["items"]} == {"Mia", "Max", "Cleo", "Bo"}
    assert {person["standing"]["answer"] for person in who["items"]} == {"depends"}
    facts = json.dumps({"author": address("mia"), "editors": [], "edit_and_approve": False})
    why = (await ada.get("/access/explain", params={**place, "member": address("mia"), "facts": facts})).json()
    assert (why["allowed"], why["rule"]) == (False, "four_eyes.author")
    assert [rule["rule"] for rule in why["rules"] if rule["decided"]] == ["four_eyes.author"]
    assert "Max" in {person["name"] for person in why["help"]["people"]}
    where = {"member": address("leo"), "action": "message.write_post"}
    own = (await api("leo").get("/access/where-can", params=where)).json()
    assert [place["scope"] for place in own["items"]] == ["account:Help"]


async def test_program_may_ask_about_others_only_where_it_reads_access(api: Api) -> None:
    leo = api("leo")
    place = {"action": "message.approve", "scope": "account:Help"}
    assert (await leo.get("/access/who-can", params=place)).status_code == 403
    assert (await leo.get("/access/explain", params={**place, "member": address("mia")})).status_code in {403, 404}
    assert (await leo.get("/access/explain", params={**place, "member": address("leo")})).status_code == 200


async def test_malformed_questions_are_422(api: Api) -> None:
    place = {"member": address("leo"), "action": "message.approve", "scope": "account:Help"}
    for wrong in ({"action": "x"}, {"scope": "nowhere"}, {"at": "yesterday"}, {"facts": "[]"}, {"facts": '{"x": 1}'}):
        answer = await api("ada").get("/access/explain", params={**place, **wrong})
        assert answer.status_code == 422, wrong
