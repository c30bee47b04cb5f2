"""Outcomes nobody knows, through the API: listed, read in full, read again, settled once."""

from typing import Any

from govern.access import Access
from govern.domain.messages import Message
from govern.services.policies import Policies
from tests.factories import Company, make_message
from tests.web.conftest import Api
from tests.web.role_outcomes import late, lose


async def lost(company: Company, access: Access, policies: Policies, **more: Any) -> Message:
    message = await make_message(company.leo, access=access, policies=policies)
    await lose(message.number, **more)
    return message


async def test_it_is_listed_and_read_with_its_attempts_and_readings(
    api: Api, company: Company, access: Access, policies: Policies
) -> None:
    message = await lost(company, access, policies)
    (item,) = (await api("mia").get("/outcomes")).json()["items"]
    assert (item["message"], item["may_settle"]) == (f"M-{message.number}", True)
    found = (await api("mia").get(f"/messages/{message.id}/outcome")).json()
    assert [(each["worker"], each["outcome"]) for each in found["attempts"]] == [("test", "unknown")]
    assert [(each["result"], each["counts"]) for each in found["readings"]] == [("none", False)]
    assert (found["seen"], found["seen_at"]) == ([], None)


async def test_it_is_settled_once(api: Api, company: Company, access: Access, policies: Policies) -> None:
    message = await lost(company, access, policies)
    path = f"/messages/{message.id}/outcome"
    body = {"is_out": True, "x_id": "1901", "reason": "On the timeline"}
    assert (await api("leo").post(f"{path}/settle", json=body)).status_code == 403
    assert (await api("mia").post(f"{path}/settle", json={"is_out": True})).status_code == 422
    settled = (await api("mia").post(f"{path}/settle", json=body)).json()
    assert (settled["state"], settled["x_id"]) == ("sent", "1901")
    again = await api("mia").post(f"{path}/settle", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "message.illegal_transition")
    assert (await api("mia").get(path)).json()["code"] == "publication.not_unknown"
    assert (await api("mia").get("/outcomes")).json() == {"items": []}


async def test_nobody_settles_before_x_was_read(api: Api, company: Company, access: Access, policies: Policies) -> None:
    message = await lost(company, access, policies, read=False)
    path = f"/messages/{message.id}/outcome"
    refused = await api("mia").post(f"{path}/settle", json={"is_out": False, "reason": "A guess"})
    assert (refused.status_code, refused.json()["code"]) == (409, "publication.not_read_yet")
    assert (await api("mia").post(f"{path}/read")).status_code == 202


async def test_late_answer_is_listed_and_closed_once(
    api: Api, company: Company, access: Access, policies: Policies
) -> None:
    message = await lost(company, access, policies, **late())
    (item,) = (await api("mia").get("/outcomes/late")).json()["items"]
    assert (item["message"], item["x_id"], item["settled"]) == (f"M-{message.number}", "1", "not_sent")
    path = f"/outcomes/late/{item['attempt']}/close"
    assert (await api("mia").post(path, json={"reason": "Looked"})).status_code == 204
    assert (await api("mia").post(path, json={"reason": "Looked"})).json()["code"] == "publication.no_late_answer"
    assert (await api("mia").get("/outcomes/late")).json() == {"items": []}
