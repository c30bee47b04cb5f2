"""Break sending on purpose, one rule at a time, and see that a test notices each.

Run by hand, in a checkout with its development tools: `python tools/send_mutants.py [NAME …]`. Each mutant is a copy of the
checkout with one passage changed; its tests must pass without the change and fail with it. Takes about a minute each
where a database is needed. `tests/jobs/test_send_mutants.py` sees that every passage and test named here still exists, and
kills those that need no database.

| Mutant | Killed by |
| --- | --- |
| no_commit_before_post: the attempt is not there yet when X is called | test_sending: claim commits before anything leaves |
| call_in_transaction: X may be called inside a transaction | test_session: no call leaves from inside a transaction |
| no_gate: a connection that came too late is written to all the same | test_outcomes: gate lets nothing through too late |
| sweeper_resets: an overdue attempt counts as not sent | test_outcomes: no answer before the deadline is unknown |
| one_early_read: one reading that shows nothing is enough | test_readings: pauses; test_reconcile: a reading that lags |
| no_index_in_flight, no_index_possible: an index is gone | test_send_once_indexes |
| server_error_failed: 5xx is a refusal | test_outcomes: answer that proves nothing means unknown |
| duplicate_failed: a duplicate after an unknown attempt is a refusal | test_outcomes: duplicate is unknown again |
| redirects: a 307 is followed | test_outcomes: answer that proves nothing means unknown |
| settle_unshielded: a cancelled job does not settle | test_publish: cancelled again and again it still settles |
| digest_unchecked: rows that are not what was approved are sent | test_sending: content that is not what was approved |
| pause_only_at_scheduling: the claim does not look for pauses | test_sending: hold is recorded once |
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
COPIED = ("src", "tests", "migrations")
LINKED = ("admin", "policies", "pyproject.toml", "README.md", "tools", "scripts", "compose.yaml", "deploy", "docs")
LIMIT = 300


@dataclass(frozen=True)
class Mutant:
    """One passage of one file, what it becomes, and the tests that fail then."""

    name: str
    file: str
    passage: str
    becomes: str
    killed_by: str
    pure: bool = False
    """Whether its tests need no database."""

    def write(self, checkout: Path) -> None:
        """Change the passage in a copy of the checkout.

        Raises:
            ValueError: the passage is not there once.
        """
        file = checkout / self.file
        text = file.read_text(encoding="utf-8")
        if text.count(self.passage) != 1:
            raise ValueError(f"{self.name}: the passage is {text.count(self.passage)} times in {self.file}")
        file.write_text(text.replace(self.passage, self.becomes), encoding="utf-8")


MUTANTS = (
    Mutant(
        name="no_commit_before_post",
        file="src/govern/services/sending.py",
        passage="    await _start(due, message, wish.cost, worker=worker, settings=settings, now=now)\n",
        becomes="",
        killed_by="tests/services/test_sending.py::test_claim_commits_to_sending_before_anything_leaves",
    ),
    Mutant(
        name="call_in_transaction",
        file="src/govern/xapi/call.py",
        passage="if in_transaction():",
        becomes="if in_transaction() and not write:",
        killed_by="tests/xapi/test_session.py::test_no_call_leaves_from_inside_a_transaction",
    ),
    Mutant(
        name="no_gate",
        file="src/govern/xapi/session.py",
        passage="if write_before is not None and datetime.now(UTC) > write_before:",
        becomes="if write_before is None and datetime.now(UTC).year < 1:",
        killed_by="tests/xapi/test_outcomes.py::test_gate_lets_nothing_through_too_late",
        pure=True,
    ),
    Mutant(
        name="sweeper_resets",
        file="src/govern/services/answers.py",
        passage='    outcome=Outcome.UNKNOWN, code="deadline"',
        becomes='    outcome=Outcome.NOT_SENT, again_at=datetime.fromisoformat("2100-01-01T00:00:00Z"), code="deadline"',
        killed_by="tests/services/test_outcomes.py::test_no_answer_before_the_deadline_is_an_unknown_outcome",
    ),
    Mutant(
        name="one_early_read",
        file="src/govern/domain/readings.py",
        passage="if done >= len(delays) or",
        becomes="if done >= 1 or",
        killed_by="tests/jobs/test_reconcile.py::test_reading_that_lags_settles_nothing_and_the_next_finds_it",
    ),
    Mutant(
        name="no_index_in_flight",
        file="migrations/govern_2026_11_22t17_49_28_993156.py",
        passage="CREATE UNIQUE INDEX IF NOT EXISTS attempt_one_in_flight ON",
        becomes="CREATE INDEX IF NOT EXISTS attempt_one_in_flight ON",
        killed_by="tests/services/test_send_once_indexes.py::test_account_has_one_attempt_in_flight",
    ),
    Mutant(
        name="no_index_possible",
        file="migrations/govern_2026_11_22t17_49_28_993156.py",
        passage="CREATE UNIQUE INDEX IF NOT EXISTS attempt_one_possible ON",
        becomes="CREATE INDEX IF NOT EXISTS attempt_one_possible ON",
        killed_by="tests/services/test_send_once_indexes.py"
        "::test_publication_that_is_out_or_may_be_gets_no_second_attempt",
    ),
    Mutant(
        name="server_error_failed",
        file="src/govern/xapi/classify.py",
        passage="_REFUSALS = frozenset({400, 403, 404})",
        becomes="_REFUSALS = frozenset({400, 403, 404, 500, 502, 503})",
        killed_by="tests/xapi/test_outcomes.py::test_answer_that_proves_nothing_means_unknown",
        pure=True,
    ),
    Mutant(
        name="duplicate_failed",
        file="src/govern/services/answers.py",
        passage="return msgspec.structs.replace(result, outcome=Outcome.UNKNOWN, reason=PROBABLY_OUT)",
        becomes="return msgspec.structs.replace(result, reason=PROBABLY_OUT)",
        killed_by="tests/services/test_outcomes.py::test_duplicate_after_an_unknown_attempt_is_unknown_again",
    ),
    Mutant(
        name="redirects",
        file="src/govern/xapi/session.py",
        passage="allow_redirects=False",
        becomes="allow_redirects=True",
        killed_by="tests/xapi/test_outcomes.py::test_answer_that_proves_nothing_means_unknown",
        pure=True,
    ),
    Mutant(
        name="settle_unshielded",
        file="src/govern/jobs/publish.py",
        passage="await _undisturbed(_settle(claim, result, clock=clock))",
        becomes="await _settle(claim, result, clock=clock)",
        killed_by="tests/jobs/test_publish.py::test_cancelled_again_and_again_it_still_settles",
    ),
    Mutant(
        name="digest_unchecked",
        file="src/govern/services/sending.py",
        passage="if await digest_of(message) != due.content_digest:",
        becomes="if await digest_of(message) != await digest_of(message):",
        killed_by="tests/services/test_sending.py::test_content_that_is_not_what_was_approved_is_held",
    ),
    Mutant(
        name="pause_only_at_scheduling",
        file="src/govern/services/publish_rights.py",
        passage='"paused": await is_paused(message.scope, message.kind),',
        becomes='"paused": False,',
        killed_by="tests/services/test_sending.py::test_hold_is_recorded_once_asked_again_and_cleared",
    ),
)


def passes(mutant: Mutant | None, tests: Sequence[str]) -> bool:
    """Tell whether the tests pass in a copy of the checkout with this change, or with none."""
    with tempfile.TemporaryDirectory(prefix="govern-mutant-") as folder:
        checkout = Path(folder)
        for name in COPIED:
            shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in LINKED:
            (checkout / name).symlink_to(ROOT / name)
        if mutant is not None:
            mutant.write(checkout)
        done = subprocess.run(  # noqa: S603 - our own tests
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *tests],
            cwd=checkout,
            env={
                **os.environ,  # noqa: TID251 - a tool's own, handed on
                "PYTHONPATH": f"{checkout}{os.pathsep}{checkout / 'src'}",
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            capture_output=True,
            timeout=LIMIT,
            check=False,
        )
        if done.returncode > 1:
            raise RuntimeError(done.stdout.decode() + done.stderr.decode())
        return done.returncode == 0


def main(names: Sequence[str]) -> int:
    """Kill the mutants of these names, or all; return how many live."""
    chosen = [mutant for mutant in MUTANTS if not names or mutant.name in names]
    if not passes(None, sorted({mutant.killed_by for mutant in chosen})):
        sys.stdout.write("The tests fail without any change.\n")
        return 1
    lived = 0
    for mutant in chosen:
        alive = passes(mutant, [mutant.killed_by])
        lived += alive
        sys.stdout.write(f"{'LIVES' if alive else 'killed':7} {mutant.name}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{len(chosen) - lived} of {len(chosen)} killed.\n")
    return lived


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
