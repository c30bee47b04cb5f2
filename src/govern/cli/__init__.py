"""The command `govern`: one module per family of commands."""

import sys
from pathlib import Path

import rich_click as click

from govern import __version__, settings
from govern.cli.accounts import account
from govern.cli.demo import demo_seed
from govern.cli.imports import import_file
from govern.cli.members import member, token
from govern.cli.roots import migrate, sandbox, serve, worker
from govern.cli.up import RUNNING, up
from govern.errors import GovernError
from govern.settings import SettingsError

ON_THEIR_OWN = (up, serve, worker, sandbox, migrate)
ON_DATA = (member, token, account, import_file, demo_seed)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--data-dir", "_data_dir", envvar="GOVERN_DATA_DIR", default=".govern", hidden=True, type=Path)
@click.pass_context
def cli(context: click.Context, _data_dir: Path) -> None:
    """Run a company's many X accounts under rules, with a record of all of it."""
    if context.invoked_subcommand not in {command.name for command in ON_THEIR_OWN}:
        settings.adopt(_data_dir / RUNNING)


@cli.command()
def version() -> None:
    """Print the version."""
    click.echo(__version__)


for command in (*ON_THEIR_OWN, *ON_DATA):
    cli.add_command(command)


def main() -> None:
    """Run the command line. Exit code: 0 done, 1 refused or failed, 2 wrong usage or settings."""
    try:
        cli()
    except SettingsError as error:
        for fault in error.faults:
            click.echo(fault, err=True)
        sys.exit(2)
    except GovernError as error:
        click.echo(f"{error.code}: {error.detail}", err=True)
        sys.exit(1)
