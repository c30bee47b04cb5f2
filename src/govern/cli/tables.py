"""How commands print what they found: for people, or as JSON."""

import sys
from collections.abc import Sequence

import msgspec
import rich_click as click
from rich.console import Console
from rich.table import Table


def print_json(value: object) -> None:
    """Print one line of JSON."""
    click.echo(msgspec.json.encode(value))


def print_table(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """Print a table; its head alone tells that there is nothing."""
    table = Table(*columns)
    for line in lines:
        table.add_row(*line)
    # A pipe has no width: a line there is as long as it must be.
    Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 200).print(table)
