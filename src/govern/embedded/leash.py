"""Runs one command that ends when its parent ends, even when the parent is killed with -9.

Used as a script: `python -I -S leash.py PARENT_PID SIGNAL USER COMMAND…`. It becomes the command (exec), so the
process id stays the same. It runs as a script of its own because code between fork and exec is unsafe in a process with threads.
Linux keeps the promise (PR_SET_PDEATHSIG); elsewhere the next start ends what is left.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, signal_number: int, user: str, command: list[str]) -> None:
    if user:
        become(user)
    if sys.platform == "linux":  # after the change of user, which clears the setting
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal_number)
        if os.getppid() != parent:  # it ended before the leash was on
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 - becoming the command is what this file is for


def become(user: str) -> None:
    """Give up root for good: groups first, the user last."""
    import pwd

    entry = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
