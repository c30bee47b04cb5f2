"""`govern audit verify`: whether the log is as it was written, and goes on from what was kept."""

import asyncio
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import rich_click as click

from govern import database, log, settings
from govern.cli.audit.refusals import REFUSED, refusals_end
from govern.cli.company import NO_DATABASE
from govern.cli.tables import print_json
from govern.domain.members import system_actor
from govern.errors import N_, GovernError, Unavailable
from govern.services.audit.claims import Found, Verdict
from govern.services.audit.copy_verifying import verify_copy
from govern.services.audit.tree_sources import ReadPart, from_folder
from govern.services.audit.verifying import Question, record_verdict, verify_log
from govern.settings import Settings, SettingsError
from govern.tlog.note import NoteError, VerifierKey, parse_verifier

ACTOR = system_actor("verify")
OPTIONAL = frozenset({"guard"})
"""What need not be at hand where the command runs."""
_MARKS = {Found.PROVEN: "proven     ", Found.FALSE: "FALSE      ", Found.NOT_CHECKED: "not checked"}
note_type = click.Path(exists=True, dir_okay=False, path_type=Path)
folder_type = click.Path(exists=True, file_okay=False, path_type=Path)


class CopyAway(Unavailable):
    """An address given with --tiles does not serve the log."""

    code = "log.copy_away"
    template = N_("{where} does not answer as a log does ({reason}). Nothing was checked.")


@click.command("verify")
@click.option("--full", is_flag=True, help="Read every entry again, not only those since the last verification.")
@click.option("--since", type=note_type, metavar="NOTE", help="A checkpoint you kept: the log must go on from it.")
@click.option("--saved", type=folder_type, metavar="DIR", help="A folder of checkpoints you kept.")
@click.option("--openings", is_flag=True, help="Open the sealed personal fields too (needs GOVERN_AUDIT_KEKS).")
@click.option("--key", "key_text", metavar="KEY", help="The log's public key, or the file it is in, as you kept it.")
@click.option("--tiles", metavar="WHERE", help="Check a copy instead of the database: a folder or an address.")
@click.option("--token", envvar="GOVERN_TOKEN", help="API token for an address given with --tiles.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(
    *,
    full: bool,
    since: Path | None,
    saved: Path | None,
    openings: bool,
    key_text: str | None,
    tiles: str | None,
    token: str | None,
    as_json: bool,
) -> None:
    """Verify the log, one line per claim. Exit code: 0 all is proven, 1 something is false, 2 it could not be checked.

    What it finds in the database is an entry of the log.
    """
    key = _read_key(key_text)
    kept = list(_read_kept(since, saved))
    if tiles is not None and key is None:
        raise click.UsageError("--tiles needs --key: a copy cannot vouch for its own key.")
    with refusals_end():
        if tiles is not None and key is not None:
            verdict = asyncio.run(verify_copy(_source(tiles, token), key=key, saved=kept))
        else:
            verdict = _verify_database(Question(full=full, key=key, saved=kept, openings=openings))
    if as_json:
        print_json({"exit": _exit(verdict), "first_bad": verdict.first_bad, "verdict": verdict})
    else:
        _say(verdict)
    sys.exit(_exit(verdict))


def _verify_database(question: Question) -> Verdict:
    current = settings.load()
    log.set_up(json=current.production, level="WARNING")
    if not current.database_url:
        raise SettingsError([NO_DATABASE])
    try:
        return asyncio.run(_run(question, current))
    except database.AWAY as error:
        click.echo(f"The database does not answer ({type(error).__name__}): nothing was checked.", err=True)
        sys.exit(REFUSED)


async def _run(question: Question, current: Settings) -> Verdict:
    async with database.pool(size=2):
        verdict = await verify_log(question, settings=current)
        try:
            await record_verdict(verdict, actor=ACTOR, now=datetime.now(UTC))
        except (GovernError, *database.AWAY, *database.READS_ONLY) as error:  # the verdict counts, recorded or not
            click.echo(f"The result could not be recorded: {error}", err=True)
        return verdict


def _read_key(text: str | None) -> VerifierKey | None:
    if text is None:
        return None
    file = Path(text)
    try:
        return parse_verifier(file.read_text(encoding="utf-8") if "+" not in text or file.is_file() else text)
    except (NoteError, OSError, UnicodeError) as error:
        raise click.BadParameter(f"--key: {error}") from error


def _read_kept(since: Path | None, saved: Path | None) -> Iterable[tuple[str, str]]:
    """Give the checkpoints that were kept, each with its name."""
    files = sorted(file for file in saved.iterdir() if file.is_file()) if saved else []
    for file in [*([since] if since else []), *files]:
        try:
            yield f"The checkpoint {file.name}", file.read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            raise click.BadParameter(f"{file}: {error}") from error


def _source(where: str, token: str | None) -> ReadPart:
    if urlsplit(where).scheme not in {"http", "https"}:
        return from_folder(Path(where))

    async def read(path: str) -> bytes | None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
                answer = await client.get(f"{where.rstrip('/')}/{path}", headers=headers)
        except httpx.HTTPError as error:
            raise CopyAway(where=where, reason=type(error).__name__) from error
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if not answer.is_success:
            raise CopyAway(where=f"{where}/{path}", reason=answer.status_code)
        return answer.content

    return read


def _exit(verdict: Verdict) -> int:
    if verdict.false:
        return 1
    missing = [claim for claim in verdict.unchecked if claim.check not in OPTIONAL]
    return REFUSED if missing or not verdict.root else 0


def _say(verdict: Verdict) -> None:
    for claim in verdict.claims:
        click.echo(f"{_MARKS[claim.found]}  {claim.check}: {claim.says}")
    if verdict.first_bad is not None:
        click.echo(f"The first entry that is not right: {verdict.first_bad}")
    word = {0: "Proven", 1: "False", REFUSED: "Not proven"}[_exit(verdict)]
    click.echo(f"{word}: {verdict.origin}, entries {verdict.begin} to {verdict.size}, root {verdict.root or 'none'}")
