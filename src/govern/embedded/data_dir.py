"""The folder with one machine's data: its lock, its marker, its secrets."""

import fcntl
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from govern.embedded.errors import FolderInUse, NotOurFolder

MARKER = "govern-data"
LOCK = "lock"
PREVIOUS = "previous"


class DataDir:
    """A data folder in use by this process alone, from construction until `release()`.

    Raises:
        NotOurFolder: it has other things in it.
        FolderInUse: another process holds it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()
        foreign = self.path.exists() and not (self.path / MARKER).exists() and any(self.path.iterdir())
        if foreign:
            raise NotOurFolder(folder=self.path)
        self.path.mkdir(mode=0o711, parents=True, exist_ok=True)
        (self.path / MARKER).touch()
        self._lock = (self.path / LOCK).open("a")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise FolderInUse(folder=self.path) from None

    def release(self) -> None:
        """Let another process use the folder. Safe to call twice."""
        self._lock.close()

    def put_aside(self) -> None:
        """Move everything into `previous/`; what was there from an earlier time is deleted."""
        shutil.rmtree(self.path / PREVIOUS, ignore_errors=True)
        entries = [entry for entry in self.path.iterdir() if entry.name not in {MARKER, LOCK}]
        (self.path / PREVIOUS).mkdir(mode=0o700)
        for entry in entries:
            entry.rename(self.path / PREVIOUS / entry.name)

    def secret(self, name: str, make: Callable[[], str] = lambda: secrets.token_hex(32)) -> str:
        """Return the secret of this name, made at the first use and kept with mode 0600."""
        file = self.path / "secrets" / name
        file.parent.mkdir(mode=0o700, exist_ok=True)
        if not file.exists():
            write_private(file, make())
        return file.read_text()

    def log(self, part: str) -> Path:
        return self.path / "logs" / f"{part}.log"


def write_private(file: Path, text: str) -> None:
    """Write a file in one step, readable for its owner alone."""
    fresh = file.with_name(f".{file.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(text)
    fresh.replace(file)
