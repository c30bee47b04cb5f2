"""`govern policy activate`: put another policy in force, after what it would do was read."""

import sys
from collections.abc import Mapping
from pathlib import Path

import rich_click as click

from govern.access import read_bundle
from govern.access.engine import Engine
from govern.access.testing import run_policy_tests
from govern.cli.company import Company, acting, clock, run
from govern.cli.policy.differences import show
from govern.cli.policy.sources import faults_end, folder_argument, read_policy
from govern.errors import N_, Conflict
from govern.services.policy_activation import activate_policy
from govern.services.policy_simulation import simulate_policy


class PolicyTestsFail(Conflict):
    code = "policy.tests_fail"
    template = N_("The tests of this policy fail; `govern policy test` says which. The active policy stays.")


@click.command("activate")
@folder_argument
@click.option("--reason", required=True, help="Why, in 3 to 500 characters; it stands in the log.")
@click.option("--yes", is_flag=True, help="Do not ask; the simulation is printed all the same.")
@acting
def activate(*, folder: Path | None, reason: str, yes: bool, email: str | None) -> None:
    """Show who gains and who loses, then put the policy in force, in every process, for the next decision.

    Exit code: 0 in force, 1 refused, 2 a policy file is faulty.
    """
    if not (yes or sys.stdin.isatty()):
        raise click.UsageError("There is no terminal to ask on: read `govern policy diff`, then use --yes.")
    with faults_end():
        files = read_policy(folder)
        engine = Engine(read_bundle(files))
        if not run_policy_tests(files).passed:
            raise PolicyTestsFail
        _activate(files, engine, reason=reason, ask=not yes, email=email)
    click.echo(f"In force: {engine.bundle.digest}")


def _activate(files: Mapping[str, bytes], engine: Engine, *, reason: str, ask: bool, email: str | None) -> None:
    async def work(company: Company) -> None:
        actor = await company.actor(email)
        simulation = await simulate_policy(engine, access=company.access)
        show(simulation)
        if ask:
            click.confirm("Put this policy in force?", abort=True)
        await activate_policy(
            files,
            reason=reason,
            shown=simulation.difference,
            actor=actor,
            access=company.access,
            now=clock(),
        )

    run(work)
