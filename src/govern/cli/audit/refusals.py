"""Exit codes of `govern audit …`: 2 for what is refused, since 1 says that something in the log is false."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import rich_click as click

from govern.errors import GovernError

REFUSED = 2


@contextmanager
def refusals_end() -> Iterator[None]:
    """Print a refusal, and end with exit code 2."""
    try:
        yield
    except GovernError as error:
        click.echo(f"{error.code}: {error.detail}", err=True)
        sys.exit(REFUSED)
