"""People and their tokens: `govern member …`, `govern token …`."""

import sys

import rich_click as click

from govern.cli.company import Company, acting, clock, run
from govern.domain.members import Member, system_actor
from govern.services.first_admin import create_first_admin
from govern.services.members import create_member
from govern.services.tokens import MAX_DAYS, issue_token

BOOTSTRAP = system_actor("bootstrap")


@click.group()
def member() -> None:
    """The people of the company."""


@member.command("create")
@click.option("--email", "address", required=True, help="The address they sign in with.")
@click.option("--name", required=True, help="Their name, as others read it.")
@click.option("--admin", is_flag=True, help="Make the company's first admin; only while there is none.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@acting
def create(*, address: str, name: str, admin: bool, password_stdin: bool, email: str | None) -> None:
    """Add a person, who can do nothing until somebody gives them a role."""
    password = _read_password(password_stdin=password_stdin)

    async def work(company: Company) -> Member:
        if admin:
            return await create_first_admin(email=address, name=name, password=password, actor=BOOTSTRAP, now=clock())
        actor = await company.actor(email)
        return await create_member(
            email=address, name=name, password=password, actor=actor, access=company.access, now=clock()
        )

    made = run(work)
    click.echo(f"{made.name} <{made.email}> can sign in{' and is the admin' if admin else ''}.")


@click.group()
def token() -> None:
    """API tokens."""


@token.command("create")
@click.option("--member", "email", required=True, metavar="EMAIL", help="Whose rights the token has.")
@click.option("--name", required=True, help="What it is for, in a few words.")
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, MAX_DAYS), help="How long it works.")
def create_token(*, email: str, name: str, days: int) -> None:
    """Make an API token and print it: it is shown this once."""

    async def work(company: Company) -> str:
        actor = await company.actor(email)
        issued = await issue_token(email=email, name=name, days=days, actor=actor, access=company.access, now=clock())
        return issued.text

    click.echo(run(work))


def _read_password(*, password_stdin: bool) -> str:
    if password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError("There is no terminal to ask for the password: use --password-stdin.")
    given: str = click.prompt("Password (12 characters or more)", hide_input=True, confirmation_prompt=True)
    return given
