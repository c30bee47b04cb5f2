"""Answers about access, in words a person reads on a terminal."""

from collections.abc import Iterable
from datetime import UTC, datetime

import rich_click as click

from govern.access.explain import Unblock
from govern.access.rows import ALLOW
from govern.access.weighing import Answer, Dependence, RuleLine, Standing
from govern.cli.tables import print_table
from govern.services.access_questions import AblePerson, GrantStory, WhereCan, WhoCan, Why

_SHOWN = {True: "true", False: "false", None: "unknown"}


def print_why(why: Why) -> None:
    """Print the decision, what led to it, and what would help."""
    decision, member = why.explanation.decision, why.member
    verdict = "Allowed" if decision.allowed else "Denied"
    click.echo(f"{verdict}: {member.name} <{member.email}>, {decision.action} at {decision.scope}.")
    if decision.sentence:
        click.echo(f"  {decision.sentence}")
    if decision.rule:
        click.echo(f"  Rule: {decision.rule}")
    if why.grant:
        click.echo(f"  Grant: {_story(why.grant)}")
    if not decision.allowed:
        _print_help(why)
    click.echo(f"  As of {_time(why.at)}, by policy {decision.digest}.")
    if why.explanation.lines:
        print_table(
            ("", "Rule", "Effect", "Role", "Held at", "Condition", "Is it true?"),
            [_line(line) for line in why.explanation.lines],
        )


def print_people(found: WhoCan) -> None:
    """Print who can, on what it depends, and by which grants."""
    click.echo(f"{found.action} at {found.scope}, as of {_time(found.at)}, by policy {found.digest}:")
    print_table(
        ("Member", "E-mail", "Can", "By"),
        [(each.member.name, each.member.email, _answer(each.standing), _stories(each.grants)) for each in found.people],
    )
    _print_conditions(each.standing for each in found.people)


def print_places(found: WhereCan) -> None:
    """Print where the member can, on what it depends, and by which grants."""
    member = found.member
    click.echo(f"{member.name} <{member.email}>, {found.action}, as of {_time(found.at)}, by policy {found.digest}:")
    print_table(
        ("Scope", "Can", "By"), [(each.scope, _answer(each.standing), _stories(each.grants)) for each in found.places]
    )
    _print_conditions(each.standing for each in found.places)


def _print_help(why: Why) -> None:
    standing, unblock = why.explanation.standing, why.explanation.unblock
    if standing.answer is Answer.DEPENDS:
        click.echo(f"  It depends: allowed {_conditions(standing.conditions)}.")
    if unblock is None:
        return
    if unblock.sign_in:
        click.echo("  Signing in again would help.")
    if unblock.missing:
        click.echo(f"  Tell what is not known: {' '.join(f'--fact {name}=…' for name in unblock.missing)}")
    if unblock.action is not None:
        click.echo(f"  Who can help, by {unblock.action} at {unblock.scope}: {_helpers(unblock, why.helpers or ())}")


def _helpers(unblock: Unblock, helpers: Iterable[AblePerson]) -> str:
    people = ", ".join(f"{each.member.name} <{each.member.email}> ({_answer(each.standing)})" for each in helpers)
    roles = ", ".join(
        f"{role.label.en} (only {role.only.en})" if role.only else role.label.en for role in unblock.roles
    )
    return f"{people or 'nobody now'}. It takes the role {roles or '-'} at {' or '.join(unblock.scopes)}."


def _line(line: RuleLine) -> tuple[str, ...]:
    held = line.grant.scope if line.grant else ("everywhere" if line.held else "-")
    mark = "decided" if line.decided else ("matched" if line.matched else "")
    return mark, line.rule, line.effect, line.label.en, held, line.condition, _SHOWN[line.value]


def _answer(standing: Standing) -> str:
    said = "yes" if standing.answer is Answer.YES else _conditions(standing.conditions)
    return f"{said}, signed in afresh" if standing.fresh else said


def _conditions(conditions: Iterable[Dependence]) -> str:
    return ", ".join(f"{'if' if each.effect == ALLOW else 'unless'} {each.condition}" for each in conditions)


def _print_conditions(standings: Iterable[Standing]) -> None:
    """Explain the names of the conditions that were printed."""
    words = {each.condition: each.sentence.en for standing in standings for each in standing.conditions}
    for condition, sentence in sorted(words.items()):
        click.echo(f"  {condition}: {sentence}")


def _stories(grants: Iterable[GrantStory]) -> str:
    return "; ".join(_story(grant) for grant in grants)


def _story(grant: GrantStory) -> str:
    ends = f", until {_time(grant.expires_at)}" if grant.expires_at else ""
    by = grant.granted_by or "the system"
    return f"{grant.role} at {grant.scope}, given by {by} on {_time(grant.granted_at)}{ends}: {grant.reason}"


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
