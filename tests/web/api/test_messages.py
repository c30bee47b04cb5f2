"""Messages over the API: the shapes that scripts rely on, and what bad input hears."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from govern.tables import Message
from tests.web.conftest import Api

POST = {"account": "Shop", "kind": "post", "text": "Our shop in Lyon opens at nine."}
KEYS = [
    "id", "number", "account", "kind", "state", "author", "author_name", "recipient", "contact", "in_reply_to",
    "reply_level", "audience", "revision", "decision", "permission", "findings", "approvals", "scheduled_at", "zone",
    "wall_time", "fold", "due_at", "not_after", "hold", "failure", "withdrawn_for", "confirms", "x_id", "version",
    "created_at", "updated_at",
]  # fmt: skip


async def write(client: httpx.AsyncClient, **changes: object) -> dict[str, Any]:
    answer = await client.post("/messages", json={**POST, **changes})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def code_of(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


async def test_message_has_the_promised_shape(api: Api) -> None:
    message = await write(api("mia"))
    assert list(message) == KEYS
    assert message["number"].startswith("M-")
    assert (message["account"], message["kind"], message["state"]) == ("Shop", "post", "draft")
    assert message["author"] == "mia@example.com"
    assert message["revision"]["number"] == 1
    assert message["revision"]["text"] == POST["text"]
    assert len(bytes.fromhex(message["revision"]["digest"])) == 32
    assert message["created_at"].endswith("Z")
    assert (message["decision"], message["findings"]) == (None, [])


async def test_message_is_read_by_id_and_by_number(api: Api) -> None:
    mia = api("mia")
    message = await write(mia)
    for which in (message["id"], message["number"], message["number"].lower()):
        assert (await mia.get(f"/messages/{which}")).json() == message


async def test_message_travels_from_draft_to_approved(api: Api) -> None:
    mia, manager = api("mia"), api("max")
    message = await write(mia)
    address = f"/messages/{message['id']}"
    waiting = (await mia.post(f"{address}/submit", json={"revision": 1})).json()
    assert waiting["state"] == "pending_approval"
    assert waiting["approvals"]["given"] < waiting["approvals"]["required"]
    assert waiting["approvals"]["deadline_at"].endswith("Z")
    answer = await manager.post(f"{address}/approve", json={"revision": 1})
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] in {"approved", "scheduled"}
    assert answer.json()["version"] > waiting["version"]


async def test_author_cannot_approve_own_message(api: Api) -> None:
    mia = api("mia")
    message = await write(mia, submit=True)
    answer = await mia.post(f"/messages/{message['id']}/approve", json={"revision": 1})
    assert code_of(answer) == (403, "access.denied")
    assert answer.json()["rule"] == "four_eyes.author"
    assert answer.json()["reason"] == "denied_by_rule"


async def test_manager_edits_and_approves_in_one_step(api: Api) -> None:
    message = await write(api("mia"), submit=True)
    answer = await api("max").post(
        f"/messages/{message['id']}/approve", json={"revision": 1, "text": "Our shop in Lyon opens at ten."}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["revision"]["number"] == 2
    assert answer.json()["revision"]["digest"] != message["revision"]["digest"]


@pytest.mark.parametrize(("step", "state"), [("reject", "rejected"), ("request-changes", "changes_requested")])
async def test_refusal_needs_a_reason(api: Api, step: str, state: str) -> None:
    message = await write(api("mia"), submit=True)
    manager, address = api("max"), f"/messages/{message['id']}/{step}"
    assert code_of(await manager.post(address, json={"revision": 1})) == (422, "message.reason_required")
    answer = await manager.post(address, json={"revision": 1, "reason": "Say which shop."})
    assert (answer.status_code, answer.json()["state"]) == (200, state)


async def test_stale_revision_is_409_and_changes_nothing(api: Api) -> None:
    mia = api("mia")
    message = await write(mia)
    address = f"/messages/{message['id']}"
    assert (await mia.post(f"{address}/revise", json={"revision": 1, "text": "New."})).json()["revision"]["number"] == 2
    before = (await mia.get(address)).json()
    for step, extra in (("submit", {}), ("revise", {"text": "Newer."}), ("withdraw", {}), ("approve", {})):
        client = api("max") if step == "approve" else mia
        answer = await client.post(f"{address}/{step}", json={"revision": 1, **extra})
        assert code_of(answer) == (409, "message.stale_revision"), step
        assert (answer.json()["read"], answer.json()["current"]) == (1, 2)
    assert (await mia.get(address)).json() == before


async def test_second_submit_is_409(api: Api) -> None:
    mia = api("mia")
    message = await write(mia, submit=True)
    answer = await mia.post(f"/messages/{message['id']}/submit", json={"revision": 1})
    assert code_of(answer) == (409, "message.illegal_transition")


async def test_message_is_withdrawn(api: Api) -> None:
    mia = api("mia")
    message = await write(mia)
    answer = await mia.post(f"/messages/{message['id']}/withdraw", json={"revision": 1, "reason": "Too late."})
    assert (answer.status_code, answer.json()["state"]) == (200, "withdrawn")


async def test_time_is_kept_in_utc_with_the_zone_of_the_account(api: Api) -> None:
    year = datetime.now(UTC).year + 1
    mia = api("mia")
    message = await write(mia, scheduled_at=f"{year}-07-01T09:00:00+02:00")
    assert (message["scheduled_at"], message["zone"]) == (f"{year}-07-01T07:00:00Z", "Europe/Paris")
    answer = await mia.post(
        f"/messages/{message['id']}/schedule",
        json={"revision": 1, "scheduled_at": f"{year}-01-15T09:00", "zone": "Europe/Paris"},
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["scheduled_at"] == f"{year}-01-15T08:00:00Z"


NEXT_YEAR = datetime.now(UTC).year + 1


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"account": "Nobody"}, 404, "account.unknown"),
        ({"account": "not a handle!"}, 422, "account.bad_handle"),
        ({"text": ""}, 422, "message.text_missing"),
        ({"text": " \n"}, 422, "message.text_missing"),
        ({"text": "a" * 25_001}, 422, "message.text_too_long"),
        ({"text": "a" * 100_001}, 422, "request.invalid"),
        ({"text": 5}, 422, "request.invalid"),
        ({"kind": "tweet"}, 422, "request.invalid"),
        ({"text": "a\0b"}, 422, "message.text_unstorable"),
        ({"scheduled_at": "0001-01-01T00:00:00+14:00"}, 422, "schedule.bad_time"),
        ({"scheduled_at": "9999-12-31T23:59:59", "zone": "America/Los_Angeles"}, 422, "schedule.bad_time"),
        ({"scheduled_at": f"{NEXT_YEAR}-03-29T02:30:00", "zone": "Mars"}, 422, "message.unknown_zone"),
        ({"colour": "red"}, 422, "request.invalid"),
        ({"kind": "reply"}, 422, "message.target_missing"),
        ({"kind": "reply", "in_reply_to": "abc"}, 422, "message.bad_target"),
        ({"kind": "dm"}, 422, "message.target_missing"),
        ({"recipient": "somebody"}, 422, "message.target_not_allowed"),
        ({"scheduled_at": "2020-01-01T00:00:00Z"}, 422, "message.past_schedule"),
        ({"scheduled_at": f"{NEXT_YEAR + 2}-01-01T00:00:00Z"}, 422, "message.schedule_too_far"),
        (
            {"scheduled_at": f"{NEXT_YEAR}-01-01T09:00:00+05:00", "zone": "Europe/Paris"},
            422,
            "schedule.offset_mismatch",
        ),
        ({"scheduled_at": f"{NEXT_YEAR}-01-01T09:00:00", "fold": 2}, 422, "request.invalid"),
        ({"scheduled_at": f"{NEXT_YEAR}-01-01"}, 422, "schedule.bad_time"),
        ({"scheduled_at": "tomorrow"}, 422, "schedule.bad_time"),
        ({"scheduled_at": f"{NEXT_YEAR}-01-01T09:00:00", "zone": "Europe/Atlantis"}, 422, "message.unknown_zone"),
        ({"scheduled_at": f"{NEXT_YEAR}-01-01T09:00:00Z", "zone": "Mars"}, 422, "message.unknown_zone"),
    ],
)
async def test_bad_input_is_refused_and_nothing_is_written(
    api: Api, changes: dict[str, object], status: int, code: str
) -> None:
    answer = await api("mia").post("/messages", json={**POST, **changes})
    assert code_of(answer) == (status, code)
    assert await Message.count() == 0


async def test_malformed_json_is_400_and_nothing_is_written(api: Api) -> None:
    answer = await api("mia").post("/messages", content=b'{"account": ', headers={"Content-Type": "application/json"})
    assert code_of(answer) == (400, "request.malformed")
    assert await Message.count() == 0


async def test_body_nested_too_deep_is_refused(api: Api) -> None:
    answer = await api("mia").post("/messages", content=b"[" * 100_000)
    assert code_of(answer) == (422, "request.too_deep")


@pytest.mark.parametrize("query", ["account=%00", "author=%00", "q=a&account=%00"])
async def test_character_the_database_cannot_hold_is_422(api: Api, query: str) -> None:
    assert code_of(await api("mia").get(f"/messages?{query}")) == (422, "request.unstorable_character")


async def test_wall_time_the_clocks_jump_over_does_not_exist(api: Api) -> None:
    changes = {"scheduled_at": "2027-03-28T02:30", "zone": "Europe/Paris"}
    answer = await api("mia").post("/messages", json={**POST, **changes})
    assert code_of(answer) == (422, "schedule.time_skipped")


async def test_wall_time_without_a_zone_is_the_accounts_own(api: Api) -> None:
    answer = await api("mia").post("/messages", json={**POST, "scheduled_at": f"{NEXT_YEAR}-01-05T09:00"})
    found = answer.json()
    assert (found["scheduled_at"], found["zone"]) == (f"{NEXT_YEAR}-01-05T08:00:00Z", "Europe/Paris")
    assert (found["wall_time"], found["fold"]) == (f"{NEXT_YEAR}-01-05T09:00:00", 0)
    changes = {"scheduled_at": f"{NEXT_YEAR}-07-05T09:00", "revision": 1}
    moved = await api("mia").post(f"/messages/{found['number']}/schedule", json=changes)
    assert moved.json()["scheduled_at"] == f"{NEXT_YEAR}-07-05T07:00:00Z"


async def test_of_a_time_that_happens_twice_the_program_says_which(api: Api) -> None:
    twice = {**POST, "scheduled_at": "2027-10-31T02:30"}
    asked = await api("mia").post("/messages", json=twice)
    assert code_of(asked) == (422, "schedule.time_twice")
    for fold, instant in ((0, "2027-10-31T00:30:00Z"), (1, "2027-10-31T01:30:00Z")):
        found = (await api("mia").post("/messages", json={**twice, "fold": fold})).json()
        assert (found["scheduled_at"], found["fold"]) == (instant, fold)


async def test_who_may_not_write_is_refused(api: Api) -> None:
    for name in ("cleo", "ada", "vera"):
        assert code_of(await api(name).post("/messages", json=POST)) == (403, "access.denied")
    assert code_of(await api("eve").post("/messages", json=POST)) == (404, "account.unknown"), "she reads nothing there"
    assert code_of(await api("leo").post("/messages", json=POST)) == (404, "account.unknown"), "not hers"
    assert (await api("leo").post("/messages", json={**POST, "account": "Help"})).status_code == 201


async def test_who_may_not_read_hears_that_there_is_none(api: Api) -> None:
    message = await write(api("mia"))
    assert code_of(await api("eve").get(f"/messages/{message['id']}")) == (404, "message.unknown")
    assert code_of(await api("mia").get("/messages/M-999999")) == (404, "message.unknown")
    assert code_of(await api("mia").get("/messages/what")) == (404, "message.unknown")
    assert (await api("eve").get("/messages")).json() == {"items": [], "next_cursor": None}


async def test_list_is_filtered_and_paged(api: Api) -> None:
    mia = api("mia")
    news = [await write(mia, text=f"News {number}") for number in range(5)]
    await write(mia, account="Help", submit=True)
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(10):
        params = {"account": "Shop", "limit": "2", **({"cursor": cursor} if cursor else {})}
        page = (await mia.get("/messages", params=params)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [message["id"] for message in reversed(news)]
    everything = (await mia.get("/messages?state=&account=&limit=&cursor=")).json()["items"]
    assert everything == (await mia.get("/messages")).json()["items"]
    drafts = (await mia.get("/messages", params={"state": "draft", "limit": 200})).json()["items"]
    assert {item["state"] for item in drafts} == {"draft"}
    assert len(drafts) == 5


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ("stat=draft", "request.unknown_parameter", "stat"),
        ("state=gone", "request.invalid", "state"),
        ("limit=0", "request.invalid", "limit"),
        ("limit=201", "request.invalid", "limit"),
        ("limit=many", "request.invalid", "limit"),
        ("cursor=x", "request.bad_cursor", "cursor"),
    ],
)
async def test_bad_filter_is_refused_and_named(api: Api, query: str, code: str, field: str) -> None:
    answer = await api("mia").get(f"/messages?{query}")
    assert code_of(answer) == (422, code)
    assert answer.json()["errors"][0]["field"] == field


async def test_nearest_filter_is_named(api: Api) -> None:
    assert "Did you mean state?" in (await api("mia").get("/messages?stat=draft")).json()["detail"]


async def test_screening_is_previewed_and_nothing_is_stored(api: Api) -> None:
    answer = await api("mia").post("/screen", json=POST)
    assert answer.status_code == 200, answer.text
    assert {"decision", "class", "optout", "personal_data", "findings", "policy_digest"} == set(answer.json())
    assert await Message.count() == 0


async def test_dm_nobody_asked_for_is_blocked_with_the_reason(api: Api) -> None:
    dm = {"account": "Help", "kind": "dm", "recipient": "stranger", "text": "50% off today only!", "submit": True}
    for name in ("leo", "mia"):
        message = (await api(name).post("/messages", json=dm)).json()
        assert (message["state"], message["decision"]) == ("blocked", "block")
        finding = next(each for each in message["findings"] if each["decision"] == "block")
        assert finding["rule"]
        assert all(finding["message"][language] for language in ("en", "fr"))
        assert {"severity", "span"} <= set(finding)


async def test_long_ago_and_far_ahead_are_the_only_wrong_times(api: Api) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=5)
    message = await write(api("mia"), scheduled_at=soon.isoformat())
    assert datetime.fromisoformat(message["scheduled_at"]) == soon
