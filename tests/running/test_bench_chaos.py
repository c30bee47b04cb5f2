"""`govern bench chaos`: a short run of it loses and doubles nothing, and its oracle sees what it looks for."""

import subprocess
import sys
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from govern.bench.chaos_oracle import Belief, compare
from govern.bench.chaos_report import Report
from govern.domain.messages import State

SENT = Belief(id="m1", account="Help", kind="post", text="Hello", state=State.SENT, x_id="1", attempts=1, unknown=0)
MEASURES = ["lost", "duplicated", "falsely_failed", "falsely_sent", "strange", "settled_by_hand", "seconds"]
"""What others read from the JSON."""


def x(*texts: str, dms: tuple[str, ...] = ()) -> dict[str, list[dict[str, Any]]]:
    posts = [{"id": str(number), "account": "Help", "text": text} for number, text in enumerate(texts, start=1)]
    sent = [{"id": str(number), "sender": "Help", "text": text} for number, text in enumerate(dms, start=100)]
    foreign = {"id": "99", "account": "marion", "text": "Hello"}
    return {"posts": [*posts, foreign], "dms": sent}


def test_short_run_of_everything_that_breaks_loses_and_doubles_nothing() -> None:
    command = [sys.executable, "-m", "govern.cli", "bench", "chaos", "--json", "--seed", "7"]
    size = ["--messages", "48", "--accounts", "6", "--workers", "2"]
    done = subprocess.run([*command, *size], capture_output=True, timeout=400, check=False)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    report = msgspec.json.decode(done.stdout, type=Report)
    assert [each.name for each in report.measures] == MEASURES
    (run,) = report.runs
    assert run.verdict.agrees
    assert run.verdict.messages == 48
    assert run.verdict.out == run.states["sent"] >= 40
    assert len(run.disturbances) == 5
    assert run.unknown > 0


@pytest.mark.parametrize("state", list(State))
def test_message_that_is_out_once_is_sent_or_unknown_and_nothing_else(state: State) -> None:
    verdict = compare([replace(SENT, state=state)], x("Hello"))
    assert verdict.agrees is (state in {State.SENT, State.OUTCOME_UNKNOWN})


@pytest.mark.parametrize("state", list(State))
def test_message_that_is_not_out_is_lost_unless_somebody_was_told(state: State) -> None:
    verdict = compare([replace(SENT, state=state)], x())
    told = {State.FAILED, State.EXPIRED, State.WITHDRAWN, State.OUTCOME_UNKNOWN}
    assert verdict.falsely_sent == (("m1",) if state is State.SENT else ())
    assert verdict.lost == (() if state in told | {State.SENT} else ("m1",))


def test_twice_on_x_is_seen_whatever_the_database_says() -> None:
    assert compare([SENT], x("Hello", "Hello")).duplicated == ("m1",)
    assert compare([replace(SENT, state=State.FAILED)], x("Hello", "Hello")).duplicated == ("m1",)


def test_id_of_another_post_is_no_proof() -> None:
    assert compare([replace(SENT, x_id="2")], x("Hello")).falsely_sent == ("m1",)


def test_what_nobody_approved_is_strange_and_what_a_customer_writes_is_not() -> None:
    assert compare([SENT], x("Hello", "Buy now")).strange == ("2",)
    assert compare([SENT], x("Hello", dms=("Psst",))).strange == ("100",)
