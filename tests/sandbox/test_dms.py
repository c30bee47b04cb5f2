"""Direct messages: only to who wrote first, and read page by page."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

Keys = dict[str, str]
Inbound = Callable[..., Awaitable[str]]
REFUSED = "You do not have permission to DM one or more participants."


async def id_of(acme: httpx.AsyncClient, handle: str) -> str:
    return str((await acme.get(f"/2/users/by/username/{handle}")).json()["data"]["id"])


async def send(acme: httpx.AsyncClient, participant: str, text: str) -> httpx.Response:
    return await acme.post(f"/2/dm_conversations/with/{participant}/messages", json={"text": text})


async def test_a_customer_who_wrote_first_is_answered(
    acme: httpx.AsyncClient, control: httpx.AsyncClient, inbound: Inbound, keys: Keys
) -> None:
    await inbound("dm", "Where is my order?")
    julie = await id_of(acme, "julie")
    answer = await send(acme, julie, "On its way <soon>")
    assert answer.status_code == 201
    low, high = sorted((int(julie), int(keys["id"])))
    assert answer.json()["data"]["dm_conversation_id"] == f"{low}-{high}"
    sent = (await control.get("/_sandbox/state")).json()["dms"][-1]
    assert sent["id"] == answer.json()["data"]["dm_event_id"]
    assert (sent["sender"], sent["recipient"], sent["text"]) == ("acme", "julie", "On its way <soon>")


async def test_who_never_wrote_to_this_account_cannot_be_written_to(
    acme: httpx.AsyncClient, inbound: Inbound, provision: Callable[[str], Awaitable[Keys]]
) -> None:
    await provision("bravo")
    await inbound("mention", "@acme hello")
    await inbound("dm", "hello", to="bravo")
    answer = await send(acme, await id_of(acme, "julie"), "An offer!")
    assert (answer.status_code, answer.json()["detail"]) == (403, REFUSED)
    assert (await send(acme, "12345", "An offer!")).json()["detail"] == REFUSED


async def test_who_closed_their_messages_cannot_be_written_to(
    acme: httpx.AsyncClient, control: httpx.AsyncClient, inbound: Inbound
) -> None:
    await inbound("dm", "hello")
    julie = await id_of(acme, "julie")
    await control.post("/_sandbox/customers", json={"handle": "julie", "closed_dms": True})
    assert (await send(acme, julie, "Hello")).json()["detail"] == REFUSED
    fields = {"user.fields": "receives_your_dm"}
    assert (await acme.get(f"/2/users/{julie}", params=fields)).json()["data"]["receives_your_dm"] is False
    await control.post("/_sandbox/customers", json={"handle": "julie", "closed_dms": False})
    assert (await send(acme, julie, "Hello")).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": 1},
        {"text": "a" * 10_001},
        {"text": "ok", "to": "x"},
        {"text": "ok", "attachments": [{"media_id": "1"}]},
    ],
)
async def test_a_body_outside_the_schema_is_refused(
    acme: httpx.AsyncClient, inbound: Inbound, body: dict[str, Any]
) -> None:
    await inbound("dm", "hello")
    julie = await id_of(acme, "julie")
    assert (await acme.post(f"/2/dm_conversations/with/{julie}/messages", json=body)).status_code == 400


async def test_events_are_newest_first_with_the_fields_asked_for(
    acme: httpx.AsyncClient, inbound: Inbound, keys: Keys
) -> None:
    first = await inbound("dm", "One & see https://example.com")
    second = await inbound("dm", "Two", sender="marc")
    fields = {
        "dm_event.fields": "id,text,event_type,created_at,sender_id,dm_conversation_id,participant_ids,entities",
        "expansions": "sender_id",
        "event_types": "MessageCreate",
    }
    answer = (await acme.get("/2/dm_events", params=fields)).json()
    assert [event["id"] for event in answer["data"]] == [second, first]
    assert answer["meta"] == {"result_count": 2}
    assert {user["username"] for user in answer["includes"]["users"]} == {"julie", "marc"}
    event = answer["data"][1]
    assert event["event_type"] == "MessageCreate"
    assert event["text"].startswith("One &amp; see https://t.co/")
    assert event["entities"]["urls"][0]["expanded_url"] == "https://example.com"
    assert keys["id"] in event["participant_ids"]


async def test_an_account_sees_only_its_own_events(
    acme: httpx.AsyncClient, inbound: Inbound, provision: Callable[[str], Awaitable[Keys]]
) -> None:
    await provision("bravo")
    await inbound("dm", "for bravo", to="bravo")
    assert (await acme.get("/2/dm_events")).json() == {"meta": {"result_count": 0}}


async def test_a_thread_holds_one_contact_only(acme: httpx.AsyncClient, inbound: Inbound) -> None:
    await inbound("dm", "One")
    await inbound("dm", "Two", sender="marc")
    julie = await id_of(acme, "julie")
    await send(acme, julie, "Answer")
    events = (await acme.get(f"/2/dm_conversations/with/{julie}/dm_events")).json()["data"]
    assert [event["text"] for event in events] == ["Answer", "One"]


async def test_pages_follow_one_another_to_the_end(acme: httpx.AsyncClient, inbound: Inbound) -> None:
    written = [await inbound("dm", f"Message {number}") for number in range(5)]
    seen: list[str] = []
    token: str | None = ""
    while token is not None:
        answer = (await acme.get("/2/dm_events", params={"max_results": "2", "pagination_token": token})).json()
        seen += [event["id"] for event in answer["data"]]
        token = answer["meta"].get("next_token")
    assert seen == written[::-1]


@pytest.mark.parametrize("query", [{"max_results": "0"}, {"max_results": "101"}, {"pagination_token": "%%%"}])
async def test_a_bad_page_is_refused(acme: httpx.AsyncClient, query: dict[str, str]) -> None:
    assert (await acme.get("/2/dm_events", params=query)).status_code == 400
