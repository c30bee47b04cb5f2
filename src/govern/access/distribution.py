"""Is the Casbin that runs the one that was released? The old distribution has the same import name."""

import base64
import csv
import hashlib
from collections.abc import Callable
from functools import cache
from importlib import metadata
from pathlib import Path

from govern.errors import N_, GovernError


class WrongCasbin(GovernError):
    """The access engine on this machine is not the released `pycasbin`; nothing may be decided with it."""

    code = "access.wrong_casbin"
    template = N_("{reason}")


@cache
def check_distribution(find: Callable[[str], metadata.Distribution] = metadata.distribution) -> None:
    """Refuse to start beside the distribution `casbin`, or when files of `pycasbin` differ from their recorded hashes.

    Source: casbin-pycasbin#380; installing `casbin` overwrites files of `pycasbin` without a word.

    Raises:
        WrongCasbin: with what to do about it.
    """
    if _found(find, "casbin") is not None:
        raise WrongCasbin(reason="The distribution casbin is installed beside pycasbin. Remove it, reinstall pycasbin.")
    released = _found(find, "pycasbin")
    if released is None:
        raise WrongCasbin(reason="The distribution pycasbin is not installed.")
    # Not `released.files`: from Python 3.12 on it leaves out what is lost.
    recorded = [row for row in csv.reader((released.read_text("RECORD") or "").splitlines()) if len(row) > 1 and row[1]]
    if not recorded:
        raise WrongCasbin(reason="The distribution pycasbin has no recorded hashes. Reinstall it.")
    for path, digest, *_size in recorded:
        if not _matches(Path(str(released.locate_file(path))), digest):
            raise WrongCasbin(reason=f"{path} of pycasbin is not the released file. Reinstall pycasbin.")


def _found(find: Callable[[str], metadata.Distribution], name: str) -> metadata.Distribution | None:
    try:
        return find(name)
    except metadata.PackageNotFoundError:
        return None


def _matches(path: Path, recorded: str) -> bool:
    algorithm, _, expected = recorded.partition("=")
    try:
        found = hashlib.new(algorithm, path.read_bytes()).digest()
    except (OSError, ValueError):
        return False
    return base64.urlsafe_b64encode(found).rstrip(b"=").decode() == expected
