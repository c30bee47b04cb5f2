"""One direct message by its id, and the thread with one person: for reconciling and for webhooks."""

from datetime import timedelta

import pytest

from govern.xapi.client import OutgoingDm
from govern.xapi.tweepy_client import TweepyClient
from tests.xapi.conftest import Sandbox, soon
from tests.xapi.granting import bearer_of


@pytest.fixture(params=["oauth1", "oauth2"])
def client(request: pytest.FixtureRequest, x_sandbox: Sandbox) -> TweepyClient:
    """@Help, with either kind of keys."""
    if request.param == "oauth1":
        return x_sandbox.account("Help")
    keys = bearer_of(x_sandbox, "Help")
    return TweepyClient(keys, base_url=x_sandbox.address, timeout=timedelta(seconds=5))


def write(sandbox: Sandbox, sender: str, text: str) -> str:
    return sandbox.order("inbound", kind="dm", **{"from": sender, "to": "Help"}, text=text)["id"]


async def test_thread_has_both_sides_of_one_conversation_and_no_other(client: TweepyClient, x_sandbox: Sandbox) -> None:
    asked = write(x_sandbox, "marion", "Where is my parcel?")
    write(x_sandbox, "paul", "Another matter")
    found = await client.find_dm(asked)
    assert found is not None
    answered = await client.send_dm(OutgoingDm(text="On its way", recipient_id=found.sender_id), write_before=soon())
    thread = await client.thread(found.sender_id, None)
    assert [(event.x_id, event.text) for event in thread] == [
        (asked, "Where is my parcel?"),
        (answered.x_id, "On its way"),
    ]
    assert [event.x_id for event in await client.thread(found.sender_id, asked)] == [answered.x_id]
    assert {event.recipient_id for event in thread} == {found.sender_id, (await client.me()).x_id}


async def test_message_is_found_by_its_id_with_who_wrote_it(client: TweepyClient, x_sandbox: Sandbox) -> None:
    found = await client.find_dm(write(x_sandbox, "marion", "Fish & chips?"))
    assert found is not None
    assert (found.sender_handle, found.recipient_id) == ("marion", (await client.me()).x_id)
    assert found.text == "Fish & chips?"


async def test_unknown_message_is_none_and_only_digits_go_into_a_path(client: TweepyClient) -> None:
    assert await client.find_dm("12345") is None
    with pytest.raises(ValueError, match="digits"):
        await client.find_dm("../users/me")
    with pytest.raises(ValueError, match="digits"):
        await client.thread("1/x", None)
