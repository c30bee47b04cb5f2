"""A role given or taken away counts from the very next request."""

from tests.journeys.conftest import Visit
from tests.journeys.service import Service, refused, told

LEA = "lea.fontaine@aldane.example"


async def test_a_role_at_one_account_counts_from_the_next_request_until_it_is_revoked(
    visit: Visit, service: Service, words: str
) -> None:
    lea, nadia = await visit("lea"), await visit("nadia")
    lea.expect(403)
    assert await lea.page.get_by_role("link", name="Compose").count() == 0

    await nadia.open(f"/people/{LEA}")
    await nadia.page.get_by_label("Role", exact=True).select_option("Author")
    await nadia.page.get_by_label("Where").select_option("account:AldaneRecrute")
    await nadia.page.get_by_label("Reason", exact=True).last.fill(f"She writes the jobs, {words}.")
    await nadia.press("Give this role")
    await nadia.page.get_by_text(f"She writes the jobs, {words}.").wait_for()

    await lea.page.reload()
    assert await lea.page.get_by_role("link", name="Compose").first.is_visible()
    await lea.open("/compose")
    await lea.sees("@AldaneRecrute")
    assert not await lea.page.get_by_text("@AldaneCare").count()
    number = await lea.compose("AldaneRecrute", f"We hire a carpenter, {words}.")
    await lea.sees("Waiting for approval")
    elsewhere = {"account": "AldaneCare", "kind": "post", "text": "Not mine.", "do": "submit"}
    assert (await lea.post_by_hand("/compose", elsewhere))[0] == 403

    line = nadia.page.locator(".line").filter(has_text=f"She writes the jobs, {words}.")
    await line.get_by_role("button", name="Revoke…").click()
    popover = nadia.page.locator("[popover]:popover-open")
    await popover.get_by_label("Reason").fill(f"The season is over, {words}.")
    await popover.get_by_role("button", name="Revoke").click()
    await nadia.page.get_by_text(f"The season is over, {words}.").wait_for()

    again = {"account": "AldaneRecrute", "kind": "post", "text": f"One more, {words}.", "do": "submit"}
    assert (await lea.post_by_hand("/compose", again))[0] == 403
    told(service.program("claire").post(f"/messages/{number}/withdraw", json={"revision": 1}))
    given, taken = service.entries(q=LEA, action="role")[-2:]
    assert (given["action"], taken["action"]) == ("role.assigned", "role.revoked")


def test_a_token_gives_no_role(service: Service, words: str) -> None:
    grant = {"role": "author", "scope": "account:AldaneAtelier", "reason": f"For a week, {words}."}
    answer = service.program("nadia").post(f"/members/{LEA}/grants", json=grant)
    assert refused(answer, 403, "access.denied")["reason"] == "token_limit"


def test_a_role_given_and_taken_through_the_api_counts_at_once(service: Service, words: str) -> None:
    nadia, lea = service.script("nadia"), service.program("lea")
    body = {"account": "AldaneAtelier", "kind": "post", "text": f"Un geste, {words}."}
    refused(lea.post("/messages", json=body), 403, "access.denied")
    grant = {"role": "author", "scope": "account:AldaneAtelier", "reason": f"For a week, {words}."}
    given = told(nadia.post(f"/members/{LEA}/grants", json=grant), 201)
    told(lea.post("/messages", json=body), 201)
    refused(lea.post("/messages", json={**body, "account": "AldaneBijoux"}), 403, "access.denied")
    taken = told(nadia.delete(f"/grants/{given['id']}", params={"reason": "It is over."}))
    assert taken["revoke_reason"] == "It is over."
    refused(lea.post("/messages", json=body), 403, "access.denied")
    held = told(nadia.get(f"/members/{LEA}/grants"))["items"]
    assert given["id"] not in [each["id"] for each in held]


def test_nobody_gives_a_role_to_themselves(service: Service) -> None:
    grant = {"role": "viewer", "scope": "account:AldaneCare", "reason": "I would like to."}
    answer = service.script("nadia").post("/members/nadia.ferrand@aldane.example/grants", json=grant)
    assert refused(answer, 403, "access.denied")["rule"] == "grant.self"
