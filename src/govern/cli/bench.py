"""`govern bench …`: measures this machine against the goals, and this product against others."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import rich_click as click

from govern import log
from govern.access import load_bundle
from govern.bench.access import FULL, QUICK, run_access_bench
from govern.bench.access_report import Report, Timing
from govern.bench.audit import FULL as FULL_AUDIT
from govern.bench.audit import QUICK as QUICK_AUDIT
from govern.bench.audit import run_audit_bench
from govern.bench.inbound import FULL as FULL_INBOUND
from govern.bench.inbound import QUICK as QUICK_INBOUND
from govern.bench.inbound import run_inbound_bench
from govern.bench.measuring import Measure, outcome
from govern.bench.screening import FULL as FULL_SCREENING
from govern.bench.screening import QUICK as QUICK_SCREENING
from govern.bench.screening import run_screening_bench
from govern.cli import Families
from govern.cli.tables import print_json, print_table
from govern.settings import shipped

SMALLEST = 100


class Benches(Families):
    """Finds those of sending in a module of their own."""

    modules: ClassVar[Mapping[str, str]] = {"chaos": "bench_sending", "dispatch": "bench_sending"}


@click.group(cls=Benches)
def bench() -> None:
    """How fast it is: ratios against other ways, measured in one run."""


class Sizes(click.ParamType[tuple[int, ...]]):
    """Numbers of grants, with commas between."""

    name = "N,N,…"

    def convert(
        self, value: str | tuple[int, ...], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        parts = value.split(",")
        if not all(part.isascii() and part.isdigit() and len(part) < 8 and int(part) >= SMALLEST for part in parts):
            self.fail(f"{value[:40]!r} is not a list of numbers from {SMALLEST} on.", param, ctx)
        return tuple(sorted({int(part) for part in parts}))


@bench.command()
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option(
    "--grants",
    "sizes",
    type=Sizes(),
    default="100,10000,100000",
    show_default=True,
    help="How many grants the companies have; the largest is compared with the smallest.",
)
@click.option("--quick", is_flag=True, help="Only try that everything runs: the figures mean little.")
@click.option("--policy", type=click.Path(path_type=Path, file_okay=False), help="Another folder of rules.")
def access(*, as_json: bool, sizes: tuple[int, ...], quick: bool, policy: Path | None) -> None:
    """Measure decisions, changes of grants and the lock, with a made-up company and a PostgreSQL of its own.

    Takes up to three minutes; nothing of it stays. The figures are compared with the goals, whatever they are.
    """
    log.set_up(json=False, level="CRITICAL")
    report = run_access_bench(
        load_bundle(policy or shipped("policies") / "access"),
        sizes,
        effort=QUICK if quick else FULL,
        say=lambda words: click.echo(words, err=True),
    )
    if as_json:
        print_json(report)
    else:
        _print(report)


@bench.command()
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option(
    "--entries",
    type=click.IntRange(1_000, 20_000_000),
    default=None,
    help="How many entries are searched; 200,000 if not given. The goals are meant for 1,000,000: a few minutes more.",
)
@click.option("--quick", is_flag=True, help="Only try that everything runs: the figures mean little.")
def audit(*, as_json: bool, entries: int | None, quick: bool) -> None:
    """Measure the audit log: appends, sequencer, proof, search, and whether anything is ever lost.

    Takes up to five minutes with a PostgreSQL of its own, on this machine's disk; nothing of it stays. The figures are
    compared with the goals, whatever they are.
    """
    log.set_up(json=False, level="CRITICAL")
    effort = QUICK_AUDIT if quick else FULL_AUDIT
    report = run_audit_bench(entries or effort.backlog, effort=effort, say=lambda words: click.echo(words, err=True))
    if as_json:
        print_json(report)
    else:
        print_table(("Measure", "Value", "Goal", "", "Of what"), [measure_line(each) for each in report.measures])
        click.echo(f"Medians of {report.pairs} rounds in turn; texts of {report.text_bytes:,.0f} bytes.")


@bench.command()
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--quick", is_flag=True, help="Only try that everything runs: the figures mean little.")
@click.option("--policies", type=click.Path(path_type=Path, file_okay=False), help="Another folder of policy files.")
def screening(*, as_json: bool, quick: bool, policies: Path | None) -> None:
    """Measure the screening of one message, against one RE2 pass over it, and of texts made to be slow.

    Takes about a minute. The figures are compared with the goals, whatever they are.
    """
    effort = QUICK_SCREENING if quick else FULL_SCREENING
    folder = policies or shipped("policies")
    report = run_screening_bench(folder, effort=effort, say=lambda words: click.echo(words, err=True))
    if as_json:
        print_json(report)
    else:
        print_table(("Measure", "Value", "Goal", "", "Of what"), [measure_line(each) for each in report.measures])
        click.echo(f"{report.messages:,} messages, {report.terms:,} terms in one pass. Policy {report.policy}.")


@bench.command()
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--quick", is_flag=True, help="Only try that everything runs: the figures mean little.")
def inbound(*, as_json: bool, quick: bool) -> None:
    """Measure webhooks: what one costs beside one INSERT, and whether of 10,000 any is lost or kept twice.

    Takes a few minutes with a PostgreSQL of its own; nothing of it stays. The figures are compared with the goals.
    """
    log.set_up(json=False, level="CRITICAL")
    effort = QUICK_INBOUND if quick else FULL_INBOUND
    report = run_inbound_bench(effort, say=lambda words: click.echo(words, err=True))
    if as_json:
        print_json(report)
    else:
        print_table(("Measure", "Value", "Goal", "", "Of what"), [measure_line(each) for each in report.measures])


def _print(report: Report) -> None:
    print_table(("Measure", "Value", "Goal", "", "Of what"), [measure_line(each) for each in report.measures])
    grants = sorted({each.grants for each in report.timings})
    print_table(
        ("One decision", "Actions", *(f"{each:,} grants" for each in grants)),
        [_row(report, engine, actions, grants) for engine, actions in dict.fromkeys(map(_ways, report.timings))],
    )
    shares = ", ".join(f"{share:.0%} of those decided {kind}" for kind, share in report.allowed.items())
    click.echo(f"Every action equally often; allowed: {shares}. Policy {report.policy}.")
    click.echo("ours_few: the same questions as the rivals beside it get, so with less to warm up on.")


def measure_line(found: Measure) -> tuple[str, ...]:
    goal = ""
    if found.at_most is not None:
        goal = f"<= {found.at_most:g} {found.unit}"
    if found.at_least is not None:
        goal = f">= {found.at_least:g} {found.unit}"
    value = "-" if found.value is None else f"{found.value:,.{0 if found.value >= 1000 else 2}f} {found.unit}"
    return found.label, value, goal, outcome(found), found.note


def _ways(timing: Timing) -> tuple[str, str]:
    return timing.engine, timing.actions


def _row(report: Report, engine: str, actions: str, grants: list[int]) -> tuple[str, ...]:
    times = {each.grants: each.microseconds for each in report.timings if _ways(each) == (engine, actions)}
    return engine, f"decided {actions}", *(f"{times[each]:.2f} µs" for each in grants)
