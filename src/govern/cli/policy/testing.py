"""`govern policy test`: the tests that stand beside the rules, without a database."""

import sys
import time
from pathlib import Path

import msgspec
import rich_click as click

from govern.access.mutants import Mutation, mutate
from govern.access.testing import Report, run_policy_tests
from govern.cli.policy.sources import faults_end, folder_argument, policy_folder, read_policy
from govern.cli.tables import print_json
from govern.screening.policy import PROMOTIONAL, Failure, load_policy, run_inline_tests


class Screening(msgspec.Struct, frozen=True, kw_only=True):
    """How many inline tests of the screening rules there are, and which came out otherwise."""

    tests: int
    failures: tuple[Failure, ...]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """All that was tried; None: not asked for, or no such policy beside the access policy."""

    passed: bool
    access: Report
    mutation: Mutation | None
    screening: Screening | None
    seconds: float


@click.command("test")
@folder_argument
@click.option("--mutate", "mutating", is_flag=True, help="Change each rule in turn: a test must notice.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def test(*, folder: Path | None, mutating: bool, as_json: bool) -> None:
    """Run the policy's tests. Exit code: 0 all hold, 1 something failed, 2 a policy file is faulty."""
    begun = time.perf_counter()
    with faults_end():
        files = read_policy(folder)
        access = run_policy_tests(files)
        mutation = mutate(files) if mutating else None
        screening = _screening(policy_folder(folder).parent)
    survived = mutation is not None and bool(mutation.survivors)
    failed = screening is not None and bool(screening.failures)
    result = Result(
        passed=access.passed and not survived and not failed,
        access=access,
        mutation=mutation,
        screening=screening,
        seconds=round(time.perf_counter() - begun, 3),
    )
    if as_json:
        print_json(result)
    else:
        _say(result)
    sys.exit(0 if result.passed else 1)


def _screening(policies: Path) -> Screening | None:
    """Run the inline tests of the screening rules, where such rules stand beside the access policy."""
    if not (policies / PROMOTIONAL).is_file():
        return None
    policy = load_policy(policies)
    return Screening(tests=sum(map(len, policy.tests.values())), failures=tuple(run_inline_tests(policy)))


def _say(result: Result) -> None:
    access, mutation, screening = result.access, result.mutation, result.screening
    click.echo(f"access: {access.cases} cases and invariants, {access.decisions} decisions, {access.rules} rules")
    for failure in access.failures:
        click.echo(f"  {failure.file}, line {failure.line}: {failure.case}")
        click.echo(f"    expected {failure.expected}, found {failure.found}")
    for rule in access.undecided:
        click.echo(f"  no case is decided by the rule {rule}")
    for name, value in [
        *((each, "true") for each in access.never_true),
        *((each, "false") for each in access.never_false),
    ]:
        click.echo(f"  in no case the condition {name} is {value}")
    if mutation is not None:
        click.echo(f"mutants: {mutation.mutants}, of which the loader refuses {mutation.refused}")
        for mutant in mutation.survivors:
            click.echo(f"  {mutant.file}, line {mutant.line}: no test notices {mutant.rule}: {mutant.change}")
    if screening is not None:
        click.echo(f"screening: {screening.tests} inline tests")
        for wrong in screening.failures:
            click.echo(f"  {wrong.rule}: {wrong.text!r}: expected {wrong.expected}, found {wrong.got}")
    click.echo(f"{'All hold' if result.passed else 'Failed'} ({result.seconds:.1f} s).")
