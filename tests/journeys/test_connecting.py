"""Connecting an account by OAuth 2: from the account's page to X, back, and on to the first post."""

import re

from tests.journeys.conftest import Visit
from tests.journeys.service import Service

CONNECT = "/accounts/AldaneBois/connect"
CONNECTED = "The account is connected. Its tokens are sealed, and are renewed by themselves."


async def test_an_account_is_connected_at_x_and_posts_with_its_new_tokens(
    visit: Visit, service: Service, words: str
) -> None:
    nadia = await visit("nadia")
    await nadia.open("/accounts/AldaneBois")
    await nadia.page.get_by_role("link", name=re.compile("Connect")).first.click()
    await nadia.press("Begin")
    await nadia.page.get_by_role("link", name="Go on to X").click()
    await nadia.sees("tweet.write")
    await nadia.page.get_by_role("button", name="be @AldaneBois").click()
    await nadia.sees(CONNECTED)

    claire = await visit("claire")
    text = f"Oak boards are back, {words}."
    number = service.write("tom", "AldaneBois", text)["number"]
    await claire.open(f"/approvals?item={number}")
    await claire.press("Approve")
    service.wait_until(number, "sent")
    assert len(service.posts(text)) == 1


async def test_whoever_was_signed_in_to_x_as_another_account_is_told_so(visit: Visit, service: Service) -> None:
    nadia = await visit("nadia")
    await nadia.open(CONNECT)
    await nadia.press("Begin")
    await nadia.page.get_by_role("link", name="Go on to X").click()
    await nadia.page.get_by_role("button", name="be @AldaneBijoux").click()
    await nadia.sees("You were signed in to X as @AldaneBijoux, not as @AldaneBois.")
    assert service.entries(action="account.connect_failed")


async def test_who_says_no_at_x_comes_back_to_a_page_that_keeps_nothing(visit: Visit) -> None:
    nadia = await visit("nadia")
    nadia.expect(403)
    await nadia.open(CONNECT)
    await nadia.press("Begin")
    await nadia.page.get_by_role("link", name="Go on to X").click()
    await nadia.press("Cancel")
    await nadia.sees("This connection cannot be completed")
