"""`govern policy diff`: what another policy would change for the people there are."""

import sys
from pathlib import Path

import rich_click as click

from govern.access import load_bundle
from govern.access.engine import Engine
from govern.cli.company import Company, run
from govern.cli.policy.differences import show
from govern.cli.policy.sources import faults_end, policy_folder
from govern.cli.tables import print_json
from govern.services.policy_simulation import Simulation, find_engine, simulate_policy

ACTIVE = "active"


@click.command("diff")
@click.argument("old", default=ACTIVE, metavar="[OLD]")
@click.argument("new", required=False, metavar="[NEW]")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def diff(*, old: str, new: str | None, as_json: bool) -> None:
    """Compare two policies on the real grants: who gains, who loses, by which rules, which messages would wait in vain.

    OLD and NEW are `active`, the digest of a policy that was in force, or a folder; left out: the active policy and the
    policy files of this installation. Exit code: 0 nobody gains, 1 somebody gains, 2 a policy file is faulty.
    """

    async def work(company: Company) -> Simulation:
        before, after = await _engine(old, company), await _engine(new, company)
        return await simulate_policy(after, old=before, access=company.access)

    with faults_end():
        simulation = run(work)
    if as_json:
        print_json(simulation)
    else:
        show(simulation)
    sys.exit(1 if simulation.difference.gains else 0)


async def _engine(source: str | None, company: Company) -> Engine:
    if source == ACTIVE:
        return (await company.access.snapshot()).engine
    if source is not None and source.startswith("sha256:"):
        return await find_engine(source, access=company.access)
    return Engine(load_bundle(policy_folder(Path(source) if source else None)))
