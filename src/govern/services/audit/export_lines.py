"""Exports as tables: CSV for people, JSON lines for programs. Each line can be checked against the log on its own."""

import csv
import io
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import IO

import msgspec

from govern.domain.exports import MAX_BYTES, ExportFormat, ExportTooLarge
from govern.services.audit.bundles import Progress, Written
from govern.services.audit.evidence import Found, Piece, read_pieces

COLUMNS = (
    "leaf_index",
    "leaf_hash",
    "id",
    "at",
    "action",
    "outcome",
    "actor",
    "object",
    "scope",
    "rule",
    "sentence_en",
    "sentence_fr",
    "personal",
    "entry",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def write_lines(
    file: IO[bytes], found: Found, *, output: ExportFormat, personal: bool, progress: Progress
) -> Written:
    """Write a line per entry: its place and leaf hash, what it says, and the text that was hashed.

    Raises:
        NothingProven, ExportTooLarge
    """
    write = _LINES[output]
    entries = opened = size = 0
    file.write(_csv([COLUMNS]) if output is ExportFormat.CSV else b"")
    async for pieces in read_pieces(found, personal=personal):
        size += file.write(write(pieces))
        if size > MAX_BYTES:
            raise ExportTooLarge
        entries += len(pieces)
        opened += sum(1 for each in pieces if each.personal is not None and each.personal.opened)
        await progress(entries)
    return Written(entries=entries, opened=opened)


def guarded(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _cells(piece: Piece) -> Mapping[str, object]:
    """Return what is said of an entry, by column."""
    entry = piece.entry
    said: dict[str, object] = {"leaf_index": piece.index, "leaf_hash": piece.leaf.hex()}
    if entry is not None:
        said |= {
            "id": str(entry.id),
            "at": entry.at,
            "action": entry.action,
            "outcome": entry.outcome.value,
            "actor": entry.actor.id,
            "object": entry.object.key,
            "scope": entry.scope,
            "rule": entry.ctx.rule or "",
            "sentence_en": piece.sentences["en"],
            "sentence_fr": piece.sentences["fr"],
        }
    if piece.personal is not None and piece.personal.opened:
        said["personal"] = {
            field: {"salt": b64encode(each.salt).decode(), "value": each.value}
            for field, each in sorted(piece.personal.opened.items())
        }
    return {**said, "entry": piece.text}


def _csv_lines(pieces: Sequence[Piece]) -> bytes:
    return _csv([[_cell(cells.get(column, "")) for column in COLUMNS] for cells in map(_cells, pieces)])


def _csv(lines: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue().encode()


def _cell(value: object) -> str:
    return guarded(value) if isinstance(value, str) else guarded(msgspec.json.encode(value).decode())


def _json_lines(pieces: Sequence[Piece]) -> bytes:
    return b"".join(msgspec.json.encode(_cells(piece)) + b"\n" for piece in pieces)


_LINES: Mapping[ExportFormat, Callable[[Sequence[Piece]], bytes]] = {
    ExportFormat.CSV: _csv_lines,
    ExportFormat.JSONL: _json_lines,
}
