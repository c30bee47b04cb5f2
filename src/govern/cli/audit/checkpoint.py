"""`govern audit checkpoint`: the last signed note, to be kept elsewhere."""

import asyncio
from pathlib import Path

import rich_click as click

from govern import database, settings
from govern.cli.audit.refusals import refusals_end
from govern.services.audit.log_key import read_verifier
from govern.services.audit.log_state import read_signed
from govern.settings import Settings
from govern.tlog.checkpoint import Checkpoint


@click.command("checkpoint")
@click.option(
    "--save",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep it there as <size>.checkpoint; meant for a daily run, on another machine.",
)
def checkpoint(*, save: Path | None) -> None:
    """Print the last signed checkpoint, or keep it; a database that later contradicts it was changed."""
    current = settings.require(settings.load(), "database_url")
    with refusals_end():
        note, signed = asyncio.run(_read(current))
    if save is None:
        click.echo(note, nl=False)
        return
    click.echo(str(_keep(save, signed, note)))


async def _read(current: Settings) -> tuple[str, Checkpoint]:
    async with database.pool(size=1):
        return await read_signed(read_verifier(current.verifier_file), current.audit_origin)


def _keep(folder: Path, signed: Checkpoint, note: str) -> Path:
    """Write the note once; what was kept before is never overwritten."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{signed.size:012}.checkpoint"
    if not (file.exists() and file.read_text(encoding="utf-8") == note):
        with file.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(note)
    return file
