"""Ctrl-C, SIGTERM and a closed terminal: one wish to stop, noticed between steps, never in the middle of one."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Self

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(Exception):
    """A person asked to stop."""


class Stop:
    """Catches the signals while it is entered; use it in the main thread."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._ask) for number in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def is_set(self) -> bool:
        return self._asked.is_set()

    def wait(self, seconds: float) -> bool:
        return self._asked.wait(seconds)

    def check(self) -> None:
        """Raise `Interrupted` if somebody asked to stop."""
        if self._asked.is_set():
            raise Interrupted

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self._asked.set()
