"""`govern policy test`: the tests that stand beside the rules, and the golden cases, without a database."""

import sys
import time
from pathlib import Path

import msgspec
import rich_click as click

from govern.access.mutants import Mutation, mutate
from govern.access.testing import Report, run_policy_tests
from govern.cli.policy.sources import faults_end, policy_folder, read_policy
from govern.cli.tables import print_json
from govern.screening.cases import parse_cases, run_cases
from govern.screening.families import PROMOTIONAL
from govern.screening.inline_tests import Failure, run_inline_tests
from govern.screening.policy import load_policy, read_case_files

PARTS = ("access", "screening")


class Screening(msgspec.Struct, frozen=True, kw_only=True):
    """How many inline tests and golden cases the screening rules have, and which came out otherwise."""

    tests: int
    cases: int
    failures: tuple[Failure, ...]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """All that was tried; None: not asked for, or no such policy there."""

    passed: bool
    access: Report | None
    mutation: Mutation | None
    screening: Screening | None
    seconds: float


@click.command("test")
@click.argument("what", nargs=-1, metavar="[access|screening] [FOLDER]")
@click.option("--mutate", "mutating", is_flag=True, help="Change each rule of access in turn: a test must notice.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def test(*, what: tuple[str, ...], mutating: bool, as_json: bool) -> None:
    """Run the policy's tests. Exit code: 0 all hold, 1 something failed, 2 a policy file is faulty."""
    begun = time.perf_counter()
    part, folder = _asked(what)
    with faults_end():
        files = read_policy(folder) if part != "screening" else None
        access = run_policy_tests(files) if files is not None else None
        mutation = mutate(files) if mutating and files is not None else None
        screening = _screening(policy_folder(folder), only=part == "screening") if part != "access" else None
    survived = mutation is not None and bool(mutation.survivors)
    failed = (screening is not None and bool(screening.failures)) or (access is not None and not access.passed)
    result = Result(
        passed=not survived and not failed,
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


def _asked(what: tuple[str, ...]) -> tuple[str | None, Path | None]:
    """Return the part to test, None for all, and the folder; a folder that is named like a part is a folder."""
    is_part = bool(what) and what[0] in PARTS and not Path(what[0]).is_dir()
    part, folders = (what[0], what[1:]) if is_part else (None, what)
    if len(folders) > 1:
        raise click.UsageError("One folder at most.")
    return part, Path(folders[0]) if folders else None


def _screening(folder: Path, *, only: bool) -> Screening | None:
    """Run what stands beside the screening rules; where only they are asked for, they must be there."""
    policies = folder.parent if folder.name == "access" else folder
    if not only and not (policies / PROMOTIONAL.name).is_file():
        return None
    policy = load_policy(policies)
    cases = [case for name, text in read_case_files(policies).items() for case in parse_cases(name, text)]
    return Screening(
        tests=sum(map(len, policy.tests.values())),
        cases=len(cases),
        failures=(*run_inline_tests(policy), *run_cases(cases, policy)),
    )


def _say(result: Result) -> None:
    if result.access is not None:
        _say_access(result.access)
    if result.mutation is not None:
        mutation = result.mutation
        click.echo(f"mutants: {mutation.mutants}, of which the loader refuses {mutation.refused}")
        for mutant in mutation.survivors:
            click.echo(f"  {mutant.file}, line {mutant.line}: no test notices {mutant.rule}: {mutant.change}")
    if result.screening is not None:
        click.echo(f"screening: {result.screening.tests} inline tests, {result.screening.cases} golden cases")
        for wrong in result.screening.failures:
            click.echo(f"  {wrong.rule}: {wrong.text!r}: expected {wrong.expected}, found {wrong.got}")
    click.echo(f"{'All hold' if result.passed else 'Failed'} ({result.seconds:.1f} s).")


def _say_access(access: Report) -> None:
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
