"""A message from the agent's first word to X, and into the log at every step."""

import httpx

from tests.journeys.conftest import Visit
from tests.journeys.service import Service, in_order, refused, told

STEPS = (
    "message.drafted",
    "revision.screened",
    "message.submitted",
    "message.revised",
    "message.approved",
    "publication.sending",
    "publication.sent",
)


async def test_a_message_is_written_edited_approved_sent_once_and_recorded(
    visit: Visit, service: Service, words: str
) -> None:
    text, edited = (
        f"The workshop opens at ten on Saturday, {words}.",
        f"The workshop opens at nine on Saturday, {words}.",
    )
    hugo = await visit("hugo")
    number = await hugo.compose("AldaneCare", text)
    await hugo.sees("Waiting for approval")
    assert not await hugo.has_button("Approve")

    claire = await visit("claire")
    await claire.open(f"/approvals?item={number}")
    await claire.press("Edit")
    await claire.page.locator("#do-edit").get_by_label("Text").fill(edited)
    await claire.press("Save and approve")
    await claire.sees(f"Approved {number}.")

    service.wait_until(number, "sent")
    anybody = await visit()
    await anybody.page.goto(service.sandbox)
    posts = anybody.page.locator("#posts")
    assert await posts.get_by_text(edited, exact=True).count() == 1
    assert await posts.get_by_text(text, exact=True).count() == 0

    sarah = await visit("sarah")
    shown = [action.replace(".", " ").replace("_", " ").capitalize() for action in STEPS]
    found = await sarah.actions(number)
    assert in_order(found, shown), found
    await sarah.page.get_by_role("link", name="Message approved").click()
    entry = sarah.page.get_by_label("Entry", exact=True)
    await entry.get_by_text("Claire Renaud", exact=False).first.wait_for()
    assert await entry.get_by_text("brand_manager.message.approve", exact=True).is_visible()


def test_the_same_journey_of_programs(service: Service, words: str) -> None:
    text, edited = f"The oak is here, {words}.", f"The oak has arrived, {words}."
    hugo, claire = service.program("hugo"), service.program("claire")
    draft = service.write("hugo", "AldaneCare", text, submit=False)
    assert (draft["state"], draft["decision"], draft["findings"]) == ("draft", None, [])
    submitted = told(hugo.post(f"/messages/{draft['id']}/submit", json={"revision": 1}))
    assert (submitted["state"], submitted["approvals"]["required"]) == ("pending_approval", 1)
    decision = {"revision": 1, "text": edited}
    approved = told(claire.post(f"/messages/{draft['number']}/approve", json=decision))
    assert approved["revision"]["number"] == 2
    assert approved["revision"]["digest"] != draft["revision"]["digest"]
    refused(claire.post(f"/messages/{draft['id']}/approve", json=decision), 409, "message.stale_revision")

    sent = service.wait_until(draft["id"], "sent")
    assert [post["id"] for post in service.posts(edited)] == [sent["x_id"]]
    assert service.posts(text) == []
    entries = service.entries(subject=draft["number"])
    assert in_order([entry["action"] for entry in entries], STEPS)
    approval = next(entry for entry in entries if entry["action"] == "message.approved")
    assert approval["data"]["digest"] == sent["revision"]["digest"]


def test_the_same_request_sent_twice_writes_one_message(service: Service, words: str) -> None:
    body = {"account": "AldaneCare", "kind": "post", "text": f"Once only, {words}.", "submit": True}
    key = {"Idempotency-Key": words.replace(" ", "-")}
    first, second = (service.program("hugo").post("/messages", json=body, headers=key) for _ in range(2))
    assert told(first, 201)["id"] == told(second, 201)["id"]
    assert len(told(service.program("hugo").get("/messages", params={"q": words}))["items"]) == 1


async def test_form_posted_twice_writes_one_message(visit: Visit, service: Service, words: str) -> None:
    hugo = await visit("hugo")
    await hugo.open("/compose?account=AldaneCare")
    form_key = await hugo.page.locator("input[name=form_key]").input_value()
    fields = {"account": "AldaneCare", "kind": "post", "text": f"Once, {words}.", "form_key": form_key, "do": "submit"}
    assert [(await hugo.post_by_hand("/compose", fields))[0] for _ in range(2)] == [303, 303]
    assert len(told(service.program("hugo").get("/messages", params={"q": words}))["items"]) == 1


def test_bad_input_is_answered_with_a_code_and_changes_nothing(service: Service, words: str) -> None:
    hugo = service.program("hugo")
    good = {"account": "AldaneCare", "kind": "post", "text": f"Never, {words}.", "submit": True}

    def write(**fields: object) -> httpx.Response:
        return hugo.post("/messages", json={**good, **fields})

    refused(write(account="NobodysAccount"), 404, "account.unknown")
    refused(write(text=f"{words} " + "long " * 6000), 422, "message.text_too_long")
    refused(write(scheduled_at="2020-01-01T10:00:00Z"), 422, "message.past_schedule")
    refused(write(scheduled_at="2031-01-01T10:00", zone="Europe/Atlantis"), 422, "message.unknown_zone")
    refused(write(kind="shout"), 422, "request.invalid")
    malformed = hugo.post("/messages", content=b'{"account": ', headers={"content-type": "application/json"})
    refused(malformed, 400, "request.malformed")
    stranger = httpx.get(f"{service.api}/messages", headers={"Authorization": "Bearer gvn_wrong"}, trust_env=False)
    refused(stranger, 401, "session.not_signed_in")
    assert told(hugo.get("/messages", params={"q": words}))["items"] == []


def test_a_text_longer_than_x_takes_is_blocked(service: Service, words: str) -> None:
    blocked = service.write("hugo", "AldaneCare", f"{words} " + "long " * 60)
    assert (blocked["state"], blocked["decision"]) == ("blocked", "block")
    assert blocked["findings"]
