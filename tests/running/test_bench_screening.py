"""`govern bench screening`: that it measures what it says; how fast a machine is, no test asks."""

import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from govern.bench.screening_command import CommandFails, measure_command
from govern.bench.screening_report import Report
from govern.bench.screening_texts import HOSTILE, as_message, of_length, ordinary_messages, promotional_terms
from govern.bench.screening_timing import best_times, median_and_tail, one_pass
from govern.screening.normalise import fold
from govern.screening.policy import load_policy

POLICIES = Path(__file__).parents[2] / "policies"
FAMILIES = ("ordinary", *HOSTILE)
MEASURES = [
    "one_pass",
    "screening.median",
    "screening.p99",
    "screening.without_model.median",
    "screening.without_model.p99",
    "screening.per_second",
    "pure_matcher",
    "weighing",
    *(f"{kind}.{family}" for family in FAMILIES for kind in ("growth", "long")),
    "command",
]
"""What others read from the JSON."""


def test_a_quick_run_gives_every_figure_beside_its_goal() -> None:
    command = [sys.executable, "-m", "govern.cli", "bench", "screening", "--quick", "--json"]
    done = subprocess.run(command, capture_output=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr.decode()
    report = msgspec.json.decode(done.stdout, type=Report)
    assert [each.name for each in report.measures] == MEASURES
    assert all(each.value is not None and each.value >= 0 for each in report.measures)
    without_goal = {each.name for each in report.measures if each.at_most is None}
    assert without_goal == {"one_pass", "screening.per_second", "long.ordinary"}
    assert set(report.missed) <= set(report.measures)


def test_the_unit_finds_the_promotional_terms() -> None:
    find = one_pass(promotional_terms(POLICIES))
    assert find(fold("Notre vente privée commence, vente flash demain.").text)
    assert not find("zzz qqq")


def test_messages_are_short_outbound_and_many() -> None:
    messages = ordinary_messages(POLICIES, load_policy(POLICIES))
    assert len(messages) > 100
    assert all(0 < len(given.text) <= 280 and given.direction == "outbound" for given in messages)


def test_hostile_texts_have_their_length() -> None:
    assert {len(of_length(piece, 1_250)) for piece in HOSTILE.values()} == {1_250}


def test_the_best_of_three_counts() -> None:
    waits = iter([0.0, 0.02, 0.0, 0.02])  # the first is the round that does not count
    (taken,) = best_times({"wait": (lambda _: time.sleep(next(waits)), [None])})["wait"]
    assert taken < 0.02
    assert median_and_tail([3.0, 1.0, 2.0]) == (2.0, 3.0)


def test_a_command_that_fails_is_not_timed(tmp_path: Path) -> None:
    with pytest.raises(CommandFails, match=r"policy\.invalid"):
        measure_command([as_message("Bonjour")], repr, folder=tmp_path, lines=1)
