"""Keeps processes running: one that ends is started again, after a pause that doubles."""

import time
from collections.abc import Callable, Sequence

from govern.embedded import Process

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0
STEADY = 60.0  # who ran this long starts again with the first pause


class Supervisor:
    """Looks after processes whenever `tend()` is called; `say` tells a person what it saw."""

    def __init__(
        self,
        processes: Sequence[Process],
        *,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._watched = [_Watched(process, clock()) for process in processes]
        self._say = say
        self._clock = clock

    def tend(self) -> None:
        for watched in self._watched:
            if not watched.process.running:
                self._revive(watched, self._clock())

    def _revive(self, watched: "_Watched", now: float) -> None:
        name = watched.process.name
        if watched.due is None:
            watched.pause = watched.next_pause(now)
            watched.due = now + watched.pause
            code = watched.process.exit_code
            log = watched.process.log
            self._say(f"{name} ended with exit code {code}; it starts again in {watched.pause:g} s. Its log: {log}")
        elif now >= watched.due:
            watched.process.start()
            watched.due, watched.since = None, now
            self._say(f"{name} was started again.")


class _Watched:
    def __init__(self, process: Process, now: float) -> None:
        self.process = process
        self.since = now
        self.pause = 0.0
        self.due: float | None = None

    def next_pause(self, now: float) -> float:
        steady = now - self.since >= STEADY
        return FIRST_PAUSE if steady or not self.pause else min(2 * self.pause, LONGEST_PAUSE)
