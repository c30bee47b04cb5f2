"""Conversations over the API: the same as in the panel."""

from datetime import UTC, datetime, timedelta

import httpx

from govern.services.accounts import find_account
from tests.asserts import assert_audited
from tests.factories import receive_dm, receive_mention
from tests.web.conftest import Api


async def one(client: httpx.AsyncClient, **asked: str) -> dict[str, object]:
    answer = await client.get("/conversations", params=asked)
    assert answer.status_code == 200, answer.text
    (found,) = answer.json()["items"]
    return dict(found)


async def write_in() -> None:
    help_, now = await find_account("Help"), datetime.now(UTC)
    await receive_mention(help_, at=now - timedelta(minutes=20))
    await receive_dm(help_, text="My number is 12.", at=now - timedelta(minutes=16))


async def test_conversation_says_when_an_answer_is_due_and_whether_it_is_late(api: Api) -> None:
    await write_in()
    found = await one(api("leo"), state="open", whose="late", account="help")
    assert (found["contact_handle"], found["state"], found["late"], found["has_dm"]) == ("marion", "open", True, True)
    assert datetime.fromisoformat(str(found["due_at"])) > datetime.fromisoformat(str(found["waiting_since"]))
    assert (await api("noa").get("/conversations")).json()["items"] == []


async def test_private_texts_are_asked_for_and_the_look_is_recorded(api: Api) -> None:
    await write_in()
    leo, found = api("leo"), await one(api("leo"))
    shown = (await leo.get(f"/conversations/{found['id']}")).json()
    assert [(each["x_kind"], each["text"]) for each in shown["said"]] == [
        ("post", "@Help where is my parcel?"),
        ("dm", None),
    ]
    opened = (await leo.post(f"/conversations/{found['id']}/private")).json()
    assert opened["said"][1]["text"] == "My number is 12."
    await assert_audited("conversation.dm_read", messages=1)
    assert (await api("ana").post(f"/conversations/{found['id']}/private")).status_code == 403


async def test_taking_closing_and_undoing(api: Api) -> None:
    await write_in()
    leo, mia, found = api("leo"), api("mia"), await one(api("leo"))
    here = f"/conversations/{found['id']}"
    assert (await leo.post(f"{here}/take", json={})).json()["assigned_name"] == "Leo"
    taken = await mia.post(f"{here}/take", json={})
    assert (taken.status_code, taken.json()["code"]) == (409, "conversation.taken")
    assert (await leo.post(f"{here}/release")).json()["assigned_to"] is None
    closed = await leo.post(f"{here}/close", json={"reason": "elsewhere"})
    assert (closed.json()["state"], closed.json()["closed_for"]) == ("closed", "elsewhere")
    again = await leo.post(f"{here}/close", json={"reason": "spam"})
    assert (again.status_code, again.json()["code"]) == (409, "conversation.not_waiting")
    assert (await leo.post(f"{here}/reopen")).json()["state"] == "open"
    assert (await leo.post(f"{here}/close", json={"reason": "nothing"})).status_code == 422


async def test_how_many_were_answered_in_time(api: Api) -> None:
    await write_in()
    told = (await api("leo").get("/conversations/in-time")).json()["items"]
    assert told == [{"account": "Help", "answered": 0, "in_time": 0, "late": 1}]
