"""`govern import`: a content calendar from a file, all of it or nothing."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from govern.cli.company import Company, acting, clock, run
from govern.domain.calendars import BadCalendar, Calendar, Fault, Form, read_calendar
from govern.domain.ids import message_number
from govern.domain.members import Actor, system_actor
from govern.services.import_checks import check_calendar
from govern.services.imports import CheckedCalendar, Imported, import_calendar
from govern.services.imports import Progress as Tell

IMPORTER = system_actor("import")  # when a demo's file names its authors line by line
SHOWN = 200  # faults that a person reads; the rest is counted, and whole with --json


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@acting
@click.option("--draft", is_flag=True, help="Leave the messages as drafts; otherwise they are handed in.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def import_file(*, file: Path, email: str | None, draft: bool, as_json: bool) -> None:
    """Import a content calendar, .csv or .jsonl: all lines are checked first, then all are imported, or none.

    Columns: account, kind (post, reply, quote, dm), text; if wanted scheduled_at (2026-12-01 09:30), zone (Europe/Paris;
    else the account's), in_reply_to (id of the post), recipient (handle).
    """
    calendar = read_calendar(_read(file), _form(file))

    async def work(company: Company) -> CheckedCalendar | Imported:
        actor = None
        if email or not any(line.cell("author") for line in calendar.lines):
            actor = await company.actor(email, option="--member")
        return await check_and_import(calendar, company, actor, submit=not draft, quiet=as_json)

    outcome = run(work)
    if isinstance(outcome, Imported):
        _print_imported(outcome, as_json=as_json)
        return
    _print_faults(outcome.faults, as_json=as_json)
    sys.exit(1)


async def check_and_import(
    calendar: Calendar, company: Company, actor: Actor | None, *, submit: bool, quiet: bool
) -> CheckedCalendar | Imported:
    """Import a calendar, or return it with its faults. Both steps show how far they are."""
    now = clock()
    with _bar("Checking", quiet=quiet) as tell:
        checked = await check_calendar(
            calendar,
            actor=actor,
            authors_in_file=company.settings.demo,
            access=company.access,
            now=now,
            progress=tell,
        )
    if checked.faults:
        return checked
    with _bar("Importing", quiet=quiet) as tell:
        return await import_calendar(
            checked,
            submit=submit,
            actor=actor or IMPORTER,
            access=company.access,
            policies=company.policies,
            now=now,
            progress=tell,
        )


def _form(file: Path) -> Form:
    suffix = file.suffix.lower().removeprefix(".")
    if suffix not in set(Form):
        raise BadCalendar(reason="its name must end in .csv or .jsonl.")
    return Form(suffix)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadCalendar(reason=f"{error.strerror}.") from error


@contextmanager
def _bar(title: str, *, quiet: bool) -> Iterator[Tell]:
    """Show how far it is, on standard error; nothing where no person watches."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _print_imported(imported: Imported, *, as_json: bool) -> None:
    numbers = [message_number(number) for number in imported.numbers]
    states = {state.value: count for state, count in imported.states.items()}
    if as_json:
        click.echo(msgspec.json.encode({"imported": len(numbers), "states": states, "messages": numbers}))
        return
    where = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in sorted(states.items()))
    click.echo(f"Imported {_counted(len(numbers), 'message')}: {where}.")
    click.echo(f"They are {', '.join(numbers)}." if len(numbers) <= SHOWN else f"They are {_span(numbers)}.")


def _span(numbers: Sequence[str]) -> str:
    return f"{numbers[0]} to {numbers[-1]}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _print_faults(faults: Sequence[Fault], *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode({"imported": 0, "faults": faults}))
        return
    table = Table(title=f"Nothing was imported: {_counted(len(faults), 'fault')}", title_justify="left")
    table.add_column("Line", justify="right")
    table.add_column("Column")
    table.add_column("What is wrong", overflow="fold")
    for fault in faults[:SHOWN]:
        table.add_row(str(fault.line), fault.column or "", fault.reason)
    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 160)
    console.print(table)
    if len(faults) > SHOWN:
        console.print(f"… and {len(faults) - SHOWN} more; --json prints all.")
