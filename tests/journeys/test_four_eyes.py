"""Nobody approves what they wrote or edited, whatever roles they hold; the attempt is in the log."""

from tests.journeys.conftest import Visit
from tests.journeys.service import Service, refused, told

SENTENCE = "You wrote this message, so another person must approve it."


async def test_an_author_with_two_roles_cannot_approve_own_message(visit: Visit, service: Service, words: str) -> None:
    assert service.people["ines"].roles == ("author", "brand_manager")
    ines = await visit("ines")
    ines.expect(403)
    number = await ines.compose("AldaneBijoux", f"La bague Brume existe en argent, {words}.")
    await ines.open(f"/approvals?item={number}&view=team")
    await ines.sees(SENTENCE)
    assert not await ines.has_button("Approve")
    approval = {"revision": "1", "what": "approve", "view": "mine"}
    status, page = await ines.post_by_hand(f"/messages/{number}/approve", approval)
    assert status == 403
    assert SENTENCE in page
    assert service.message(number)["state"] == "pending_approval"

    sarah = await visit("sarah")
    await sarah.open("/audit?q=actor:ines.kaplan@aldane.example+outcome:refused")
    await sarah.page.get_by_role("link", name="Access denied").first.click()
    await sarah.page.get_by_label("Entry", exact=True).get_by_text("four_eyes.author").first.wait_for()


def test_a_program_of_the_author_cannot_approve_own_message(service: Service, words: str) -> None:
    written = service.write("ines", "AldaneBijoux", f"La bague Brume existe en or, {words}.")
    before = len(service.entries(outcome="denied", actor="ines.kaplan@aldane.example"))
    answer = service.program("ines").post(f"/messages/{written['id']}/approve", json={"revision": 1})
    problem = refused(answer, 403, "access.denied")
    assert problem["rule"] == "four_eyes.author"
    assert problem["detail"] == SENTENCE
    assert service.message(written["id"]) == written
    denied = service.entries(outcome="denied", actor="ines.kaplan@aldane.example")
    assert len(denied) == before + 1
    assert denied[-1]["data"]["rule"] == "four_eyes.author"


def test_an_author_cannot_approve_by_editing_either(service: Service, words: str) -> None:
    written = service.write("ines", "AldaneBijoux", f"La bague Brume, {words}.")
    decision = {"revision": 1, "text": f"La bague Brume arrive, {words}."}
    answer = service.program("ines").post(f"/messages/{written['id']}/approve", json=decision)
    assert refused(answer, 403, "access.denied")["rule"] == "four_eyes.author"


def test_who_edited_a_message_cannot_approve_it_afterwards(service: Service, words: str) -> None:
    written = service.write("hugo", "AldaneCare", f"We are open, {words}.")
    edit = {"revision": 1, "text": f"We are open today, {words}."}
    claire = service.program("claire")
    told(claire.post(f"/messages/{written['id']}/revise", json=edit))
    told(service.program("hugo").post(f"/messages/{written['id']}/submit", json={"revision": 2}))
    answer = claire.post(f"/messages/{written['id']}/approve", json={"revision": 2})
    assert refused(answer, 403, "access.denied")["rule"] == "four_eyes.editor"
