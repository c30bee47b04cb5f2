"""The journal: one record per line of JSON, written before anything is answered, read back at the next start."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from govern.errors import N_, Invalid
from govern.sandbox.records import AnyRecord


class BrokenJournal(Invalid):
    """A line of the state file is not one of ours. Data: `path`, `line`."""

    code = "sandbox.broken_journal"
    template = N_("The sandbox's state file {path} is broken at line {line}; repair it or start with another.")


class Journal:
    """Append records to a file, or to nothing when there is no file."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._encoder = msgspec.json.Encoder()

    def read(self) -> Iterator[AnyRecord]:
        """Give back every record, oldest first.

        A last line without its end is what a killed process leaves behind: it was never answered for, so it is cut off.

        Raises:
            BrokenJournal: for any other line that cannot be read.
        """
        if self._path is None or not self._path.exists():
            return
        content = self._path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            with self._path.open("r+b") as file:
                file.truncate(whole)
        decoder = msgspec.json.Decoder(AnyRecord)
        for number, line in enumerate(content[:whole].splitlines(), start=1):
            try:
                yield decoder.decode(line)
            except msgspec.DecodeError as error:
                raise BrokenJournal(path=self._path, line=number) from error

    def append(self, record: AnyRecord) -> None:
        if self._path is None:
            return
        if not self._path.exists():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch(mode=0o600)  # it holds credentials, if only the sandbox's
        with self._path.open("ab") as file:
            file.write(self._encoder.encode(record) + b"\n")
