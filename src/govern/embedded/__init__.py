"""Real PostgreSQL 18 and Valkey 9 from wheels: one machine, no set-up, nothing outside one folder."""

import atexit
from pathlib import Path

from govern.embedded.data_dir import DataDir, write_private
from govern.embedded.errors import FolderInUse, NotOurFolder, OtherVersion, PartFailed, PortInUse
from govern.embedded.ports import free_port, refuse_taken
from govern.embedded.postgres import DATABASE, Login, Postgres
from govern.embedded.process import Process
from govern.embedded.valkey import Valkey

__all__ = [
    "DataDir",
    "Engines",
    "FolderInUse",
    "Login",
    "NotOurFolder",
    "OtherVersion",
    "PartFailed",
    "PortInUse",
    "Process",
    "free_port",
    "refuse_taken",
    "start_engines",
    "write_private",
]


class Engines:
    """The two engines of one data folder. Their data stays when they stop; `fast` trades that for speed (tests)."""

    def __init__(self, data_dir: Path, *, fast: bool = False, fresh: bool = False) -> None:
        self.folder = DataDir(data_dir)
        if fresh:
            self.folder.put_aside()
        self.postgres = Postgres(self.folder, fast=fast)
        self.valkey = Valkey(self.folder, fast=fast)

    @property
    def redis_url(self) -> str:
        return self.valkey.url

    @property
    def processes(self) -> tuple[Process, ...]:
        return (self.postgres.process, self.valkey.process)

    def database_url(self, login: Login, database: str = DATABASE) -> str:
        """The address of a database for one login, over the Unix socket, with its password."""
        return self.postgres.url(login, database)

    def create_database(self, name: str) -> None:
        self.postgres.create_database(name)

    def stop(self) -> None:
        """Stop both and give the folder back. Safe to call twice."""
        self.valkey.process.stop()
        self.postgres.stop()
        self.folder.release()
        atexit.unregister(self.stop)


def start_engines(data_dir: Path, *, fast: bool = False) -> Engines:
    """Start both engines with the data of one folder, and stop them at the latest when this process ends.

    Raises:
        NotOurFolder, FolderInUse, OtherVersion: the folder does not do.
        PartFailed: an engine did not come up.
    """
    engines = Engines(data_dir, fast=fast)
    atexit.register(engines.stop)
    try:
        engines.postgres.start()
        engines.valkey.start()
    except BaseException:
        engines.stop()
        raise
    return engines
