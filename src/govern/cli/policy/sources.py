"""Where a policy on the command line comes from, and how a faulty one ends the command."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import rich_click as click

from govern import settings
from govern.access import PolicyFault
from govern.access.bundle import read_folder
from govern.screening.policy_source import PolicyError

BAD_POLICY = 2

folder_argument = click.argument(
    "folder", required=False, metavar="[FOLDER]", type=click.Path(file_okay=False, path_type=Path)
)


def policy_folder(folder: Path | None) -> Path:
    """Return the folder of the access policy: the one given, or the one that `GOVERN_POLICIES` names."""
    given = folder or settings.load().policies
    return given / "access" if (given / "access").is_dir() else given


def read_policy(folder: Path | None) -> dict[str, bytes]:
    """Read the files of the access policy.

    Raises:
        PolicyFault: there is no such folder, or a file cannot be read.
    """
    return read_folder(policy_folder(folder))


@contextmanager
def faults_end() -> Iterator[None]:
    """End the command with exit code 2 where a policy file is faulty; the message names file, line, expectation."""
    try:
        yield
    except (PolicyFault, PolicyError) as fault:
        click.echo(f"{fault.code}: {fault.detail}", err=True)
        sys.exit(BAD_POLICY)
