"""`govern policy matrix`: the policy as one table of actions and roles, read in review."""

import difflib
import sys
from pathlib import Path

import rich_click as click

from govern.access import read_bundle
from govern.access.matrix import GOLDEN, matrix
from govern.cli.policy.sources import faults_end, folder_argument, policy_folder, read_policy


@click.command("matrix")
@folder_argument
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 if the table is not the policy's.")
def write_matrix(*, folder: Path | None, check: bool) -> None:
    """Write tests/matrix.csv, so that a change of the policy is read as a change of this table."""
    with faults_end():
        files = read_policy(folder)
        table = matrix(read_bundle(files))
    written = files.get(GOLDEN, b"").decode(errors="replace")
    if written == table:
        click.echo("The table is the policy's.")
        return
    if check:
        lines = difflib.unified_diff(written.splitlines(), table.splitlines(), GOLDEN, "the policy", lineterm="", n=0)
        click.echo("\n".join(lines))
        sys.exit(1)
    path = policy_folder(folder) / GOLDEN
    path.parent.mkdir(exist_ok=True)
    path.write_text(table, encoding="utf-8")
    click.echo(f"{path} is written.")
