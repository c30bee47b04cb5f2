"""Every fault of the sandbox that a send can meet: the state it leads to, the sentence, the entries, and what is out."""

from typing import Any

import msgspec
import pytest

from govern.domain.messages import State
from govern.sandbox.fault_kinds import FaultKind
from govern.services.message_views import load_message
from govern.xapi.reasons import REASONS
from tests.asserts import actions
from tests.jobs.conftest import Live
from tests.jobs.test_sandbox import TEXT, post, run
from tests.sending import publication_of


class Met(msgspec.Struct, frozen=True):
    """What comes of a fault; `commit` where the order decides whether X does what it was asked."""

    kind: FaultKind
    state: State
    entries: tuple[str, ...]
    reason: str | None
    out: int
    hold: str | None = None
    commit: bool | None = None

    @property
    def name(self) -> str:
        return self.kind.value + {None: "", True: " and done", False: " and not done"}[self.commit]


UNKNOWN = (State.OUTCOME_UNKNOWN, ("publication.sending", "publication.unknown"))
AGAIN = (State.SCHEDULED, ("publication.sending", "publication.refused"))
NO_CREDITS = (State.SCHEDULED, ("publication.sending", "publication.refused", "x.credits_spent"))
STOPPED = (State.SCHEDULED, ("publication.sending", "account.disconnected", "publication.refused"))
FAILED = (State.FAILED, ("publication.sending", "publication.refused"))
SENT = (State.SENT, ("publication.sending", "publication.sent"))
TABLE = (
    Met(FaultKind.COMMIT_THEN_DROP, *UNKNOWN, "broken_off", 1),
    Met(FaultKind.COMMIT_THEN_SLOW, *UNKNOWN, "no_answer", 1),
    Met(FaultKind.TRUNCATED, *UNKNOWN, "broken_off", 1),
    Met(FaultKind.DROP_BEFORE_COMMIT, *UNKNOWN, "broken_off", 0),
    *(
        Met(kind, *UNKNOWN, reason, int(commit), commit=commit)
        for commit in (True, False)
        for kind, reason in (
            (FaultKind.BAD_JSON_201, "unreadable"),
            (FaultKind.EMPTY_200, "unreadable"),
            (FaultKind.HTML_503, "x_failed"),
            (FaultKind.UNAVAILABLE, "x_failed"),
            (FaultKind.REDIRECT_307, "x_redirected"),
        )
    ),
    Met(FaultKind.RATE_LIMIT, *AGAIN, "rate_limited", 0),
    Met(FaultKind.RATE_LIMIT_88, *AGAIN, "rate_limited", 0),
    Met(FaultKind.RATE_LIMIT_DAY, *AGAIN, "rate_limited", 0),
    Met(FaultKind.USAGE_CAP, *NO_CREDITS, "no_credits", 0, hold="credits"),
    Met(FaultKind.NO_CREDITS, *NO_CREDITS, "no_credits", 0, hold="credits"),
    Met(FaultKind.EXPIRE_TOKEN, *STOPPED, "auth_lost", 0, hold="auth"),
    Met(FaultKind.REVOKE_TOKEN, *STOPPED, "auth_lost", 0, hold="auth"),
    Met(FaultKind.SUSPENDED, *STOPPED, "account_locked", 0, hold="auth"),
    Met(FaultKind.REFUSE, *FAILED, "forbidden", 0),
    Met(FaultKind.CLOCK_SKEW, *SENT, None, 1),
)


@pytest.mark.parametrize("met", TABLE, ids=lambda met: met.name)
async def test_a_fault_has_its_state_its_sentence_and_its_entries_and_sends_nothing_twice(live: Live, met: Met) -> None:
    live.sandbox.order("rules", duplicates=False)  # what is sent twice would be there twice
    order: dict[str, Any] = {} if met.commit is None else {"commit": met.commit}
    live.sandbox.order("faults", kind=met.kind.value, times=1, **order)
    message = await post(live)
    await run(live)
    found = await load_message(message.id)
    assert found.state is met.state
    assert found.failure == (REASONS[met.reason].en if met.reason else None)
    assert (await publication_of(message))["hold"] == met.hold
    assert tuple((await actions())[-len(met.entries) :]) == met.entries
    assert await run(live) is None
    assert live.sandbox.posts() == [TEXT] * met.out


def test_the_table_has_every_fault_a_send_can_meet() -> None:
    beside = {FaultKind.READ_LAG, FaultKind.DUPLICATE_WEBHOOK, FaultKind.REORDER_WEBHOOKS, FaultKind.DROP_WEBHOOK}
    assert {met.kind for met in TABLE} == set(FaultKind) - beside
    twice = {met.kind for met in TABLE if met.commit is not None}
    assert twice == {kind for kind in FaultKind if kind.about.either}
