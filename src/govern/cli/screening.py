"""`govern screen`: what the engine says of texts from another program. Needs no database."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import rich_click as click

from govern.screening.jsonl import MAX_LINE, TOO_LONG, answer_line, refuse
from govern.screening.policy import Policy, load_policy
from govern.screening.terms import Matching
from govern.settings import shipped

INVALID_LINES = 2


@click.command("screen")
@click.option("--jsonl", is_flag=True, required=True, help="Read and write one JSON object a line.")
@click.option(
    "--policies", envvar="GOVERN_POLICIES", type=click.Path(path_type=Path), help="Another folder of policy files."
)
@click.option(
    "--matcher",
    "matching",
    type=click.Choice([str(each) for each in Matching]),
    default=str(Matching.AUTO),
    show_default=True,
    help="How terms are found; the answers are the same.",
)
def screen_lines(*, jsonl: bool, policies: Path | None, matching: str) -> None:  # noqa: ARG001 - it says how, once
    """Screen texts: reads lines from standard input, writes a line for each, in order.

    Exit code: 0 all lines were valid, 1 the policies cannot be loaded (nothing is read), 2 a line was not valid.
    """
    policy = _load(policies or shipped("policies"), Matching(matching))
    out = sys.stdout.buffer
    invalid = False
    for line in read_lines(sys.stdin.buffer):
        answered = refuse(TOO_LONG) if line is None else answer_line(line, policy)
        invalid = invalid or not answered.valid
        out.write(answered.line + b"\n")
        out.flush()
    if invalid:
        sys.exit(INVALID_LINES)


def _load(folder: Path, matching: Matching) -> Policy:
    try:
        return load_policy(folder, matching=matching)
    except ImportError as error:
        raise click.ClickException("The native matcher is not installed (pyahocorasick).") from error


def read_lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """Yield the lines that are not blank, without their ends; None for one too long to be read."""
    while line := stream.readline(MAX_LINE + 3):
        kept = line.removesuffix(b"\n").removesuffix(b"\r")
        if len(kept) <= MAX_LINE:
            if kept.strip():
                yield kept
            continue
        while not line.endswith(b"\n") and (line := stream.readline(MAX_LINE)):
            pass
        yield None
