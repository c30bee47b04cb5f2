"""Accounts, members, roles and pauses over the API."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.web.conftest import Api, address

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
    assert (await api("ada").get("/members/nobody@example.com")).json()["code"] == "member.unknown"


async def test_role_is_given_and_taken_and_holds_at_once(api: Api) -> None:
    ada, eve, place = api("ada"), api("eve"), f"/members/{address('eve')}/grants"
    post = {"account": "Shop", "kind": "post", "text": "Hello."}
    assert (await eve.post("/messages", json=post)).status_code == 403
    given = await ada.post(place, json=grant())
    assert given.status_code == 201, given.text
    assert (given.json()["member"], given.json()["granted_by"]) == (address("eve"), "Ada")
    assert (await eve.post("/messages", json=post)).status_code == 201
    assert [each["id"] for each in (await ada.get(place)).json()["items"]] == [given.json()["id"]]
    taken = await ada.delete(f"/grants/{given.json()['id']}", params={"reason": "Leo is back"})
    assert (taken.status_code, taken.json()["revoke_reason"]) == (200, "Leo is back")
    assert (await eve.post("/messages", json=post)).status_code == 403
    assert (await ada.get(place)).json()["items"] == []
    assert len((await ada.get(place, params={"revoked": "true"})).json()["items"]) == 1


async def test_reason_of_a_revocation_may_be_in_the_body_or_absent(api: Api) -> None:
    ada, place = api("ada"), f"/members/{address('eve')}/grants"
    first = (await ada.post(place, json=grant())).json()
    body = await ada.request("DELETE", f"/grants/{first['id']}", json={"reason": "No longer here"})
    assert body.json()["revoke_reason"] == "No longer here"
    second = (await ada.post(place, json=grant())).json()
    assert (await ada.delete(f"/grants/{second['id']}")).json()["revoke_reason"] == "revoked through the API"


async def test_end_of_a_role_is_kept_in_utc(api: Api) -> None:
    end = f"{YEAR}-07-01T00:00:00+02:00"
    answer = await api("ada").post(f"/members/{address('eve')}/grants", json=grant(expires_at=end))
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
        ({"expires_at": "2020-01-01T00:00:00"}, 422, "request.bad_time"),
        ({"expires_at": "soon"}, 422, "request.bad_time"),
        ({"until": "soon"}, 422, "request.invalid"),
    ],
)
async def test_bad_grant_is_refused(api: Api, changes: dict[str, object], status: int, code: str) -> None:
    ada, place = api("ada"), f"/members/{address('eve')}/grants"
    answer = await ada.post(place, json=grant(**changes))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await ada.get(place)).json()["items"] == []


async def test_nobody_gives_a_role_to_themselves(api: Api) -> None:
    answer = await api("ada").post(f"/members/{address('ada')}/grants", json=grant())
    assert (answer.status_code, answer.json()["rule"]) == (403, "grant.self")


async def test_unknown_grant_is_404(api: Api) -> None:
    assert (await api("ada").delete(f"/grants/{uuid4()}")).status_code == 404
    assert (await api("ada").delete("/grants/1")).status_code == 404


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
