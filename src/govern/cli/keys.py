"""The keys that seal accounts' credentials: `govern keys …`."""

import sys

import rich_click as click

from govern.cli.company import Company, clock, run
from govern.cli.tables import print_json, print_table
from govern.domain.members import Via, system_actor
from govern.services.resealing import KeyUse, Resealed, list_key_use, reseal_all
from govern.xapi.vault import Vault

RESEAL = system_actor("reseal", via=Via.CLI)


@click.group()
def keys() -> None:
    """The keys that seal accounts' credentials (GOVERN_TOKEN_KEYS: the first seals, all open)."""


@keys.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(*, as_json: bool) -> None:
    """Count the accounts that each key seals. A key that is not here stops its accounts."""

    async def work(company: Company) -> list[KeyUse]:
        return await list_key_use(vault=Vault.from_settings(company.settings))

    found = run(work, keys=True)
    if as_json:
        print_json(
            [{"key": each.key_id, "accounts": each.accounts, "here": each.here, "seals": each.seals} for each in found]
        )
        return
    print_table(
        ("Key", "Accounts", "Here", "Seals"),
        [(each.key_id, str(each.accounts), _yes(each.here), _yes(each.seals)) for each in found],
    )


@keys.command("rotate")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def rotate(*, as_json: bool) -> None:
    """Seal all credentials anew with the first key of GOVERN_TOKEN_KEYS, row by row.

    Needs the old key too, after the new one. If it ends early, run it again. When `govern keys status` counts no
    account under the old key, and the oldest back-up has expired, destroy it. Exit code: 0 done, 1 something does
    not open.
    """

    async def work(company: Company) -> Resealed:
        return await reseal_all(vault=Vault.from_settings(company.settings), actor=RESEAL, now=clock())

    done = run(work, keys=True)
    if as_json:
        failed = [{"account": handle, "reason": reason} for handle, reason in done.failed]
        print_json({"key": done.key_id, "accounts": done.accounts, "failed": failed})
    else:
        click.echo(f"The credentials of {done.accounts} accounts were sealed anew with the key {done.key_id}.")
        for handle, reason in done.failed:
            click.echo(f"@{handle} was left as it is: {reason}", err=True)
    if done.failed:
        sys.exit(1)


def _yes(so: bool) -> str:
    return "yes" if so else "no"
