"""The audit log on the command line: `govern audit …`, one module per kind of work."""

from typing import ClassVar

import rich_click as click

from govern.cli import Families


class Audit(Families):
    """Imports a command's module when the command is asked for: the sequencer needs nothing of the others."""

    package: ClassVar = "govern.cli.audit"
    modules: ClassVar = {
        "init": "init",
        "sequence": "sequence",
        "checkpoint": "checkpoint",
        "verify": "verify",
        "proof": "proof",
        "export": "export",
        "erase": "erase",
        "hold": "erase",
        "rewrap": "rewrap",
    }


@click.group(cls=Audit)
def audit() -> None:
    """The log: its beginning, its sequencer, its proofs. Exit code: 0 done or proven, 1 false, 2 refused."""
