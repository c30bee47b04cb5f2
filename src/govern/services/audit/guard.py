"""The guard file: the last note the log signed, kept apart from the database and its backups."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from govern.errors import N_, Conflict


class GuardChanged(Conflict):
    """Another sequencer signed meanwhile: whoever is late stops."""

    code = "log.guard_changed"
    template = N_("The guard file {path} holds another note than expected: another sequencer is at work.")


class Guard:
    """The last signed note in a file, replaced by compare-and-swap. Its folder must outlive the database."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> str | None:
        """Return the note, or None if there is no file."""
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def swap(self, old: str | None, new: str) -> None:
        """Put `new` in the place of `old`; it is on disk when this returns.

        Raises:
            GuardChanged: the file does not hold `old`.
        """
        with self._locked():
            if self.read() != old:
                raise GuardChanged(path=self.path)
            self._replace(new)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.path.with_name(f"{self.path.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _replace(self, note: str) -> None:
        fresh = self.path.with_name(f".{self.path.name}.new")
        with fresh.open("w", encoding="utf-8", newline="\n") as stream:
            stream.write(note)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(self.path)
        sync_folder(self.path.parent)


def sync_folder(folder: Path) -> None:
    """See that a rename or a new file in it outlives a loss of power."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
