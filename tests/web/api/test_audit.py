"""The audit log over the API."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.web.conftest import Api, address

KEYS = [
    "id",
    "arrival",
    "at",
    "action",
    "outcome",
    "actor",
    "object",
    "refs",
    "scope",
    "sentence",
    "change",
    "data",
    "ctx",
    "leaf_index",
    "state",
    "why",
]
POST: dict[str, Any] = {
    "account": "Shop",
    "kind": "post",
    "text": "A sentence that is nobody's business.",
    "submit": True,
}


async def test_entry_has_the_promised_shape(api: Api) -> None:
    message = (await api("mia").post("/messages", json=POST)).json()
    page = (await api("cleo").get("/audit/entries", params={"action": "message.drafted"})).json()
    assert set(page) == {"items", "next_cursor", "searched_to"}
    [entry] = page["items"]
    assert not [key for key in KEYS if key not in entry]
    assert (entry["action"], entry["outcome"], entry["scope"]) == ("message.drafted", "done", "account:Shop")
    assert set(entry["actor"]) == {"kind", "id", "name"}
    assert set(entry["sentence"]) == {"en", "fr"}
    assert entry["object"]["id"] == message["id"]
    assert entry["at"].endswith("Z")
    assert POST["text"] not in str(page)


async def test_entry_is_read_by_id_and_by_place(api: Api) -> None:
    await api("mia").post("/messages", json=POST)
    cleo = api("cleo")
    entry = (await cleo.get("/audit/entries", params={"limit": 1})).json()["items"][0]
    for which in (entry["id"], entry["arrival"]):
        assert (await cleo.get(f"/audit/entries/{which}")).json() == entry
    for which in ("999999999", "what", "00000000-0000-0000-0000-000000000000"):
        answer = await cleo.get(f"/audit/entries/{which}")
        assert (answer.status_code, answer.json()["code"]) == (404, "audit.entry_not_found")


async def test_log_is_paged_newest_first(api: Api) -> None:
    for _ in range(3):
        await api("mia").post("/messages", json=POST)
    cleo = api("cleo")
    seen: list[int] = []
    cursor: str | None = None
    while True:
        page = (await cleo.get("/audit/entries", params={"limit": 4, **({"cursor": cursor} if cursor else {})})).json()
        seen += [entry["arrival"] for entry in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) >= 9


async def test_filters_narrow_the_log(api: Api) -> None:
    message = (await api("mia").post("/messages", json=POST)).json()
    await api("leo").post("/messages", json={**POST, "account": "Help"})
    cleo, now = api("cleo"), datetime.now(UTC)

    async def count(**params: str) -> int:
        return len((await cleo.get("/audit/entries", params=params)).json()["items"])

    assert await count(subject=message["number"]) >= 3
    assert await count(actor=address("mia"), action="message") == await count(
        subject=message["number"], action="message"
    )
    assert await count(account="Help", action="message.drafted") == 1
    assert await count(since=(now + timedelta(hours=1)).isoformat()) == 0
    assert await count(action="message", until=(now - timedelta(hours=1)).isoformat()) == 0
    assert await count(q="nothing-is-called-so") == 0
    assert await count(outcome="denied") == 0


async def test_refusal_is_in_the_log_with_its_rule(api: Api) -> None:
    message = (await api("mia").post("/messages", json=POST)).json()
    await api("mia").post(f"/messages/{message['id']}/approve", json={"revision": 1})
    [entry] = (await api("cleo").get("/audit/entries", params={"outcome": "denied"})).json()["items"]
    assert entry["action"] == "access.denied"
    assert "four_eyes.author" in str(entry["data"]) + str(entry["ctx"])
    assert entry["ctx"]["request"]


async def test_reading_the_log_needs_the_right(api: Api) -> None:
    answer = await api("mia").get("/audit/entries")
    assert (answer.status_code, answer.json()["code"]) == (403, "access.denied")
    denied = (await api("cleo").get("/audit/entries", params={"outcome": "denied"})).json()["items"]
    assert len(denied) == 1


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("actr=leo", "request.unknown_parameter"),
        ("since=yesterday", "request.bad_time"),
        ("since=2026-05-03T14:00:00", "request.bad_time"),
        ("since=0001-01-01T00:00:00%2B14:00", "request.bad_time"),
        ("until=9999-12-31T23:59:59-14:00", "request.bad_time"),
        ("actor=%00", "request.unstorable_character"),
        ("outcome=maybe", "request.invalid"),
        ("q=actr:leo", "audit.unknown_key"),
        ("q=actor:", "audit.empty_key"),
        ("q=outcome:maybe", "audit.unknown_outcome"),
        ("q=before:yesterday", "audit.no_moment"),
        ("at=soon", "audit.no_moment"),
        ("cursor=5-", "request.bad_cursor"),
        ("cursor=-1", "request.bad_cursor"),
        ("limit=500", "request.invalid"),
    ],
)
async def test_bad_filter_is_422(api: Api, query: str, code: str) -> None:
    answer = await api("cleo").get(f"/audit/entries?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_query_of_the_box_is_understood(api: Api) -> None:
    message = (await api("mia").post("/messages", json=POST)).json()
    cleo = api("cleo")

    async def found(q: str) -> list[str]:
        items = (await cleo.get("/audit/entries", params={"q": q})).json()["items"]
        return [entry["action"] for entry in items]

    assert await found(f"subject:{message['number']} action:message.drafted") == ["message.drafted"]
    assert "message.drafted" not in await found(f"subject:{message['number']} -action:message.drafted")
    assert await found("brand:press action:message") == []


async def test_live_text_is_searched_only_where_messages_may_be_read(api: Api) -> None:
    message = (await api("mia").post("/messages", json=POST)).json()
    answer = await api("cleo").get("/audit/entries", params={"q": "action:message.drafted nobody's"})
    reads = (await api("cleo").get(f"/messages/{message['id']}")).status_code == 200
    assert [entry["why"] for entry in answer.json()["items"]] == ([["text"]] if reads else [])


async def test_change_carries_the_receipts_of_its_entries(api: Api) -> None:
    answer = await api("mia").post("/messages", json=POST)
    ids, hashes = (answer.headers[name].split(", ") for name in ("govern-entry", "govern-leaf-hash"))
    cleo = api("cleo")
    kept = [(await cleo.get(f"/audit/entries/{each}")).json() for each in ids]
    assert [entry["leaf_hash"] for entry in kept] == hashes
    assert "message.drafted" in [entry["action"] for entry in kept]
    assert len({entry["ctx"]["request"] for entry in kept}) == 1
    assert "govern-entry" not in (await cleo.get("/audit/entries")).headers


async def test_refusal_carries_the_receipt_of_its_entry(api: Api) -> None:
    message = (await api("mia").post("/messages", json=POST)).json()
    answer = await api("mia").post(f"/messages/{message['id']}/approve", json={"revision": 1})
    assert answer.status_code == 403
    assert answer.headers["govern-entry"] == answer.json()["entry"]


async def test_what_was_rolled_back_has_no_receipt(api: Api) -> None:
    answer = await api("mia").post("/messages", json={**POST, "account": "Nobody"})
    assert answer.status_code == 404
    assert "govern-entry" not in answer.headers
