"""`govern bench audit`: that it measures what it says, and loses nothing; how fast a machine is, no test asks."""

import random
import subprocess
import sys

import msgspec
import pytest

from govern.bench.audit_load import ratio
from govern.bench.audit_memory import check, grow, measure_memory
from govern.bench.audit_report import Report
from govern.bench.audit_searching import CONDITIONS, make_values
from govern.bench.audit_texts import PER_MESSAGE, make_texts, mean_bytes
from govern.domain.audit import read_entry
from govern.tlog.canonical import leaf_hash, parse
from govern.tlog.tree import root_of

ORIGIN = "bench.example/audit"
MEASURES = [
    "approval.8",
    "approval.32",
    *(f"append.{name}.{connections}" for name in ("log", "unguarded", "chain") for connections in (1, 8, 32)),
    "append.faster_than_chain",
    "lag_p50",
    "lag_p99",
    "backlog",
    "placed_per_second",
    "published_per_second",
    "indexed_per_second",
    "leaves_per_second",
    "tree",
    "reading",
    "verified_per_second",
    "verify",
    *(f"search.{kind}" for kind in (*CONDITIONS, "mixed")),
    "search_p95",
    "bytes_per_entry",
    "lost_or_twice",
]
"""What others read from the JSON."""


def _bench(*options: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "govern.cli", "bench", "audit", *options]
    return subprocess.run(command, capture_output=True, timeout=400, check=False)


@pytest.fixture(scope="module")
def report() -> Report:
    done = _bench("--quick", "--json", "--entries", "1500")
    assert done.returncode == 0, done.stderr.decode()
    return msgspec.json.decode(done.stdout, type=Report)


def test_a_quick_run_gives_every_figure_beside_its_goal(report: Report) -> None:
    assert [each.name for each in report.measures] == MEASURES
    for each in report.measures:
        has_goal = each.at_most is not None or each.at_least is not None
        assert each.value is not None
        assert (each.met is not None) is has_goal
        assert each.value > 0 or each.name == "lost_or_twice"


def test_nothing_is_lost_or_placed_twice(report: Report) -> None:
    found = {each.name: each for each in report.measures}["lost_or_twice"]
    assert found.value == 0, found.note
    assert not found.note.startswith("0 committed")
    assert ", 0 sequencers killed" not in found.note


def test_as_many_entries_are_searched_as_were_asked_for(report: Report) -> None:
    assert report.entries >= 1_500


@pytest.mark.parametrize("entries", ["", "many", "999", "-1", "20000001"])
def test_a_number_of_entries_that_is_none_is_wrong_usage(entries: str) -> None:
    assert _bench("--entries", entries).returncode == 2


def test_made_up_entries_are_canonical_in_our_format_and_each_of_its_own() -> None:
    texts = list(make_texts(40, origin=ORIGIN, seed=1))
    entries = [read_entry(text) for text in texts]
    assert all(entries)
    assert len({entry.id for entry in entries if entry}) == len(texts)
    assert len({entry.object.id for entry in entries if entry}) == -(-len(texts) // PER_MESSAGE)
    for text in texts:
        parse(text)
    assert mean_bytes(["é", "ab"]) == 2


def test_the_tree_that_is_measured_is_the_tree() -> None:
    texts = list(make_texts(700, origin=ORIGIN, seed=1))
    assert grow(texts) == check(texts) == root_of(map(leaf_hash, texts))


def test_rates_are_of_the_same_texts() -> None:
    rates = measure_memory(list(make_texts(50, origin=ORIGIN, seed=1)), rounds=1)
    assert all(value > 0 for value in msgspec.structs.astuple(rates))


def test_a_round_that_is_slow_for_both_changes_no_ratio() -> None:
    assert ratio([90, 9, 900], [100, 10, 1_000]) == 0.9


def test_every_kind_of_search_has_something_to_look_for() -> None:
    for kind, condition in CONDITIONS.items():
        values = make_values(kind, 1_000, random.Random(1))
        assert all(values)
        assert f"${len(values)}" in condition
