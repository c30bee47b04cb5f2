"""A PostgreSQL of its own for the measures of the log, which writes to the disk as one that matters does."""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import asyncpg
import msgspec

from govern import settings
from govern.bench.audit_texts import make_texts
from govern.embedded import Engines, Login, start_engines
from govern.embedded.postgres import DATABASE
from govern.tlog.canonical import leaf_hash

T = TypeVar("T")
ORIGIN = "bench.example/audit"
AT_ONCE = 20_000
_MODULE = [sys.executable, "-P", "-m"]
_WORK = "govern.bench.audit_working"


@contextmanager
def migrated_engines() -> Iterator[Engines]:
    """Give engines with an empty, migrated database, in a folder that is gone afterwards."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="govern-"))
        engines = start_engines(Path(folder) / "data")
        stack.callback(engines.stop)
        subprocess.run(  # noqa: S603 - our own command
            [*_MODULE, "govern.cli", "migrate"],
            env=_told(engines, Login.OWNER, DATABASE),
            check=True,
            capture_output=True,
            timeout=120,
        )
        yield engines


def copy_database(engines: Engines, name: str) -> None:
    """Make a copy of the migrated database, while nobody is connected to it."""
    engines.postgres.sql(f'CREATE DATABASE "{name}" TEMPLATE "{DATABASE}"')


def do_work(engines: Engines, database: str, login: Login, work: str, type_: type[T]) -> T:
    """Let a process do one thing to the log of a database (`audit_working`), and return what it found."""
    done = subprocess.run(  # noqa: S603 - our own module
        [*_MODULE, _WORK, work], env=_told(engines, login, database), check=True, stdout=subprocess.PIPE, timeout=900
    )
    return msgspec.json.decode(done.stdout, type=type_)


@contextmanager
def sequencing(engines: Engines, database: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a sequencer for the block; whoever kills it sooner may."""
    process = subprocess.Popen(  # noqa: S603 - our own module
        [*_MODULE, _WORK, "sequence"],
        env=_told(engines, Login.SEQUENCER, database),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.communicate()  # the end of its standard input tells it to end


def fill(engines: Engines, database: str, count: int, *, first: int = 0) -> None:
    """Append so many entries at once, as nobody may but the owner."""
    asyncio.run(_fill(engines.database_url(Login.OWNER, database), count, first))


async def _fill(url: str, count: int, first: int) -> None:
    owner = await asyncpg.connect(url)
    try:
        for begin in range(first, first + count, AT_ONCE):
            texts = make_texts(min(AT_ONCE, first + count - begin), origin=ORIGIN, seed=begin, first=begin)
            await owner.copy_records_to_table(
                "entry",
                schema_name="audit",
                columns=("entry", "leaf_hash"),
                records=[(text, leaf_hash(text)) for text in texts],
            )
    finally:
        await owner.close()


def _told(engines: Engines, login: Login, database: str) -> dict[str, str]:
    url = engines.database_url(login, database)
    return settings.environment(
        {
            "GOVERN_ENV": settings.Env.DEVELOPMENT,
            "GOVERN_DATABASE_URL": url,
            "GOVERN_SEQUENCER_DATABASE_URL": "",
            "GOVERN_MIGRATE_DATABASE_URL": url if login is Login.OWNER else "",
            "GOVERN_REDIS_URL": engines.redis_url,
            "GOVERN_AUDIT_ORIGIN": ORIGIN,
            "GOVERN_AUDIT_KEY": str(_kept(engines, database, "key")),
            "GOVERN_AUDIT_GUARD": str(_kept(engines, database, "guard")),
            "GOVERN_AUDIT_VERIFIER": str(_kept(engines, database, "pub")),
        }
    )


def _kept(engines: Engines, database: str, name: str) -> Path:
    return engines.folder.path / "audit" / database / f"log.{name}"
