"""The pages for people: they show everything, escape everything, and write as a customer."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

Keys = dict[str, str]
Inbound = Callable[..., Awaitable[str]]


async def test_the_page_says_what_it_is(control: httpx.AsyncClient) -> None:
    page = await control.get("/")
    assert page.status_code == 200
    assert "X sandbox" in page.text
    assert "Nothing here reaches the real X." in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert " style=" not in page.text
    assert "No posts yet." in page.text


async def test_posts_and_messages_are_shown_newest_first(
    acme: httpx.AsyncClient, control: httpx.AsyncClient, inbound: Inbound
) -> None:
    await acme.post("/2/tweets", json={"text": "The first one"})
    await acme.post("/2/tweets", json={"text": "The second one"})
    await inbound("dm", "Hello there")
    page = (await control.get("/")).text
    assert page.index("The second one") < page.index("The first one")
    assert "Hello there" in page


async def test_everything_a_stranger_wrote_is_escaped(control: httpx.AsyncClient, inbound: Inbound) -> None:
    for kind in ("mention", "dm"):
        await inbound(kind, "@acme <script>alert(1)</script>\"'&")
    page = (await control.get("/")).text
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 2


async def test_one_account_can_be_looked_at_alone(
    acme: httpx.AsyncClient, control: httpx.AsyncClient, inbound: Inbound, provision: Callable[[str], Awaitable[Keys]]
) -> None:
    await provision("bravo")
    await inbound("mention", "@bravo for bravo", to="bravo")
    await acme.post("/2/tweets", json={"text": "from acme"})
    page = (await control.get("/", params={"account": "acme"})).text
    assert "from acme" in page
    assert "for bravo" not in page
    assert (await control.get("/", params={"account": "nobody"})).status_code == 200


@pytest.mark.parametrize(("kind", "part"), [("mention", "posts"), ("dm", "dms")])
async def test_the_form_writes_as_a_customer(control: httpx.AsyncClient, keys: Keys, kind: str, part: str) -> None:
    form = {"kind": kind, "from": "@julie", "to": keys["handle"], "text": "@acme one\r\ntwo", "in_reply_to": ""}
    answer = await control.post("/write", data=form, headers={"Sec-Fetch-Site": "same-origin"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert (await control.get("/_sandbox/state")).json()[part][0]["text"] == "@acme one\ntwo"


async def test_a_reply_is_written_from_the_post_it_answers(acme: httpx.AsyncClient, control: httpx.AsyncClient) -> None:
    post = (await acme.post("/2/tweets", json={"text": "News of the day"})).json()["data"]["id"]
    page = (await control.get("/", params={"reply": post})).text
    assert "In reply to @acme: News of the day" in page
    form = {"kind": "mention", "from": "julie", "to": "acme", "text": "Great", "in_reply_to": post}
    await control.post("/write", data=form)
    assert (await control.get("/_sandbox/state")).json()["posts"][1]["in_reply_to"] == post


@pytest.mark.parametrize("change", [{"from": "not a handle"}, {"text": " "}, {"to": "nobody"}, {"kind": "fax"}])
async def test_a_faulty_form_says_why_and_keeps_the_words(
    control: httpx.AsyncClient, keys: Keys, change: dict[str, str]
) -> None:
    form = {"kind": "dm", "from": "julie", "to": "acme", "text": "my words", **change}
    page = await control.post("/write", data=form)
    assert page.status_code == 400
    assert 'role="alert"' in page.text
    assert form["text"] in page.text
    assert form["from"] in page.text
    assert (await control.get("/_sandbox/state")).json() == {"posts": [], "dms": []}


async def test_a_customer_closes_and_opens_their_messages(control: httpx.AsyncClient, inbound: Inbound) -> None:
    await inbound("dm", "hello")
    await control.post("/people", data={"handle": "julie", "switch": "closed_dms", "on": "yes"})
    assert "accepts no direct messages now" in (await control.get("/")).text
    await control.post("/people", data={"handle": "julie", "switch": "closed_dms", "on": "no"})
    assert "accepts no direct messages now" not in (await control.get("/")).text


async def test_a_quote_is_written_from_the_post_it_quotes(acme: httpx.AsyncClient, control: httpx.AsyncClient) -> None:
    post = (await acme.post("/2/tweets", json={"text": "News of the day"})).json()["data"]["id"]
    page = (await control.get("/", params={"quote": post})).text
    assert "Quoting @acme: News of the day" in page
    form = {"kind": "mention", "from": "julie", "to": "acme", "text": "Look at this", "quote": post}
    await control.post("/write", data=form)
    written = (await control.get("/_sandbox/state")).json()["posts"][1]
    assert (written["quoted"], written["text"]) == (post, "Look at this")
    missing = await control.post("/write", data={**form, "quote": "12"})
    assert "There is no post 12 to quote." in missing.text


async def test_an_account_is_suspended_and_its_access_taken_back_by_form(
    acme: httpx.AsyncClient, control: httpx.AsyncClient, keys: Keys
) -> None:
    await control.post("/_sandbox/tokens", json={"handle": "acme", "scopes": "users.read"})
    assert "May: users.read" in (await control.get("/")).text
    await control.post("/revoke", data={"handle": "acme"})
    assert "May: users.read" not in (await control.get("/")).text
    await control.post("/people", data={"handle": "acme", "switch": "suspended", "on": "yes"})
    assert "Suspended by X" in (await control.get("/")).text
    assert (await acme.get("/2/users/me")).status_code == 403


@pytest.mark.parametrize("form", [{"handle": "nobody", "switch": "suspended"}, {"handle": "acme", "switch": "own"}])
async def test_a_switch_that_is_not_there_is_refused(
    control: httpx.AsyncClient, keys: Keys, form: dict[str, str]
) -> None:
    assert (await control.post("/people", data=form)).status_code == 404


async def test_a_fault_is_ordered_and_forgotten_by_form(control: httpx.AsyncClient, keys: Keys) -> None:
    form = {"kind": "html_503", "account": "acme", "text": "", "times": "2"}
    assert (await control.post("/faults", data=form)).status_code == 303
    listed = (await control.get("/_sandbox/faults")).json()["faults"]
    assert [(fault["kind"], fault["match"], fault["left"]) for fault in listed] == [
        ("html_503", {"account": "acme"}, 2)
    ]
    assert "2 of 2 left" in (await control.get("/")).text
    await control.post("/faults", data={"clear": "yes"})
    assert (await control.get("/_sandbox/faults")).json()["faults"] == []


@pytest.mark.parametrize("change", [{"kind": "explode"}, {"times": "0"}, {"times": "x"}])
async def test_a_faulty_order_says_why(control: httpx.AsyncClient, change: dict[str, str]) -> None:
    page = await control.post("/faults", data={"kind": "refuse", "times": "1", **change})
    assert page.status_code == 400
    assert 'role="alert"' in page.text


@pytest.mark.parametrize(
    ("name", "kind"), [("sandbox.css", "text/css"), ("sandbox.js", "text/javascript"), ("icon.svg", "image/svg+xml")]
)
async def test_the_files_of_the_page_are_served(control: httpx.AsyncClient, name: str, kind: str) -> None:
    answer = await control.get(f"/static/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    assert (await control.get("/static/../app.py")).status_code == 404
