"""`govern bench access`: that it measures what it says, everywhere; how fast a machine is, no test asks."""

import subprocess
import sys

import msgspec
import pytest

from govern.access import load_bundle
from govern.access.engine import Engine
from govern.bench.access import AnswersDiffer, check_answers
from govern.bench.access_company import GRANTS_EACH, ask, make_company, make_questions
from govern.bench.access_report import Report
from govern.bench.access_rivals import dict_walk
from govern.bench.measuring import interleave, measure, outcome, turned
from govern.domain.actions import Action
from govern.settings import shipped

SIZES = (100, 500)
MEASURES = [
    "decisions_per_second",
    "decisions_per_second.twice",
    "against_dict_walk",
    "against_dict_walk.twice",
    "growth",
    "faster_than_stock_casbin",
    "faster_than_stock_casbin.twice",
    "faster_than_cedarpy",
    "faster_than_cedarpy.twice",
    "grant_change",
    "full_rebuild",
    "longest_block",
    "lock_throughput",
    "stale_allows",
]
"""What others read from the JSON."""


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(load_bundle(shipped("policies") / "access"))


def _bench(*options: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "govern.cli", "bench", "access", *options]
    return subprocess.run(command, capture_output=True, timeout=240, check=False)


@pytest.fixture(scope="module")
def report() -> Report:
    done = _bench("--quick", "--json", "--grants", ",".join(map(str, SIZES)))
    assert done.returncode == 0, done.stderr.decode()
    return msgspec.json.decode(done.stdout, type=Report)


def test_a_quick_run_gives_every_figure_beside_its_goal(report: Report) -> None:
    assert [each.name for each in report.measures] == MEASURES
    for each in report.measures:
        has_goal = each.value is not None and (each.at_most is not None or each.at_least is not None)
        assert (each.met is not None) is has_goal


def test_every_ratio_and_time_is_positive(report: Report) -> None:
    for each in report.measures:
        if each.name != "stale_allows":
            assert each.value is None or each.value > 0
    assert all(each.microseconds > 0 for each in report.timings)


def test_what_is_not_installed_is_named_and_has_no_figure(report: Report) -> None:
    found = {each.name: each for each in report.measures}["faster_than_cedarpy"]
    assert (found.value is not None) is report.cedarpy
    assert ("not installed" in found.note) is not report.cedarpy


def test_every_way_to_decide_is_measured_at_every_size(report: Report) -> None:
    names = {"dict_walk", "ours", "ours_few", "stock_casbin"} | ({"cedarpy"} if report.cedarpy else set())
    assert {(each.grants, each.actions, each.engine) for each in report.timings} == {
        (grants, actions, name) for grants in SIZES for actions in ("once", "twice") for name in names
    }


def test_nobody_is_allowed_after_a_committed_revocation(report: Report) -> None:
    found = {each.name: each for each in report.measures}["stale_allows"]
    assert found.value == 0, found.note
    assert " 0 allowed" not in found.note, "it was allowed while the role was there"


@pytest.mark.parametrize("sizes", ["", "many", "100,", "99", "-100", "10000000000"])
def test_a_size_that_is_none_is_wrong_usage(sizes: str) -> None:
    assert _bench("--grants", sizes).returncode == 2


def test_the_company_is_the_same_each_time_and_has_so_many_grants() -> None:
    company = make_company(1_000, seed=1)
    assert company.grants == 1_000
    assert len(company.held) == 1_000 // GRANTS_EACH
    assert make_company(1_000, seed=1) == company


def test_questions_are_allowed_and_denied_in_equal_parts(engine: Engine) -> None:
    company = make_company(500, seed=1)
    questions = make_questions(company, engine, [Action.MESSAGE_APPROVE, Action.MESSAGE_READ], 40, seed=1)
    snapshot = company.snapshot(engine)
    assert sum(ask(snapshot, each) for each in questions) == 20


def test_the_dict_walk_allows_whatever_the_policy_allows(engine: Engine) -> None:
    company = make_company(500, seed=1)
    snapshot, walk = company.snapshot(engine), dict_walk(company, engine.bundle)
    questions = make_questions(company, engine, list(Action), 200, seed=1)
    assert all(walk(each) for each in questions if ask(snapshot, each))


def test_a_rival_that_answers_otherwise_is_not_measured(engine: Engine) -> None:
    company = make_company(100, seed=1)
    questions = make_questions(company, engine, [Action.MESSAGE_READ], 4, seed=1)
    with pytest.raises(AnswersDiffer, match="yes-man"):
        check_answers("yes-man", lambda _: True, lambda each: ask(company.snapshot(engine), each), questions)


def test_works_take_turns_and_none_is_always_first() -> None:
    done: list[str] = []
    taken = interleave({"a": lambda: done.append("a"), "b": lambda: done.append("b")}, rounds=4, warm=0)
    assert sorted(done) == ["a"] * 4 + ["b"] * 4
    assert set(taken) == {"a", "b"}
    assert {turned(["a", "b", "c"], turn)[0] for turn in range(6)} == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("value", "at_most", "at_least", "said"),
    [
        (1.0, 1.0, None, "met"),
        (1.1, 1.0, None, "missed"),
        (3.9, None, 4.0, "missed"),
        (None, None, 4.0, ""),
        (1, None, None, ""),
    ],
)
def test_a_figure_is_compared_with_its_goal(
    value: float | None, at_most: float | None, at_least: float | None, said: str
) -> None:
    assert outcome(measure("x", "X", value, "x", at_most=at_most, at_least=at_least)) == said
