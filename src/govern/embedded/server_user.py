"""Started by root, PostgreSQL needs a user of its own: it refuses to run as root."""

import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path

from govern.embedded.errors import NoServerUser

NAME = "pgserver"


def server_user() -> str:
    """Who the server runs as: "" for this very user.

    Raises:
        NoServerUser: we are root, and the user cannot be made.
    """
    if os.geteuid() != 0:
        return ""
    if not _exists():
        _make()
    return NAME


def let_reach(user: str, programs: Path, data: Path) -> None:
    """Let the server's user pass through the folders above its programs and data: `o+x`, no more."""
    if not user:
        return
    for folder in (*programs.parents, data, *data.parents):
        _allow(folder, stat.S_IXOTH)
    if not (programs / "postgres").stat().st_mode & stat.S_IXOTH:  # installed under a strict umask
        for path in programs.parent.rglob("*"):
            _allow(path, stat.S_IROTH | (stat.S_IXOTH if path.stat().st_mode & stat.S_IXUSR else 0))


def hand_over(user: str, path: Path) -> None:
    if user:
        shutil.chown(path, user, user)


def _exists() -> bool:
    try:
        pwd.getpwnam(NAME)
    except KeyError:
        return False
    return True


def _make() -> None:
    program = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin")
    if not program:
        raise NoServerUser(user=NAME)
    options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    subprocess.run([program, *options, NAME], capture_output=True, check=False)  # noqa: S603 - a fixed command
    if not _exists():  # asked again, since another start may have made it at the same time
        raise NoServerUser(user=NAME)


def _allow(path: Path, bits: int) -> None:
    mode = path.stat().st_mode
    if mode & bits != bits:
        path.chmod(stat.S_IMODE(mode) | bits)
