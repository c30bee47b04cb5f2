"""What `govern up` shows: a line per part as it starts, then the addresses and the sign-ins."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table

from govern.cli.parts import Member, Parts
from govern.cli.stop import Stop


class Screen:
    """Plain lines where nobody watches (a pipe, a log), a moving one where somebody does."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)

    def say(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)

    @contextmanager
    def part(self, name: str, stop: Stop) -> Iterator[None]:
        """Show a part while it starts, and how long it took.

        Raises:
            Interrupted: a person asked to stop meanwhile.
        """
        began = time.monotonic()
        with self._console.status(f"{name} ...", spinner="line"):  # an ASCII spinner: any terminal can show it
            yield
        stop.check()
        self._console.print(f"  [green]ready[/]  {name:<14} [dim]{time.monotonic() - began:5.1f} s[/]")

    def addresses(self, parts: Parts, members: list[Member]) -> None:
        folder = parts.engines.folder.path
        table = Table(box=None, show_header=False, pad_edge=False)
        rows = {"Panel": parts.panel, "API": parts.api, "X sandbox": parts.x, "Data and logs": str(folder)}
        for name, value in rows.items():
            table.add_row(name, f"[bold]{value}[/]" if name == "Panel" else value)
        self._console.print("", table, "")
        if members:
            self._console.print(_sign_ins(members), "")
        else:
            self.say("Make the first member with: govern member create --admin")
        self.say("Ctrl-C stops everything; the data stays.")


def _sign_ins(members: list[Member]) -> Table:
    table = Table(title="Sign-ins of the demo company", title_justify="left")
    table.add_column("E-mail", overflow="fold")
    table.add_column("Password", overflow="fold")
    table.add_column("Roles", overflow="fold")
    for member in members:
        table.add_row(member.email, member.password, ", ".join(member.roles))
    return table
