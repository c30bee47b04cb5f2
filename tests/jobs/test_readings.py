"""A reading of X that does not work out: it is none, it is tried again, and it never holds anybody up."""

from datetime import timedelta

import pytest

from govern.database import transaction
from govern.domain.publications import Found
from govern.services.readings import list_readings
from govern.services.reconciling import Read
from govern.xapi.errors import RateLimited
from tests.asserts import assert_audited, race
from tests.fakes import FakeX
from tests.jobs.conftest import Live
from tests.jobs.reading import Back
from tests.sending import attempts

READS = "GET /2/users/{id}/tweets"
TEXT = "Thé & café <ouvert> à 8 h : https://example.com/a?b=1&c=é"


@pytest.fixture
def back(live: Live) -> Back:
    live.sandbox.order("rules", duplicates=False)
    return Back(live)


async def test_reading_that_failed_is_none_and_is_tried_again(back: Back) -> None:
    await back.lose(TEXT, "commit_then_drop")
    back.live.sandbox.order("faults", kind="html_503", times=2, match={"route": READS})
    assert await back.read_all() == ["nothing", "nothing", "one"]
    readings = await list_readings((await attempts())[0]["id"])
    assert [(each.result.value, each.fault, each.counts) for each in readings] == [
        ("failed", "outcome_unknown", False),
        ("failed", "outcome_unknown", False),
        ("one", None, True),
    ]


async def test_reading_waits_as_long_as_x_says(back: Back) -> None:
    await back.lose(TEXT, "commit_then_drop")
    back.advance(timedelta(seconds=31))
    again_at = back.clock() + timedelta(seconds=90)
    x = FakeX()
    x.reading_fails["own_posts"] = RateLimited(again_at, "own_posts/window")
    await back.read(client=x)
    back.advance(timedelta(seconds=85))
    assert await back.due() == []
    back.advance(timedelta(seconds=6))
    assert await back.due() != []


async def test_account_that_lost_its_keys_is_not_read_and_says_so(back: Back) -> None:
    await back.lose(TEXT, "commit_then_drop")
    back.live.sandbox.order("faults", kind="revoke_token", times=1, match={"route": READS})
    back.advance(timedelta(seconds=31))
    assert await back.read() is None
    await assert_audited("account.disconnected", reason="auth_lost")
    (reading,) = await list_readings((await attempts())[0]["id"])
    assert (reading.result, reading.fault) == (Found.FAILED, "auth_lost")


async def test_of_two_readings_at_once_one_is_kept(back: Back) -> None:
    await back.lose(TEXT, "drop_before_commit")
    back.advance(timedelta(seconds=31))
    reads = await race(back.read(), back.read(), back.read())
    assert [type(each) for each in reads if each is not None] == [Read]
    assert len(await list_readings((await attempts())[0]["id"])) == 1


async def test_reading_in_a_transaction_is_refused(back: Back) -> None:
    await back.lose(TEXT, "drop_before_commit")
    async with transaction():
        with pytest.raises(RuntimeError, match="transaction"):
            await back.read()
