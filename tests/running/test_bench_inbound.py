"""`govern bench inbound`: that it measures what it says; how fast a machine is, no test asks."""

import subprocess
import sys

import msgspec

from govern.bench.inbound_report import Kept, Report, Times, read_measures

MEASURES = [
    "webhook.p95",
    "insert.p95",
    "webhook.ratio",
    "flood.lost",
    "flood.doubled",
    "flood.strange",
    "flood.per_second",
]
"""What others read from the JSON."""


def test_a_quick_run_gives_every_figure_and_loses_nothing() -> None:
    command = [sys.executable, "-m", "govern.cli", "bench", "inbound", "--quick", "--json"]
    done = subprocess.run(command, capture_output=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr.decode()
    report = msgspec.json.decode(done.stdout, type=Report)
    found = {each.name: each.value for each in report.measures}
    assert list(found) == MEASURES
    assert (found["flood.lost"], found["flood.doubled"], found["flood.strange"]) == (0, 0, 0)


def test_what_is_lost_or_kept_twice_misses_its_goal() -> None:
    times = Times(webhook=[0.002] * 20, insert=[0.0005] * 20)
    kept = Kept(deliveries=10, expected=8, lost=1, doubled=2, strange=0, seconds=1)
    missed = [each.name for each in read_measures(times, kept) if each.met is False]
    assert missed == ["webhook.ratio", "flood.lost", "flood.doubled"]
