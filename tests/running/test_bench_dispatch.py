"""`govern bench dispatch`: that it measures what it says; how fast a machine is, no test asks."""

import subprocess
import sys

import msgspec
import pytest

from govern.bench.dispatch_report import Report, Spread
from govern.xapi.bare import BareClient
from govern.xapi.credentials import Credentials

MEASURES = [
    "alone",
    "at_once",
    "approved_to_sent_p50",
    "approved_to_sent_p99",
    "answer_first",
    "sweep",
    "claim",
    "claim_due",
]
"""What others read from the JSON."""


def test_a_quick_run_gives_every_figure_beside_its_goal() -> None:
    command = [sys.executable, "-m", "govern.cli", "bench", "dispatch", "--quick", "--json"]
    done = subprocess.run(command, capture_output=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr.decode()
    found = {each.name: each for each in msgspec.json.decode(done.stdout, type=Report).measures}
    assert list(found) == MEASURES
    assert [each.name for each in found.values() if each.met is not None] == ["alone", "at_once", "answer_first"]
    assert all(each.value is not None and (each.value > 0 or each.name == "answer_first") for each in found.values())
    assert found["answer_first"].met


def test_half_and_nearly_all() -> None:
    assert Spread.of([float(number) for number in range(101)]) == Spread(p50=50.0, p99=99.0)


def test_nothing_is_measured_against_the_real_x() -> None:
    keys = Credentials(api_key="k", api_secret="s", access_token="1-t", access_token_secret="ts")
    with pytest.raises(ValueError, match="real X"):
        BareClient(keys, base_url="https://api.x.com")
