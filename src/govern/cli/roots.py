"""The processes of a deployment, each in the foreground: web, worker, sandbox; and the migrations."""

import asyncio
from pathlib import Path

import rich_click as click

from govern import log, settings

LOOPBACK = "127.0.0.1"
port_type = click.IntRange(1, 65_535)


@click.command()
@click.option("--host", default=LOOPBACK, show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=port_type, help="Port to listen on.")
def serve(host: str, port: int) -> None:
    """Run the web process: panel and API."""
    import uvicorn

    current = settings.require(settings.load(), "database_url", "redis_url")
    log.set_up(json=current.production)

    from govern.app import create_app

    app = create_app(current)
    uvicorn.run(app, host=host, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=10)


@click.command()
def worker() -> None:
    """Run a worker: it sends, polls and sweeps."""
    current = settings.require(settings.load(), "database_url", "redis_url", "x_base_url")
    log.set_up(json=current.production)

    from govern import worker as root

    root.run(current)


@click.command()
@click.option("--host", default=LOOPBACK, show_default=True, help="Address to listen on.")
@click.option("--port", default=8765, show_default=True, type=port_type, help="Port to listen on.")
@click.option("--state", type=click.Path(dir_okay=False, path_type=Path), help="Journal that keeps posts and DMs.")
@click.option("--allow-remote", is_flag=True, help="Allow an address that other machines can reach.")
def sandbox(host: str, port: int, state: Path | None, allow_remote: bool) -> None:
    """Run the X sandbox: an X-compatible server without X."""
    from govern.sandbox.app import run

    run(host=host, port=port, state_file=state, allow_remote=allow_remote)


@click.command()
@click.option(
    "--renew-policy", is_flag=True, help="Put the access policy's files in force if they differ; not in production."
)
def migrate(*, renew_policy: bool) -> None:
    """Bring the database to this version, once, under a lock; the first time, put the access policy in force."""
    current = settings.load()
    log.set_up(json=current.production)

    from govern import migrate as root

    asyncio.run(root.run(current, renew_policy=renew_policy))
