"""Who will see an answer: chosen, said in words, and kept to when it goes out."""

from datetime import UTC, datetime, timedelta

import pytest

from govern.domain.messages import Kind
from govern.domain.reply_levels import WHO_SEES
from govern.services.accounts import find_account
from govern.services.message_views import load_message
from govern.services.outgoing import make_outgoing
from govern.xapi.client import OutgoingPost
from tests.factories import receive_mention
from tests.web.api.test_messages import code_of, write
from tests.web.conftest import Api


@pytest.fixture
async def mention(api: Api) -> str:
    return await receive_mention(await find_account("Help"), at=datetime.now(UTC) - timedelta(minutes=5))


@pytest.mark.parametrize(
    ("level", "text", "in_reply_to"),
    [
        (None, "On its way.", True),
        ("open", "On its way.", True),
        ("private", "Please write to us in private.", True),
        ("everyone", ".@marion On its way.", False),
    ],
)
async def test_a_reply_has_a_level_that_says_who_sees_it(
    api: Api, mention: str, level: str | None, text: str, in_reply_to: bool
) -> None:
    given = {"account": "Help", "kind": "reply", "in_reply_to": mention, "text": text}
    message = await write(api("leo"), **given, reply_level=level)
    kept = level or "open"
    assert (message["reply_level"], message["audience"]) == (kept, WHO_SEES[kept])
    outgoing = await make_outgoing(await load_message(message["id"]))
    assert outgoing == OutgoingPost(text=text, in_reply_to=mention if in_reply_to else None)


async def test_a_reply_to_everyone_names_whom_it_answers(api: Api, mention: str) -> None:
    leo = api("leo")
    given = {"account": "Help", "kind": "reply", "in_reply_to": mention, "reply_level": "everyone"}
    for text in ("On its way.", "@marion On its way.", ".@karim On its way."):
        answer = await leo.post("/messages", json={**given, "text": text})
        assert code_of(answer) == (422, "message.dot_reply_needed")
        assert ".@marion" in answer.json()["detail"]
    message = await write(leo, **given, text=".@marion On its way.")
    answer = await leo.post(f"/messages/{message['number']}/revise", json={"revision": 1, "text": "On its way."})
    assert code_of(answer) == (422, "message.dot_reply_needed")


async def test_what_has_no_level_takes_none_and_a_quote_is_for_everyone(api: Api, mention: str) -> None:
    mia = api("mia")
    post = {"account": "Help", "kind": "post", "text": "We open at ten."}
    assert code_of(await mia.post("/messages", json={**post, "reply_level": "open"})) == (
        422,
        "message.level_not_allowed",
    )
    quote = await write(mia, account="Help", kind=Kind.QUOTE.value, in_reply_to=mention, text="A good question.")
    assert (quote["reply_level"], quote["audience"]) == ("everyone", WHO_SEES["quote"])
    assert (await write(mia))["audience"] == WHO_SEES["post"]
