"""Accounts, members, roles and pauses over the API."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from govern.services.member_links import find_link
from tests.web.conftest import Api, Script, address

YEAR = datetime.now(UTC).year + 1


def grant(**changes: object) -> dict[str, Any]:
    return {"role": "agent", "scope": "account:Shop", "reason": "Covers for Leo", **changes}


async def test_accounts_are_listed_for_those_who_read_them(api: Api) -> None:
    items = (await api("mia").get("/accounts")).json()["items"]
    assert [item["handle"] for item in items] == ["Help", "Shop"]
    assert [item["handle"] for item in (await api("leo").get("/accounts")).json()["items"]] == ["Help"]
    assert (await api("eve").get("/accounts")).json()["items"] == []


async def test_account_never_shows_credentials(api: Api) -> None:
    account = (await api("mia").get("/accounts/help")).json()
    assert (account["handle"], account["brand"], account["scope"]) == ("Help", "care", "account:Help")
    assert not [key for key in account if "secret" in key or "token" in key or "sealed" in key]


async def test_unknown_and_unreadable_accounts_answer_alike(api: Api) -> None:
    for name, handle in (("mia", "Nobody"), ("eve", "Help")):
        answer = await api(name).get(f"/accounts/{handle}")
        assert (answer.status_code, answer.json()["code"]) == (404, "account.unknown")


async def test_everybody_reads_who_they_are(api: Api) -> None:
    me = (await api("leo").get("/me")).json()
    assert (me["email"], me["roles"]) == (address("leo"), ["agent"])
    assert [(each["role"], each["scope"]) for each in me["grants"]] == [("agent", "account:Help")]
    assert (await api("eve").get("/me")).json()["grants"] == []


async def test_members_are_listed_for_those_who_may_see_who_may_what(api: Api) -> None:
    assert len((await api("ada").get("/members")).json()["items"]) == 10
    assert (await api("leo").get("/members")).status_code == 403
    assert (await api("leo").get(f"/members/{address('leo')}")).json()["email"] == address("leo")


async def test_unknown_and_unreadable_members_answer_alike(api: Api) -> None:
    for path in ("/members/{}", "/members/{}/grants"):
        for name, email in (("leo", address("ana")), ("leo", "nobody@example.com"), ("ada", "nobody@example.com")):
            answer = await api(name).get(path.format(email))
            told = answer.json()
            assert (answer.status_code, told["code"]) == (404, "member.unknown")
            assert told["detail"] == f"There is no member {email}."


async def test_role_is_given_and_taken_and_holds_at_once(api: Api, script: Script) -> None:
    ada, eve, place = api("ada"), api("eve"), f"/members/{address('eve')}/grants"
    post = {"account": "Shop", "kind": "post", "text": "Hello."}
    assert (await eve.post("/messages", json=post)).status_code == 404
    given = await (await script("ada")).post(place, json=grant())
    assert given.status_code == 201, given.text
    assert (given.json()["member"], given.json()["granted_by"]) == (address("eve"), "Ada")
    assert (await eve.post("/messages", json=post)).status_code == 201
    assert [each["id"] for each in (await ada.get(place)).json()["items"]] == [given.json()["id"]]
    taken = await ada.delete(f"/grants/{given.json()['id']}", params={"reason": "Leo is back"})
    assert (taken.status_code, taken.json()["revoke_reason"]) == (200, "Leo is back")
    assert (await eve.post("/messages", json=post)).status_code == 404
    assert (await ada.get(place)).json()["items"] == []
    assert len((await ada.get(place, params={"revoked": "true"})).json()["items"]) == 1


async def test_token_gives_no_role(api: Api) -> None:
    answer = await api("ada").post(f"/members/{address('eve')}/grants", json=grant())
    assert (answer.status_code, answer.json()["reason"]) == (403, "token_limit")


async def test_reason_of_a_revocation_may_be_in_the_body_or_absent(script: Script) -> None:
    ada, place = await script("ada"), f"/members/{address('eve')}/grants"
    first = (await ada.post(place, json=grant())).json()
    body = await ada.request("DELETE", f"/grants/{first['id']}", json={"reason": "No longer here"})
    assert body.json()["revoke_reason"] == "No longer here"
    second = (await ada.post(place, json=grant())).json()
    assert (await ada.delete(f"/grants/{second['id']}")).json()["revoke_reason"] == "revoked through the API"


async def test_start_and_end_of_a_role_are_kept_in_utc(script: Script) -> None:
    times = {"starts_at": f"{YEAR}-06-01", "expires_at": f"{YEAR}-07-01T00:00:00+02:00"}
    answer = await (await script("ada")).post(f"/members/{address('eve')}/grants", json=grant(**times))
    assert answer.json()["starts_at"] == f"{YEAR}-06-01T00:00:00Z"
    assert answer.json()["expires_at"] == f"{YEAR}-06-30T22:00:00Z"


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"role": "king"}, 422, "request.invalid"),
        ({"role": "publisher"}, 422, "grant.unknown_role"),
        ({"scope": "planet:earth"}, 422, "request.invalid"),
        ({"scope": "brand:nothing"}, 404, "scope.unknown"),
        ({"reason": "x"}, 422, "grant.reason_required"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, 422, "grant.end_in_past"),
        ({"starts_at": "2020-01-01T00:00:00Z"}, 422, "grant.start_in_past"),
        ({"expires_at": "2020-01-01T00:00:00"}, 422, "request.bad_time"),
        ({"expires_at": "soon"}, 422, "request.bad_time"),
        ({"until": "soon"}, 422, "request.invalid"),
    ],
)
async def test_bad_grant_is_refused(script: Script, changes: dict[str, object], status: int, code: str) -> None:
    ada, place = await script("ada"), f"/members/{address('eve')}/grants"
    answer = await ada.post(place, json=grant(**changes))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await ada.get(place)).json()["items"] == []


async def test_nobody_gives_a_role_to_themselves(script: Script) -> None:
    answer = await (await script("ada")).post(f"/members/{address('ada')}/grants", json=grant())
    assert (answer.status_code, answer.json()["rule"]) == (403, "grant.self")


async def test_unknown_grant_is_404(api: Api) -> None:
    assert (await api("ada").delete(f"/grants/{uuid4()}")).status_code == 404
    assert (await api("ada").delete("/grants/1")).status_code == 404


async def test_person_is_invited_by_a_link(script: Script, web: httpx.AsyncClient) -> None:
    ada = await script("ada")
    answer = await ada.post("/members", json={"email": "Zoe@example.com", "name": "Zoé", "language": "fr"})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["member"]["email"], made["member"]["waiting"]) == ("zoe@example.com", True)
    link = await find_link(made["link"].rpartition("/")[2], now=datetime.now(UTC))
    assert link is not None
    assert link.name == "Zoé"
    taken = await ada.post("/members", json={"email": address("leo"), "name": "Leo"})
    assert (taken.status_code, taken.json()["code"]) == (409, "member.email_taken")
    assert (await web.post("/api/v1/members", json={"email": "a@example.com", "name": "A"})).status_code == 401


async def test_token_of_a_suspended_member_is_no_token_and_works_again_afterwards(api: Api) -> None:
    ada, leo, place, why = api("ada"), api("leo"), f"/members/{address('leo')}", {"reason": "On leave"}
    assert (await leo.get("/me")).status_code == 200
    assert (await ada.post(f"{place}/suspend", json=why)).json()["state"] == "suspended"
    assert (await leo.get("/me")).status_code == 401
    assert (await ada.post(f"{place}/suspend", json=why)).json()["code"] == "member.not_active"
    assert (await ada.post(f"{place}/reinstate", json=why)).json()["state"] == "active"
    assert (await leo.get("/me")).status_code == 200
    gone = (await ada.post(f"{place}/remove", json=why)).json()
    assert (gone["state"], gone["roles"]) == ("left", [])
    assert (await leo.get("/me")).status_code == 401


@pytest.mark.parametrize("deed", ["suspend", "reinstate", "remove"])
async def test_life_of_members_is_led_by_admins(deed: str, api: Api) -> None:
    place, why = f"/members/{address('ana')}/{deed}", {"reason": "On leave"}
    refused = await api("mia").post(place, json=why)
    unknown = await api("mia").post(f"/members/nobody@example.com/{deed}", json=why)
    assert (refused.status_code, unknown.status_code) == (403, 403)
    assert refused.json()["detail"] == unknown.json()["detail"]
    assert (await api("ada").post(place, json={})).status_code == 422
    assert (await api("ada").post(place, json={"reason": "x"})).json()["code"] == "grant.reason_required"


async def test_token_is_made_by_a_session_alone_shown_once_listed_and_ended(
    api: Api, script: Script, web: httpx.AsyncClient
) -> None:
    wanted = {"name": "CI", "actions": ["message.read"], "scope": "account:Help"}
    by_token = await api("leo").post("/tokens", json=wanted)
    assert (by_token.status_code, by_token.json()["reason"]) == (403, "token_limit")
    leo = await script("leo")
    issued = await leo.post("/tokens", json=wanted)
    assert issued.status_code == 201, issued.text
    bearer = {"Authorization": f"Bearer {issued.json()['token']}"}
    assert (await web.get("/api/v1/accounts", headers=bearer)).status_code == 200
    items = (await leo.get("/tokens")).json()["items"]
    assert [each["name"] for each in items] == ["test", "CI"]
    assert (items[1]["actions"], items[1]["scope"], "token" in items[1]) == (["message.read"], "account:Help", False)
    post = {"account": "Help", "kind": "post", "text": "Hello."}
    limited = await web.post("/api/v1/messages", json=post, headers=bearer)
    assert (limited.status_code, limited.json()["reason"]) == (403, "token_limit")
    assert (await api("mia").delete(f"/tokens/{issued.json()['id']}")).status_code == 403
    assert (await leo.delete(f"/tokens/{issued.json()['id']}")).status_code == 204
    assert (await web.get("/api/v1/accounts", headers=bearer)).status_code == 401


async def test_tokens_of_others_are_listed_and_ended_by_admins(api: Api) -> None:
    place = {"member": address("leo")}
    (token,) = (await api("ada").get("/tokens", params=place)).json()["items"]
    assert (await api("mia").get("/tokens", params=place)).status_code == 403
    assert (await api("mia").get("/tokens", params={"member": "nobody@example.com"})).status_code == 403
    assert (await api("ada").delete(f"/tokens/{token['id']}")).status_code == 204
    assert (await api("leo").get("/me")).status_code == 401
    assert (await api("ada").delete(f"/tokens/{uuid4()}")).status_code == 404
    assert (await api("mia").delete(f"/tokens/{uuid4()}")).status_code == 403


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"actions": []}, "request.invalid"),
        ({"actions": ["role.assign"]}, "token.bad_actions"),
        ({"actions": ["fly"]}, "token.bad_actions"),
        ({"days": 366}, "request.invalid"),
        ({"name": " "}, "token.bad_name"),
        ({"scope": "planet:earth"}, "request.invalid"),
        ({"scope": "brand:nothing"}, "scope.unknown"),
    ],
)
async def test_bad_token_is_refused(script: Script, changes: dict[str, object], code: str) -> None:
    answer = await (await script("leo")).post("/tokens", json={"name": "CI", **changes})
    assert answer.json()["code"] == code, answer.text


async def test_pause_is_set_listed_and_not_lifted_by_the_same_person(api: Api) -> None:
    cleo = api("cleo")
    answer = await cleo.post("/pauses", json={"scope": "brand:care", "reason": "A crisis", "kinds": ["post"]})
    assert answer.status_code == 201, answer.text
    pause = answer.json()["pause"]
    assert (pause["scope"], pause["kinds"], pause["set_by"]) == ("brand:care", ["post"], "Cleo")
    assert (answer.json()["held"], answer.json()["in_flight"], answer.json()["unknown"]) == (0, 0, 0)
    assert [each["id"] for each in (await api("mia").get("/pauses")).json()["items"]] == [pause["id"]]
    again = await cleo.post("/pauses", json={"scope": "brand:care", "reason": "A crisis", "kinds": ["post"]})
    assert (again.status_code, again.json()["code"]) == (409, "pause.already_set")
    assert (await cleo.post(f"/pauses/{pause['id']}/lift")).status_code == 403


@pytest.mark.parametrize(
    "changes", [{"kinds": []}, {"kinds": ["tweet"]}, {"reason": ""}, {"scope": 1}, {"until": str(timedelta(1))}]
)
async def test_bad_pause_is_refused(api: Api, changes: dict[str, object]) -> None:
    answer = await api("cleo").post("/pauses", json={"scope": "company", "reason": "A crisis", **changes})
    assert answer.status_code == 422
    assert (await api("cleo").get("/pauses")).json()["items"] == []
