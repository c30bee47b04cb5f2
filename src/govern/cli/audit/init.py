"""`govern audit init`: the beginning of the log, and how it goes on after a loss."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import rich_click as click

from govern import database, log, settings
from govern.cli.audit.refusals import refusals_end
from govern.cli.tables import print_json
from govern.domain.members import system_actor
from govern.services.audit.creating import Begun, adopt_checkpoint, continue_log, create_log
from govern.settings import Settings

ACTOR = system_actor("log")
note_type = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("init")
@click.option("--adopt", type=note_type, metavar="NOTE", help="A kept checkpoint, in place of a lost guard file.")
@click.option(
    "--after",
    type=note_type,
    metavar="NOTE",
    help="The last known checkpoint of the old log: go on with an older database, under a new GOVERN_AUDIT_ORIGIN.",
)
@click.option("--reason", help="With --after: why, in 3 to 500 characters; it stands in the log.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def init(*, adopt: Path | None, after: Path | None, reason: str | None, as_json: bool) -> None:
    """Create the log of this database: key, guard file, first entry. Done before, it only looks whether they fit.

    Runs as the owner of the tables (GOVERN_MIGRATE_DATABASE_URL), beside the files of the sequencer.
    """
    if adopt and after:
        raise click.UsageError("--adopt or --after, not both.")
    if after and not (reason and 3 <= len(reason.strip()) <= 500):
        raise click.UsageError("--after needs --reason, in 3 to 500 characters.")
    current = settings.require(settings.act_as_owner(), "database_url")
    log.set_up(json=current.production)
    with refusals_end():
        begun = asyncio.run(_run(current, _work(adopt, after, (reason or "").strip())))
    if as_json:
        print_json(begun)
    else:
        _say(begun)


Work = Callable[[Settings], Awaitable[Begun]]


def _work(adopt: Path | None, after: Path | None, reason: str) -> Work:
    now = datetime.now(UTC)
    if adopt:
        note = adopt.read_text(encoding="utf-8")
        return lambda told: adopt_checkpoint(note, settings=told, actor=ACTOR, now=now)
    if after:
        old = after.read_text(encoding="utf-8")
        return lambda told: continue_log(old, reason=reason, settings=told, actor=ACTOR, now=now)
    return lambda told: create_log(settings=told, actor=ACTOR, now=now)


async def _run(told: Settings, work: Work) -> Begun:
    async with database.pool(size=1):
        return await work(told)


def _say(begun: Begun) -> None:
    click.echo(f"The log {begun.origin} " + ("was created." if begun.created else "is there."))
    click.echo("Its public key, to be kept by those who check, apart from this machine:")
    click.echo(begun.verifier)
