"""`govern up`: everything on one machine, from the engines to the demo company, until Ctrl-C."""

from contextlib import ExitStack
from pathlib import Path

import msgspec
import rich_click as click

from govern import settings
from govern.cli import RUNNING
from govern.cli.parts import Member, Parts, answers
from govern.cli.roots import port_type
from govern.cli.screen import Screen
from govern.cli.stop import Interrupted, Stop
from govern.cli.supervisor import Supervisor
from govern.embedded import Engines, Login, Process, refuse_taken, write_private
from govern.settings import SettingsError

STOPPED_IN_PRODUCTION = (
    "GOVERN_ENV is production; `govern up` is for one machine with the sandbox. "
    "Start `govern migrate`, `govern serve` and `govern worker`, as compose.yaml does."
)


@click.command()
@click.option("--fresh", is_flag=True, help="Start over; the data so far moves to `previous` in the data folder.")
@click.option("--no-demo", is_flag=True, help="Without the demo company.")
@click.option("--port", default=8000, show_default=True, type=port_type, help="Port of panel and API.")
@click.option("--sandbox-port", default=8765, show_default=True, type=port_type, help="Port of the X sandbox.")
@click.option(
    "--data-dir",
    default=".govern",
    show_default=True,
    envvar="GOVERN_DATA_DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for all data.",
)
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Written once all parts answer: their addresses and the sign-ins, as JSON.",
)
def up(*, fresh: bool, no_demo: bool, port: int, sandbox_port: int, data_dir: Path, ready_file: Path | None) -> None:
    """Run everything on this machine until Ctrl-C; the data stays."""
    if settings.environment({}).get("GOVERN_ENV") == settings.Env.PRODUCTION:
        raise SettingsError([STOPPED_IN_PRODUCTION])
    settings.load()
    refuse_taken(port, "--port")
    refuse_taken(sandbox_port, "--sandbox-port", but_not=port)
    if ready_file:
        ready_file.unlink(missing_ok=True)
    screen = Screen()
    with Stop() as stop, ExitStack() as ending:
        try:
            engines = Engines(data_dir, fresh=fresh)
            ending.callback(engines.stop)
            parts = Parts(engines=engines, port=port, sandbox_port=sandbox_port, demo=not no_demo)
            members, running = start(parts, screen=screen, stop=stop, ending=ending)
            announce(parts, members, ready_file, ending)
            screen.addresses(parts, members)
            supervisor = Supervisor(running, say=screen.say)
            while not stop.wait(0.2):
                supervisor.tend()
        except Interrupted:
            pass
        screen.say("Stopping.")


def start(parts: Parts, *, screen: Screen, stop: Stop, ending: ExitStack) -> tuple[list[Member], list[Process]]:
    """Start part after part, each when those it needs answer.

    Raises:
        Interrupted: a person stopped it in between.
        PartFailed: a part ended or did not answer.
    """
    engines, members = parts.engines, list[Member]()
    with screen.part("PostgreSQL", stop):
        engines.postgres.start()
    with screen.part("Valkey", stop):
        engines.valkey.start()
    with screen.part("migrations", stop):
        parts.migrations().finish(limit=300, stopped=stop.is_set)
    with screen.part("audit log", stop):
        parts.log().finish(limit=60, stopped=stop.is_set)
    sequencer, sandbox, web, worker = parts.sequencer(), parts.sandbox(), parts.web(), parts.worker()
    ending.callback(sequencer.stop)
    with screen.part("sequencer", stop):
        sequencer.start()
        sequencer.wait_until(parts.sequencer_ready, limit=60, stopped=stop.is_set)
    ending.callback(sandbox.stop)
    with screen.part("sandbox", stop):
        sandbox.start()
        sandbox.wait_until(answers(f"{parts.x}/_sandbox/health"), limit=60, stopped=stop.is_set)
    if parts.demo:
        with screen.part("demo company", stop):
            members = parts.seed(stop.is_set)
    ending.callback(stop_together, web, worker)
    with screen.part("web", stop):
        web.start()
        web.wait_until(answers(parts.ready), limit=60, stopped=stop.is_set)
    with screen.part("worker", stop):
        worker.start()
        worker.wait_until(parts.worker_ready, limit=60, stopped=stop.is_set)
    return members, [*engines.processes, sequencer, sandbox, web, worker]


def stop_together(*processes: Process) -> None:
    for process in processes:
        process.ask_to_stop()
    for process in processes:
        process.stop()


def announce(parts: Parts, members: list[Member], ready_file: Path | None, ending: ExitStack) -> None:
    """Write what other commands and scripts want to know; the files go when the parts stop."""
    running = parts.engines.folder.path / RUNNING
    worker = {"GOVERN_WORKER_DATABASE_URL": parts.engines.database_url(Login.WORKER)}
    told = {running: msgspec.json.encode({**parts.settings_for(Login.WEB), **worker})}
    if ready_file:
        ready = {"panel": parts.panel, "api": parts.api, "sandbox": parts.x, "members": members}
        told[ready_file] = msgspec.json.format(msgspec.json.encode(ready))
    for file, text in told.items():
        ending.callback(file.unlink, missing_ok=True)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_private(file, text.decode())
