"""Reading X back over the real sandbox: what came out is found, what did not goes once more, what is doubtful waits."""

from datetime import timedelta
from typing import Any

import pytest

from govern.domain.messages import Kind, Message
from govern.domain.publications import Found
from govern.jobs.ingest import ingest
from govern.services.reconciling import Read
from tests.asserts import actions, assert_audited
from tests.jobs.conftest import Live
from tests.jobs.reading import Back
from tests.sending import attempts, publication_of

TEXT = "Thé & café <ouvert> à 8 h : https://example.com/a?b=1&c=é"

@pytest.fixture
def back(live: Live) -> Back:
    live.sandbox.order("rules", duplicates=False)
    return Back(live)


OUT: list[tuple[str, dict[str, Any]]] = [
    ("commit_then_drop", {}),
    ("commit_then_slow", {}),
    ("bad_json_201", {}),
    ("truncated", {}),
    ("empty_200", {}),
    ("html_503", {"commit": True}),
    ("unavailable", {"commit": True}),
    ("redirect_307", {"commit": True}),
]
NOT_OUT: list[tuple[str, dict[str, Any]]] = [
    ("drop_before_commit", {}),
    ("html_503", {}),
    ("unavailable", {}),
    ("redirect_307", {}),
    ("bad_json_201", {"commit": False}),
]


@pytest.mark.parametrize(("fault", "options"), OUT, ids=[f"{name}{more}" for name, more in OUT])
async def test_what_came_out_unheard_is_found_by_the_first_reading(
    back: Back, fault: str, options: dict[str, Any]
) -> None:
    message = await back.lose(TEXT, fault, **options)
    assert await back.live.desk.state(message) == "outcome_unknown"
    assert await back.read_all() == ["one"]
    (post,) = back.live.sandbox.state()["posts"]
    (attempt,), row = await attempts(), await publication_of(message)
    assert (attempt["resolved"], attempt["x_id"], row["x_id"]) == ("sent", int(post["id"]), int(post["id"]))
    assert (await actions())[-3:] == ["publication.sending", "publication.unknown", "publication.settled"]
    await assert_audited(
        "publication.settled", actor="worker:reconciler", settlement="sent", x_id=post["id"], reading=1
    )
    assert await back.live.desk.state(message) == "sent"


@pytest.mark.parametrize(("fault", "options"), NOT_OUT, ids=[f"{name}{more}" for name, more in NOT_OUT])
async def test_plain_post_that_three_readings_do_not_show_goes_once_more(
    back: Back, fault: str, options: dict[str, Any]
) -> None:
    message = await back.lose(TEXT, fault, **options)
    assert await back.read_all() == ["none"] * 3
    assert await back.live.desk.state(message) == "approved"
    settled = await assert_audited("publication.settled", actor="worker:reconciler", settlement="not_sent", reading=3)
    assert settled["change"]["state"] == {"before": "outcome_unknown", "after": "approved"}
    await back.publish()
    assert back.live.sandbox.posts() == [TEXT]
    assert await back.live.desk.state(message) == "sent"
