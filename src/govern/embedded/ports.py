"""TCP ports of the loopback interface; nothing here listens anywhere else."""

import socket

from govern.embedded.errors import PortInUse

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """Return a port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def refuse_taken(port: int, option: str, *, but_not: int = 0) -> None:
    """Say now, not minutes later, that a port is taken: by another program, or by our own other part.

    Raises:
        PortInUse: naming the option that changes it.
    """
    if port == but_not or not _can_listen(port):
        raise PortInUse(port=port, option=option)


def _can_listen(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
