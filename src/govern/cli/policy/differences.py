"""How commands show what a policy would change."""

import rich_click as click

from govern.access.simulate import Line
from govern.access.weighing import Answer, Standing
from govern.cli.tables import print_table
from govern.services.policy_simulation import Simulation

MOST = 100
COLUMNS = ("Who", "From here down", "What", "Before", "After", "By the rules")


def show(simulation: Simulation) -> None:
    """Print rules, gains, losses and the messages that would wait in vain."""
    difference = simulation.difference
    for change in difference.rules:
        if change.before is not None:
            click.echo(f"- {change.rule}: {change.before}")
        if change.after is not None:
            click.echo(f"+ {change.rule}: {change.after}")
    for title, lines in (("Gains", difference.gains), ("Losses", difference.losses)):
        click.echo(f"{title}: {len(lines)}")
        if lines:
            print_table(COLUMNS, [_cells(line, simulation) for line in lines[:MOST]])
        if len(lines) > MOST:
            click.echo(f"… and {len(lines) - MOST} more; `govern policy diff --json` has them all.")
    for message in simulation.stranded:
        click.echo(f"{message.number} (@{message.account}) waits for approval, and nobody could give it any more.")


def _cells(line: Line, simulation: Simulation) -> tuple[str, ...]:
    about = f" of {line.role}" if line.role else ""
    beside = f" beside {line.beside}" if line.beside else ""
    who, rules = simulation.names.get(line.member, line.member), ", ".join(line.rules)
    return (who, line.scope, f"{line.action}{about}{beside}", _words(line.before), _words(line.after), rules)


def _words(standing: Standing) -> str:
    words = str(standing.answer)
    if standing.answer is Answer.DEPENDS:
        words += f" on {', '.join(each.condition for each in standing.conditions)}"
    return f"{words}, signed in afresh" if standing.fresh else words
