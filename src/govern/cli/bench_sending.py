"""`govern bench chaos` and `govern bench dispatch`: whether each message goes out once, whatever breaks, and what that costs."""

import rich_click as click

from govern import log
from govern.bench.chaos import Size, run_chaos
from govern.bench.dispatch import FULL, QUICK, run_dispatch
from govern.bench.measuring import outcome
from govern.cli.bench import measure_line
from govern.cli.tables import print_json, print_table

MOST = 100_000


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--messages", type=click.IntRange(10, MOST), default=1_000, show_default=True, help="How many in a run.")
@click.option("--accounts", type=click.IntRange(1, 200), default=16, show_default=True, help="Over how many accounts.")
@click.option("--workers", type=click.IntRange(1, 16), default=4, show_default=True, help="Sent by how many processes.")
@click.option("--seed", "seeds", type=int, multiple=True, default=(1,), show_default=True, help="A run for each.")
def chaos(*, as_json: bool, messages: int, accounts: int, workers: int, seeds: tuple[int, ...]) -> None:
    """Send posts, replies and DMs while workers are killed and frozen and engines, X and its answers break.

    Then compare what the sandbox has with what was approved. Takes some minutes a run with engines of its own; nothing
    of it stays. Ends with exit code 1 if a message was lost, doubled, or shown as what it is not.
    """
    log.set_up(json=False, level="CRITICAL")
    size = Size(messages=messages, accounts=accounts, workers=workers)
    report = run_chaos(size, seeds, say=lambda words: click.echo(words, err=True))
    if as_json:
        print_json(report)
    else:
        print_table(("Measure", "Value", "Goal", "", "Of what"), [measure_line(each) for each in report.measures])
        for run in report.runs:
            states = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in run.states.items())
            click.echo(f"Seed {run.seed}: {states}; {run.seconds:,.0f} s.")
    if any(outcome(each) == "missed" for each in report.measures):
        raise SystemExit(1)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--quick", is_flag=True, help="Only try that everything runs: the figures mean little.")
def dispatch(*, as_json: bool, quick: bool) -> None:
    """Measure sending against bare calls of tweepy, the time from approved to sent, answers amid a campaign, a long queue.

    Takes some minutes with engines and a sandbox of its own; nothing of it stays. The figures are compared with the
    goals, whatever they are.
    """
    log.set_up(json=False, level="CRITICAL")
    report = run_dispatch(QUICK if quick else FULL, say=lambda words: click.echo(words, err=True))
    if as_json:
        print_json(report)
    else:
        print_table(("Measure", "Value", "Goal", "", "Of what"), [measure_line(each) for each in report.measures])
