"""`govern policy explain | who-can | where-can`: asked by whoever runs the machine, now or as of a date."""

import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

import rich_click as click

from govern.cli.company import Company, clock, run
from govern.cli.moments import read_moment
from govern.cli.policy.spoken import print_people, print_places, print_why
from govern.cli.tables import print_json
from govern.errors import GovernError
from govern.services.access_questions import (
    OPERATOR,
    WhereCan,
    WhoCan,
    Why,
    explain_access,
    where_can,
    who_can,
)

T = TypeVar("T")
_WORDS: dict[str, object] = {"true": True, "false": False, "null": None}
as_of = click.option(
    "--at", metavar="DATE", help="As it was then: 2026-05-03 (its first second, UTC), or a time with its offset."
)
json_out = click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
telling = click.option(
    "--fact",
    "facts",
    multiple=True,
    metavar="NAME=VALUE",
    help="Something the rules ask about: true, false, null, a number, text, an e-mail address, or a list as a,b.",
)


@click.command()
@click.argument("member")
@click.argument("action")
@click.argument("scope")
@telling
@as_of
@json_out
def explain(*, member: str, action: str, scope: str, facts: tuple[str, ...], at: str | None, as_json: bool) -> None:
    """Say why a member (by e-mail) may do an action at a scope, or what is missing and who can help.

    Exit code: 0 allowed, 1 denied, 2 not answered. A sign-in counts as fresh unless --fact fresh=false.
    """
    told, moment = read_facts(facts), _moment(at)

    async def work(company: Company) -> Why:
        return await explain_access(
            email=member,
            action=action,
            scope=scope,
            facts=told,
            at=moment,
            actor=OPERATOR,
            access=company.access,
            now=clock(),
        )

    why = _ask(work)
    if as_json:
        print_json(why)
    else:
        print_why(why)
    sys.exit(0 if why.explanation.decision.allowed else 1)


@click.command("who-can")
@click.argument("action")
@click.argument("scope")
@telling
@as_of
@json_out
def who(*, action: str, scope: str, facts: tuple[str, ...], at: str | None, as_json: bool) -> None:
    """List who can do an action at a scope: yes, or what it depends on; exactly with facts."""
    told, moment = read_facts(facts), _moment(at)

    async def work(company: Company) -> WhoCan:
        return await who_can(
            action=action,
            scope=scope,
            facts=told or None,
            at=moment,
            actor=OPERATOR,
            access=company.access,
            now=clock(),
        )

    found = _ask(work)
    if as_json:
        print_json(found)
    else:
        print_people(found)


@click.command("where-can")
@click.argument("member")
@click.argument("action")
@as_of
@json_out
def where(*, member: str, action: str, at: str | None, as_json: bool) -> None:
    """List where a member (by e-mail) can do an action: yes, or what it depends on."""
    moment = _moment(at)

    async def work(company: Company) -> WhereCan:
        return await where_can(
            email=member, action=action, at=moment, actor=OPERATOR, access=company.access, now=clock()
        )

    found = _ask(work)
    if as_json:
        print_json(found)
    else:
        print_places(found)


def _ask(work: Callable[[Company], Awaitable[T]]) -> T:
    """Answer with exit code 2 what cannot be answered: 1 would say "denied"."""
    try:
        return run(work)
    except GovernError as error:
        click.echo(f"{error.code}: {error.detail}", err=True)
        sys.exit(2)


def read_facts(given: tuple[str, ...]) -> dict[str, object]:
    """Read `name=value` pairs.

    Raises:
        click.BadParameter: one has no name or no `=`, or is told twice; the command ends as wrong usage.
    """
    told: dict[str, object] = {}
    for each in given:
        name, is_pair, value = each.partition("=")
        if not is_pair or not name.isidentifier() or name in told:
            raise click.BadParameter(f"{each[:40]!r} is not NAME=VALUE, each name once.", param_hint="--fact")
        told[name] = [_value(part) for part in value.split(",") if part] if "," in value else _value(value)
    return told


def _value(text: str) -> object:
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if text.isascii() and text.removeprefix("-").isdigit() and len(text) < 10 else text


def _moment(text: str | None) -> datetime | None:
    return None if text is None else read_moment(text)
