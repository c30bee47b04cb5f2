"""`govern audit proof`: that one entry stands in the log, in a file of the open format C2SP tlog-proof."""

from pathlib import Path
from uuid import UUID

import rich_click as click

from govern.cli.audit.refusals import refusals_end
from govern.cli.company import Company, clock, run
from govern.cli.grants import by
from govern.cli.tables import print_json
from govern.domain.audit import EntryNotFound
from govern.services.audit_log import prove
from govern.tlog.proof import InclusionProof


@click.command("proof")
@click.argument("entry", metavar="ENTRY")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write it there; else print it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@by
def proof(*, entry: str, output: Path | None, as_json: bool, email: str | None) -> None:
    """Prove that an entry (its id, or its arrival) stands in the log under the newest signed checkpoint.

    The proof was checked before it is printed. Exit code: 0 proven, 2 refused or not signed yet.
    """

    async def work(company: Company) -> InclusionProof:
        return await prove(_which(entry), actor=await company.actor(email), access=company.access, now=clock())

    with refusals_end():
        found = run(work)
    if output is not None:
        output.write_text(found.text(), encoding="utf-8", newline="\n")
    if as_json:
        print_json({"leaf_index": found.index, "path": [each.hex() for each in found.path], "proof": found.text()})
    elif output is None:
        click.echo(found.text(), nl=False)


def _which(text: str) -> int | UUID:
    if text.isascii() and text.isdigit() and len(text) <= 18:
        return int(text)
    try:
        return UUID(text)
    except ValueError:
        raise EntryNotFound(noun="entry", name=text[:40]) from None
