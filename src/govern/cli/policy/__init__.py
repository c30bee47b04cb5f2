"""The access policy on the command line: `govern policy …`, one module per kind of work."""

from typing import ClassVar

import rich_click as click

from govern.cli import Families


class Policy(Families):
    """Imports a command's module when the command is asked for: trying rules needs no database."""

    package: ClassVar = "govern.cli.policy"
    modules: ClassVar = {
        "explain": "explain",
        "who-can": "explain",
        "where-can": "explain",
        "test": "testing",
        "diff": "diff",
        "matrix": "matrix",
        "activate": "activate",
    }


@click.group(cls=Policy)
def policy() -> None:
    """Who may do what: ask it, test it, change it."""
