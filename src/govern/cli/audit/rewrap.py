"""`govern audit rewrap`: bring every live key of personal content under the first key of GOVERN_AUDIT_KEKS."""

import rich_click as click

from govern.cli.audit.refusals import refusals_end
from govern.cli.company import Company, clock, run
from govern.cli.tables import print_json
from govern.domain.members import system_actor
from govern.services.audit.rewrapping import Rewrapped, rewrap_keys

REWRAP = system_actor("rewrap")


@click.command("rewrap")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def rewrap(*, as_json: bool) -> None:
    """Wrap the keys of personal content anew with the first key of GOVERN_AUDIT_KEKS.

    Needs the old key too, after the new one. When the oldest back-up has expired, destroy the old key: what was
    erased meanwhile cannot be opened from any back-up then. Exit code: 0 done, 2 a key does not open.
    """

    async def work(_company: Company) -> Rewrapped:
        return await rewrap_keys(actor=REWRAP, now=clock())

    with refusals_end():
        done = run(work)
    if as_json:
        print_json({"keys": done.keys, "key": done.key_id})
    else:
        click.echo(f"{done.keys} keys were wrapped anew with the key {done.key_id}.")
