"""`govern audit export`: a part of the log, in a file that others can check."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import rich_click as click

from govern.cli.audit.refusals import refusals_end
from govern.cli.company import Company, clock, run
from govern.cli.grants import by, reason_option
from govern.cli.tables import print_json
from govern.domain.exports import ExportFormat, Question, read_range
from govern.services.audit.log_key import read_verifier
from govern.services.export_runs import Made, export_to
from govern.tlog.checkpoint import open_checkpoint
from govern.tlog.note import NoteError


@click.command("export")
@click.option("--query", metavar="QUERY", help="As in the search box; '' is everything. It cannot prove completeness.")
@click.option(
    "--range", "places", metavar="I:J", help="From place I up to, not including, J: proves nothing is left out."
)
@reason_option
@click.option(
    "-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The file to write."
)
@click.option(
    "--format",
    "file_format",
    type=click.Choice([each.value for each in ExportFormat]),
    default=ExportFormat.BUNDLE.value,
    show_default=True,
    help="A bundle that can be checked, or lines.",
)
@click.option(
    "--since",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="NOTE",
    help="A checkpoint kept earlier: the bundle proves that nothing before it was changed.",
)
@click.option("--open", "openings", is_flag=True, help="Personal fields too, opened.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@by
def export(
    *,
    query: str | None,
    places: str | None,
    reason: str,
    output: Path,
    file_format: str,
    since: Path | None,
    openings: bool,
    as_json: bool,
    email: str | None,
) -> None:
    """Write a part of the log to a file. The export is itself recorded, with who, why, and the hash of the file.

    Check a bundle with `python verify.py FILE --key KEY`. Exit code: 0 done, 2 refused.
    """
    if (query is None) == (places is None):
        raise click.UsageError("Give --query or --range.")
    with refusals_end():
        begin, end = read_range(places) if places is not None else (None, None)

        async def work(company: Company) -> Made:
            question = Question(
                begin=begin, end=end, query=query or "", openings=openings, since=_since(since, company)
            )
            actor = await company.actor(email)
            with _replacing(output) as file:
                return await export_to(
                    file,
                    question,
                    output=ExportFormat(file_format),
                    reason=reason,
                    actor=actor,
                    access=company.access,
                    now=clock(),
                )

        made = run(work)
    _say(made, output, as_json=as_json)


@contextmanager
def _replacing(output: Path) -> Iterator[IO[bytes]]:
    """Write beside the file, readable by its owner alone, and put it in place only when it is whole and recorded."""
    number, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
    beside = Path(name)
    try:
        with os.fdopen(number, "w+b") as file:
            yield file
        beside.replace(output)
    finally:
        beside.unlink(missing_ok=True)


def _since(file: Path | None, company: Company) -> int | None:
    """Return the size of a kept checkpoint, once it is known to be of this log."""
    if file is None:
        return None
    try:
        key = read_verifier(company.settings.verifier_file)
        return open_checkpoint(file.read_bytes(), [key], origin=company.settings.audit_origin).size
    except NoteError as error:
        raise click.BadParameter(f"{file} is no checkpoint of this log: {error}.", param_hint="--since") from error


def _say(made: Made, output: Path, *, as_json: bool) -> None:
    manifest = made.written.manifest
    if as_json:
        print_json(
            {
                "file": str(output),
                "sha256": made.sha256.hex(),
                "manifest": manifest.hex() if manifest else None,
                "entries": made.written.entries,
                "opened": made.written.opened,
                "size": made.size,
                "begin": made.begin,
                "end": made.end,
            }
        )
        return
    click.echo(f"{output}: {made.written.entries} entries of {made.size}, {made.written.opened} with personal fields.")
    click.echo(f"SHA-256 of the file: {made.sha256.hex()}")
    if manifest:
        click.echo(f"SHA-256 of its manifest, as the log's entry of this export has it: {manifest.hex()}")
