"""A DM nobody asked for is refused for everybody; an answer to somebody who wrote goes out, an offer does not."""

import pytest

from tests.journeys.browsing import Visitor
from tests.journeys.conftest import Visit
from tests.journeys.service import Service, refused, told

OFFER = "Flash sale: 30% off everything until Sunday with the code BRUME30! Buy now, {words}."
ANSWER = "Hello, the spare hinge is on its way to you, {words}."
REASON = "has not written to @AldaneCare in the last 24 hours"


def customer(words: str) -> str:
    return words.replace(" ", "_")


@pytest.mark.parametrize(("name", "status"), [("hugo", 409), ("claire", 403)])
async def test_an_unsolicited_offer_is_blocked_with_its_reason(
    visit: Visit, service: Service, words: str, name: str, status: int
) -> None:
    visitor = await visit(name)
    whom = customer(words)
    await visitor.open(f"/compose?account=AldaneCare&kind=dm&recipient={whom}")
    fields = {"account": "AldaneCare", "kind": "dm", "recipient": whom, "do": "submit"}
    assert (await visitor.post_by_hand("/compose", {**fields, "text": OFFER.format(words=words)}))[0] == 303
    (written,) = told(service.program(name).get("/messages", params={"q": words}))["items"]
    number = str(written["number"])
    await visitor.open(f"/messages/{number}")
    await visitor.sees("Blocked")
    await visitor.sees(REASON)
    await visitor.sees("invite them to write")
    assert not await visitor.has_button("Submit")

    other = await visit("claire")
    await other.open(f"/approvals?item={number}")
    assert not await other.has_button("Approve")
    approval = {"revision": "1", "what": "approve", "view": "mine", "reason": "It is a good offer."}
    assert (await other.post_by_hand(f"/messages/{number}/approve", approval))[0] == status
    assert service.message(number)["state"] == "blocked"
    assert [entry["outcome"] for entry in service.entries(subject=number, action="message.blocked")] == ["denied"]


async def test_before_the_text_the_page_says_that_no_dm_may_be_written(visit: Visit, words: str) -> None:
    hugo = await visit("hugo")
    await hugo.open(f"/compose?account=AldaneCare&kind=dm&recipient={customer(words)}")
    await hugo.sees("a DM is not allowed")
    await hugo.sees("Answer in public and invite them to write.")


async def test_an_admin_writes_nothing_at_all(visit: Visit, service: Service, words: str) -> None:
    nadia = await visit("nadia")
    assert await nadia.page.get_by_role("link", name="Compose").count() == 0
    fields = {"account": "AldaneCare", "kind": "dm", "recipient": customer(words), "do": "submit"}
    status, page = await nadia.post_by_hand("/compose", {**fields, "text": OFFER.format(words=words)})
    assert status == 403
    assert "Not allowed" in page
    body = {"account": "AldaneCare", "kind": "dm", "recipient": customer(words), "text": "Hello", "submit": True}
    problem = refused(service.program("nadia").post("/messages", json=body), 403, "access.denied")
    assert problem["reason"]
    denied = service.entries(actor="nadia.ferrand@aldane.example", outcome="denied", action="access.denied")
    assert denied[-1]["data"]["action"] == "message.write_dm"


@pytest.mark.parametrize("name", ["hugo", "claire"])
def test_an_unsolicited_offer_of_a_program_is_blocked_with_its_reason(service: Service, words: str, name: str) -> None:
    blocked = service.write(
        name, "AldaneCare", OFFER.format(words=words), kind="dm", recipient=f"{customer(words)}_{name}"[:15]
    )
    assert (blocked["state"], blocked["decision"], blocked["permission"]) == ("blocked", "block", "unsolicited")
    finding = next(each for each in blocked["findings"] if each["rule"] == "DM-UNSOLICITED")
    assert REASON in finding["message"]["en"]
    assert finding["message"]["fr"]
    again = service.program(name).post(f"/messages/{blocked['id']}/submit", json={"revision": 1})
    refused(again, 409, "message.illegal_transition")
    forced = service.program("claire").post(f"/messages/{blocked['id']}/approve", json={"revision": 1})
    assert forced.status_code in {403, 409}
    assert service.dms(OFFER.format(words=words)) == []


async def test_after_the_customer_wrote_an_answer_goes_out_and_an_offer_does_not(
    visit: Visit, service: Service, words: str
) -> None:
    whom, answer = customer(words), ANSWER.format(words=words)
    outside = await visit()
    await outside.page.goto(service.sandbox)
    await write_as_customer(outside, whom, "AldaneCare", "Hello, a hinge broke.")
    service.wait_until_heard(whom, "AldaneCare")

    hugo = await visit("hugo")
    await hugo.open("/compose?account=AldaneCare")
    received = hugo.page.get_by_role("listitem").filter(has_text=f"DM from @{whom}")
    await received.get_by_role("link", name="Answer").click()
    await hugo.page.get_by_text("This person wrote to you; you may answer").wait_for()
    await hugo.page.get_by_label("Text", exact=True).fill(answer)
    await hugo.page.locator("#f-acknowledged").wait_for()
    await hugo.page.get_by_role("checkbox", name="I have seen this").check()  # no link to the privacy notice yet
    await hugo.press("Submit")
    await hugo.page.wait_for_url("**/admin/messages/*")
    service.wait_until(hugo.number(), "sent")
    outside = await visit()  # a page of its own: the old one reloads itself, which would end this visit
    await outside.page.goto(service.sandbox)
    assert await outside.page.locator("#messages").get_by_text(answer, exact=True).count() == 1

    number = await hugo.compose("AldaneCare", OFFER.format(words=words), target=f"&kind=dm&recipient={whom}")
    await hugo.sees("Blocked")
    assert service.message(number)["decision"] == "block"
    assert service.dms(OFFER.format(words=words)) == []


def test_a_program_answers_a_customer_and_offers_nothing(service: Service, words: str) -> None:
    whom, answer = customer(words), ANSWER.format(words=words)
    service.customer_writes(whom, "AldaneCare", "Hello, a hinge broke.")
    service.wait_until_heard(whom, "AldaneCare")
    sent = service.write("hugo", "AldaneCare", answer, kind="dm", recipient=whom)
    assert sent["permission"] == "service_window"
    service.wait_until(sent["id"], "sent")
    assert [dm["recipient"] for dm in service.dms(answer)] == [whom]
    offer = service.write("hugo", "AldaneCare", OFFER.format(words=words), kind="dm", recipient=whom)
    assert offer["state"] == "blocked"


async def write_as_customer(outside: Visitor, whom: str, account: str, text: str) -> None:
    form = outside.page.locator("#write")
    await form.get_by_label("Direct message").check()
    await form.get_by_label("Customer").fill(whom)
    await form.locator("select[name=to]").select_option(account)
    await form.get_by_label("Text").fill(text)
    await form.get_by_role("button", name="Write it").click()
    await outside.page.locator("#messages").get_by_text(text).first.wait_for()


def test_what_screening_would_say_is_stored_nowhere(service: Service, words: str) -> None:
    body = {"account": "AldaneCare", "kind": "dm", "recipient": customer(words), "text": OFFER.format(words=words)}
    assert told(service.program("hugo").post("/screen", json=body))["decision"] == "block"
    assert told(service.program("hugo").get("/messages", params={"q": words}))["items"] == []
