"""A content calendar as people make it, CSV or JSON Lines, read into lines of text; what its cells mean comes later."""

import csv
import hashlib
import io
from collections.abc import Iterator
from enum import StrEnum

import msgspec

from govern.errors import N_, Invalid

MAX_BYTES = 10_000_000
MAX_LINES = 10_000
REQUIRED = ("account", "kind", "text")
COLUMNS = (*REQUIRED, "scheduled_at", "zone", "in_reply_to", "recipient", "author")


class Form(StrEnum):
    """How a calendar is written."""

    CSV = "csv"
    """Comma or semicolon, with a header; quoted texts may have line breaks."""
    JSONL = "jsonl"
    """One JSON object a line."""


class BadCalendar(Invalid):
    """The file as a whole cannot be read."""

    code = "import.bad_file"
    template = N_("This file cannot be imported: {reason}")


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a calendar, as it was written; `number` is where it begins in the file, counted from 1.

    Cells have no blanks around them, but for the text; an empty cell is absent.
    """

    number: int
    cells: dict[str, str]

    def cell(self, column: str) -> str:
        return self.cells.get(column, "")


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Why a line cannot be imported, and which column to mend; None where the whole line is to blame."""

    line: int
    column: str | None
    code: str
    reason: str


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was read: its lines, what could not be read of it, and the SHA-256 of its bytes."""

    lines: tuple[Line, ...]
    faults: tuple[Fault, ...]
    digest: str


def read_calendar(data: bytes, form: Form) -> Calendar:
    """Read a file; a byte order mark is skipped, blank lines too.

    Raises:
        BadCalendar: over 10 MB or 10,000 messages, not UTF-8, empty, or without the columns it needs.
    """
    if len(data) > MAX_BYTES:
        raise BadCalendar(reason=f"it has over {MAX_BYTES // 1_000_000} MB.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadCalendar(reason="it is not UTF-8; save it as “CSV UTF-8”.") from error
    found = list(_read_csv(text) if form is Form.CSV else _read_jsonl(text))
    if not found:
        raise BadCalendar(reason="it has no messages.")
    if len(found) > MAX_LINES:
        raise BadCalendar(reason=f"it has over {MAX_LINES:,} messages.")
    return Calendar(
        lines=tuple(item for item in found if isinstance(item, Line)),
        faults=tuple(item for item in found if isinstance(item, Fault)),
        digest=hashlib.sha256(data).hexdigest(),
    )


def _read_csv(text: str) -> Iterator[Line | Fault]:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    header = text.lstrip().partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline="\n"), delimiter=_separator(header), strict=True)
    columns: list[str] = []
    begins = 1
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:  # an open quote swallows what follows: nothing after it can be trusted
            yield Fault(line=begins, column=None, code="import.malformed", reason=f"This is not CSV: {error}.")
            return
        if row is None:
            return
        if any(cell.strip() for cell in row):
            if columns:
                yield _from_row(begins, columns, row)
            else:
                columns = _check_header(row)
        begins = reader.line_num + 1


def _separator(header: str) -> str:
    return ";" if header.count(";") > header.count(",") else ","


def _check_header(row: list[str]) -> list[str]:
    columns = [cell.strip().lower() for cell in row]
    while not columns[-1]:  # spreadsheets write empty columns at the end
        columns.pop()
    unknown = [column or "(empty)" for column in columns if column not in COLUMNS]
    missing = [column for column in REQUIRED if column not in columns]
    if unknown or missing or len(set(columns)) < len(columns):
        wrong = f"unknown are {', '.join(unknown)[:120]}" if unknown else f"missing are {', '.join(missing)}"
        reason = wrong if unknown or missing else "one is there twice"
        raise BadCalendar(reason=f"its first line must name its columns, of {', '.join(COLUMNS)}; {reason}.")
    return columns


def _from_row(number: int, columns: list[str], row: list[str]) -> Line | Fault:
    surplus = any(cell.strip() for cell in row[len(columns) :])
    if surplus or len(row) < len(columns):
        reason = (
            f"This line has {len(row)} cells, the first line has {len(columns)}; put quotes around a text with commas."
        )
        return Fault(line=number, column=None, code="import.malformed", reason=reason)
    return _line(number, dict(zip(columns, row, strict=False)))


def _read_jsonl(text: str) -> Iterator[Line | Fault]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _from_json(number, line)


def _from_json(number: int, line: str) -> Line | Fault:
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        return Fault(line=number, column=None, code="import.malformed", reason=f"This is not JSON: {error}.")
    if not isinstance(value, dict):
        return Fault(line=number, column=None, code="import.malformed", reason="A line must be one JSON object: {…}.")
    for column, cell in value.items():
        if column not in COLUMNS:
            reason = f"There is no column {column[:40]!r}; known are {', '.join(COLUMNS)}."
            return Fault(line=number, column=column[:40], code="import.unknown_column", reason=reason)
        if not (cell is None or isinstance(cell, str)):
            return Fault(line=number, column=column, code="import.not_text", reason="This must be text in quotes.")
    return _line(number, {column: cell for column, cell in value.items() if cell is not None})


def _line(number: int, cells: dict[str, str]) -> Line:
    kept = {column: cell if column == "text" else cell.strip() for column, cell in cells.items()}
    return Line(number=number, cells={column: cell for column, cell in kept.items() if cell})
