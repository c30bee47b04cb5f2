"""The command `govern`: one module per family of commands."""

import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import ClassVar

import rich_click as click

from govern import __version__, settings
from govern.errors import GovernError
from govern.settings import SettingsError

RUNNING = "running.json"  # what `govern up` tells the commands beside it, in its data folder
ON_THEIR_OWN = {
    "up": "up",
    "serve": "roots",
    "worker": "roots",
    "sandbox": "roots",
    "migrate": "roots",
    "bench": "bench",
    "screen": "screening",
}
"""Commands that take their settings from the environment alone, and the module of each."""
ON_DATA = {
    "member": "members",
    "token": "tokens",
    "grant": "grants",
    "account": "accounts",
    "import": "imports",
    "keys": "keys",
    "policy": "policy",
    "audit": "audit",
    "demo-seed": "demo",
}
"""Commands that reach the engines of a running `govern up`."""
MODULES = {**ON_THEIR_OWN, **ON_DATA}


class Families(click.RichGroup):
    """Imports a command's module when the command is asked for: the sandbox need not wait for what talks to X."""

    package: ClassVar[str] = "govern.cli"
    modules: ClassVar[Mapping[str, str]] = MODULES

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *self.modules})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.modules:
            return super().get_command(ctx, cmd_name)
        found: dict[str | None, click.Command] = {
            value.name: value
            for value in vars(import_module(f"{self.package}.{self.modules[cmd_name]}")).values()
            if isinstance(value, click.Command)
        }
        return found[cmd_name]


@click.group(cls=Families, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--data-dir", "_data_dir", envvar="GOVERN_DATA_DIR", default=".govern", hidden=True, type=Path)
@click.pass_context
def cli(context: click.Context, _data_dir: Path) -> None:
    """Run a company's many X accounts under rules, with a record of all of it."""
    if context.invoked_subcommand not in ON_THEIR_OWN:
        settings.adopt(_data_dir / RUNNING)


@cli.command()
def version() -> None:
    """Print the version."""
    click.echo(__version__)


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
