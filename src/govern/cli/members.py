"""The people of the company: `govern member …`."""

import sys
from collections.abc import Awaitable
from datetime import datetime
from typing import Protocol

import rich_click as click

from govern.access import Access
from govern.cli.company import Company, acting, clock, run
from govern.cli.grants import by, reason_option
from govern.domain.members import Actor, Member, system_actor
from govern.services.first_admin import create_first_admin
from govern.services.member_life import reinstate_member, remove_member, suspend_member
from govern.services.member_links import Invitation, invite_member, link_address, reset_sign_in
from govern.services.members import create_member

BOOTSTRAP = system_actor("bootstrap")
who = click.argument("member_email", metavar="EMAIL")


class Deed(Protocol):
    """A service that does one thing to a member, for a reason."""

    def __call__(
        self, *, email: str, reason: str, actor: Actor, access: Access, now: datetime
    ) -> Awaitable[Member]: ...


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
    """Add a person with a password, who can do nothing until somebody gives them a role."""
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


@member.command("invite")
@who
@click.option("--name", required=True, help="Their name, as others read it.")
@click.option("--language", type=click.Choice(["en", "fr"]), default="en", show_default=True)
@click.option("--zone", default="Europe/Paris", show_default=True, help="Their time zone.")
@by
def invite(*, member_email: str, name: str, language: str, zone: str, email: str | None) -> None:
    """Add a person and print a one-time link, good for 72 hours, with which they choose their password."""

    async def work(company: Company) -> None:
        made = await invite_member(
            email=member_email,
            name=name,
            language=language,
            zone=zone,
            actor=await company.actor(email),
            access=company.access,
            now=clock(),
        )
        _print_link(made, company)

    run(work)


@member.command("reset")
@who
@reason_option
@by
def reset(*, member_email: str, reason: str, email: str | None) -> None:
    """End a member's sessions, tokens, password and second factors; print a one-time link to choose new ones."""

    async def work(company: Company) -> None:
        actor = await company.actor(email)
        made = await reset_sign_in(email=member_email, reason=reason, actor=actor, access=company.access, now=clock())
        _print_link(made, company)

    run(work)


@member.command("suspend")
@who
@reason_option
@by
def suspend(*, member_email: str, reason: str, email: str | None) -> None:
    """Let a member do nothing until they are reinstated; their sessions end at once."""
    _do(suspend_member, member_email, reason, email, "may do nothing until reinstated")


@member.command("reinstate")
@who
@reason_option
@by
def reinstate(*, member_email: str, reason: str, email: str | None) -> None:
    """Lift a suspension: the member signs in again and has the roles that still hold."""
    _do(reinstate_member, member_email, reason, email, "may sign in again")


@member.command("remove")
@who
@reason_option
@by
def remove(*, member_email: str, reason: str, email: str | None) -> None:
    """End a member's roles, sessions and tokens for good; what they did stays in the log."""
    _do(remove_member, member_email, reason, email, "has left: roles, sessions and tokens ended")


def _do(deed: Deed, address: str, reason: str, email: str | None, said: str) -> None:
    async def work(company: Company) -> Member:
        actor = await company.actor(email)
        return await deed(email=address, reason=reason, actor=actor, access=company.access, now=clock())

    done = run(work)
    click.echo(f"{done.name} <{done.email}> {said}.")


def _print_link(made: Invitation, company: Company) -> None:
    """Print the link alone on standard output, what to do with it beside."""
    click.echo(link_address(made.link_token, company.settings.public_url))
    click.echo(
        f"Hand this link to {made.member.name} yourself: nothing was e-mailed. "
        f"It works once, until {made.expires_at:%Y-%m-%d %H:%M} UTC.",
        err=True,
    )
    if not company.settings.public_url:
        click.echo("Put the panel's address before it: GOVERN_PUBLIC_URL is not set.", err=True)


def _read_password(*, password_stdin: bool) -> str:
    if password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError("There is no terminal to ask for the password: use --password-stdin.")
    given: str = click.prompt("Password (12 characters or more)", hide_input=True, confirmation_prompt=True)
    return given
