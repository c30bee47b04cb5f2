"""`govern audit sequence`: the process that places entries and signs checkpoints."""

import rich_click as click

from govern import log, settings
from govern.cli.audit.refusals import refusals_end


@click.command("sequence")
def sequence() -> None:
    """Run the sequencer of the log; a second one waits until the first is gone."""
    current = settings.require(settings.act_as_sequencer(), "database_url")
    log.set_up(json=current.production)

    from govern import sequencer as root

    with refusals_end():
        root.run(current)
