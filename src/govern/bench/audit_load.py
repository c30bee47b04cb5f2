"""Load on PostgreSQL by its own pgbench: nothing of ours is in the way of what is compared."""

import re
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from govern import settings
from govern.bench.measuring import turned
from govern.embedded import Engines, Login
from govern.embedded.postgres import BINARIES

THREADS = 2
LONGER = ("-T", "5")  # on a machine so busy that in its time no transaction came to its end
_RATE = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
_FAILED = re.compile(r"^number of failed transactions: ([0-9]+)", re.MULTILINE)


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """One way to write: a pgbench script, who signs in, and to which database."""

    script: str
    database: str
    login: Login = Login.WEB


class LoadFailed(Exception):
    """pgbench did not do what it was told: its figure would mean nothing."""


def measure_loads(
    engines: Engines,
    loads: Mapping[str, Load],
    *,
    values: Mapping[str, str],
    connections: int,
    pairs: int,
    length: Sequence[str],
) -> dict[str, list[float]]:
    """Return the transactions in a second of each way, one figure a round; every round in another order.

    `values` are pgbench's variables; `length` is its option for how much, as `("-T", "1")`.
    """
    found: dict[str, list[float]] = {name: [] for name in loads}
    for turn in range(-1, pairs):  # the first round only warms up
        for name in turned(list(loads), turn):
            rate = run_load(engines, loads[name], values=values, connections=connections, length=length)
            if turn >= 0:
                found[name].append(rate)
    return found


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median of the ratios of rounds: what slows a whole round down slows both."""
    return statistics.median(our / their for our, their in zip(ours, theirs, strict=True))


def run_load(
    engines: Engines, load: Load, *, values: Mapping[str, str], connections: int, length: Sequence[str]
) -> float:
    """Run a script on so many connections and return the transactions in a second.

    Raises:
        LoadFailed: pgbench ended with an error, or a transaction failed.
    """
    script = engines.folder.path / "load.sql"
    script.write_text(load.script)
    command: list[str | Path] = [BINARIES / "pgbench", "-n", "-M", "prepared", "-f", script, *length]
    command += ["-c", str(connections), "-j", str(min(THREADS, connections))]
    for name, value in values.items():
        command += ["-D", f"{name}={value}"]
    told = settings.environment(login_environment(engines.database_url(load.login, load.database)))
    done = _run(command, told)
    if not done.returncode and not _RATE.search(done.stdout):
        done = _run([*command, *LONGER], told)
    rate, failed = _RATE.search(done.stdout), _FAILED.search(done.stdout)
    if done.returncode or rate is None or (failed and failed[1] != "0"):
        raise LoadFailed(done.stdout[-800:] + done.stderr[-800:])
    return float(rate[1])


def _run(command: list[str | Path], told: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=told, capture_output=True, text=True, check=False)  # noqa: S603 - the wheel's own


def login_environment(url: str) -> dict[str, str]:
    """Return an address as the variables PostgreSQL's programs read: a password never stands in a command line."""
    parts = urlsplit(url)
    options = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return {
        "PGHOST": options["host"],
        "PGPORT": options["port"],
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": parts.path.lstrip("/"),
    }
