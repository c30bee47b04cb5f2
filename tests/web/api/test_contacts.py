"""The ledger of a person over the API, and the warnings a script must have seen."""

from datetime import UTC, datetime

import httpx
import pytest

from govern.services.accounts import find_account
from tests.factories import receive_dm, receive_mention
from tests.web.conftest import Api

PROOF = {
    "channel": "web form",
    "wording_id": "offers",
    "wording_version": "3",
    "captured_at": "2026-01-20T10:00:00Z",
    "proof_ref": "form/8812",
}
DM = {"account": "Help", "kind": "dm", "recipient": "marion", "text": "Your parcel left today."}


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def write_in(text: str = "Where is my parcel?") -> None:
    await receive_dm(await find_account("Help"), text=text, at=datetime.now(UTC))


async def permission(client: httpx.AsyncClient, who: str = "marion") -> dict[str, object]:
    answer = await client.get(f"/contacts/{who}/permission", params={"account": "Help"})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_permission_says_why_until_when_and_what_to_do_instead(api: Api) -> None:
    await receive_mention(await find_account("Help"), at=datetime.now(UTC))
    shown = await permission(api("leo"))
    assert (shown["state"], shown["until"], shown["because"]) == ("unsolicited", None, [])
    way_out = shown["way_out"]
    assert isinstance(way_out, dict)
    assert way_out["code"] == "public_reply"
    assert {"en", "fr"} <= way_out.keys()
    await write_in()
    shown = await permission(api("leo"), str(shown["contact"]))
    assert shown["state"] == "service_window"
    because = shown["because"]
    assert isinstance(because, list)
    assert [event["kind"] for event in because] == ["inbound_dm"]


async def test_consent_and_stop_are_recorded_and_listed(api: Api) -> None:
    leo = api("leo")
    await write_in()
    answer = await leo.post("/contacts/marion/opt-in", json={"account": "Help", **PROOF})
    assert answer.status_code == 204, answer.text
    assert (await permission(leo))["state"] == "opted_in"
    assert (await leo.post("/contacts/marion/opt-out", json={"account": "Help", "purpose": "promotional"})).is_success
    assert (await permission(leo))["state"] == "service_window"
    assert (await leo.post("/contacts/marion/opt-out", json={"account": "Help"})).is_success
    assert (await permission(leo))["state"] == "opted_out"
    listed = (await leo.get("/contacts/marion/events", params={"account": "Help"})).json()["items"]
    assert {event["kind"] for event in listed} == {"opt_out", "opt_in", "inbound_dm"}
    assert next(event for event in listed if event["kind"] == "opt_in")["evidence"] == PROOF


async def test_doubt_is_shown_and_cleared_once(api: Api) -> None:
    leo = api("leo")
    await write_in("je préfère qu'on arrête là")
    assert (await permission(leo))["doubt_open"] is True
    body = {"account": "Help", "reason": "About the parcel."}
    assert (await leo.post("/contacts/marion/clear-doubt", json=body)).status_code == 204
    assert (await permission(leo))["doubt_open"] is False
    assert code_of(await leo.post("/contacts/marion/clear-doubt", json=body)) == (409, "consent.no_doubt")


@pytest.mark.parametrize("missing", sorted(PROOF))
async def test_consent_without_a_part_of_its_proof_is_refused(api: Api, missing: str) -> None:
    await write_in()
    body = {"account": "Help", **PROOF}
    del body[missing]
    assert (await api("leo").post("/contacts/marion/opt-in", json=body)).status_code == 422


async def test_nobody_has_no_ledger(api: Api) -> None:
    answer = await api("leo").get("/contacts/nobody/permission", params={"account": "Help"})
    assert code_of(answer) == (404, "contact.unknown")


async def test_script_hands_in_what_it_has_seen_the_warnings_of(api: Api) -> None:
    leo = api("leo")
    await write_in()
    refused = await leo.post("/messages", json={**DM, "submit": True})
    assert code_of(refused) == (409, "screening.unacknowledged")
    seen = [{"rule": each["rule"], "span": each["span"]} for each in refused.json()["findings"]]
    assert "X-PRIVACY" in {each["rule"] for each in seen}
    done = await leo.post("/messages", json={**DM, "submit": True, "acknowledged": seen})
    assert done.status_code == 201, done.text
    assert done.json()["state"] == "approved"


async def test_stop_takes_back_what_waits_and_the_author_copies_it(api: Api) -> None:
    leo = api("leo")
    await write_in()
    waiting = (await leo.post("/messages", json=DM)).json()
    await write_in("STOP")
    now = (await leo.get(f"/messages/{waiting['number']}")).json()
    assert (now["state"], now["withdrawn_for"]) == ("withdrawn", "opted_out")
    copy = await leo.post(f"/messages/{waiting['number']}/copy")
    assert (copy.status_code, copy.json()["state"], copy.json()["revision"]["text"]) == (201, "draft", DM["text"])


async def test_preview_takes_what_only_the_author_knows(api: Api) -> None:
    body = {"account": "Shop", "kind": "post", "text": "Our new bench, made of oak."}
    plain = (await api("mia").post("/screen", json=body)).json()
    paid = (await api("mia").post("/screen", json={**body, "facts": {"paid_partnership": True}})).json()
    assert (plain["decision"], paid["decision"]) == ("allow", "needs_approval")
