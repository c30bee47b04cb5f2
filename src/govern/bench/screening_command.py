"""The command `govern screen` as other programs use it: a process of its own, lines in, lines out."""

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from govern.screening.findings import Input


class CommandFails(Exception):
    """The command ends otherwise than it should: its time would mean nothing."""


class CommandTime(NamedTuple):
    """Seconds of computing: the command, with its start and the loading of policies, and the engine alone."""

    command: float
    engine: float
    lines: int


def measure_command(
    messages: Sequence[Input], screen: Callable[[Input], object], *, folder: Path, lines: int
) -> CommandTime:
    """Screen so many lines both ways.

    Raises:
        CommandFails: the command does not answer every line.
    """
    asked = [messages[number % len(messages)] for number in range(lines)]
    data = b"".join(_line(number, given) for number, given in enumerate(asked))
    begun = time.thread_time()
    for given in asked:
        screen(given)
    engine = time.thread_time() - begun
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "govern.cli", "screen", "--jsonl", "--policies", str(folder)],
        input=data,
        capture_output=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0 or done.stdout.count(b"\n") != lines:
        raise CommandFails(done.stderr.decode(errors="replace"))
    return CommandTime(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, engine, lines)


def _line(number: int, given: Input) -> bytes:
    facts = {name: value for name, value in msgspec.to_builtins(given.facts).items() if value is not None}
    line = {
        "id": str(number),
        "text": given.text,
        "kind": given.kind,
        "direction": given.direction,
        "permission": given.permission,
        "facts": facts,
    }
    return msgspec.json.encode(line) + b"\n"
