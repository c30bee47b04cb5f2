"""Roles of members at scopes: `govern grant …`."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
import rich_click as click

from govern.cli.company import Company, clock, run
from govern.cli.moments import read_moment
from govern.cli.tables import print_json, print_table
from govern.domain.actions import Role
from govern.errors import N_, NotFound
from govern.services.grants import GrantView, assign_role, list_grants, revoke_role

ROLES = [role.value for role in Role if role is not Role.PUBLISHER]
reason_option = click.option("--reason", required=True, help="Why, in 3 to 500 characters; it stands in the log.")
by = click.option("--as", "email", envvar="GOVERN_MEMBER", metavar="EMAIL", help="The member who does it.")


class NoSuchGrant(NotFound):
    code = "grant.none"
    template = N_("{email} does not have the role {role} at {scope}.")


@click.group()
def grant() -> None:
    """Roles of members, at the company, a brand or an account."""


@grant.command("give")
@click.argument("member", metavar="EMAIL")
@click.argument("role", metavar="ROLE", type=click.Choice(ROLES))
@click.argument("scope")
@reason_option
@click.option("--from", "starts_at", type=read_moment, metavar="TIME", help="From when on; else at once.")
@click.option("--until", "expires_at", type=read_moment, metavar="TIME", help="Until when; else without end.")
@by
def give(
    *,
    member: str,
    role: str,
    scope: str,
    reason: str,
    starts_at: datetime | None,
    expires_at: datetime | None,
    email: str | None,
) -> None:
    """Give a member a role: `govern grant give leo@example.com agent account:Shop --reason "Covers for Mia"`."""

    async def work(company: Company) -> GrantView:
        return await assign_role(
            email=member,
            role=role,
            scope=scope,
            reason=reason,
            starts_at=starts_at,
            expires_at=expires_at,
            actor=await company.actor(email),
            access=company.access,
            now=clock(),
        )

    given = run(work)
    start = f" from {_moment(given.starts_at)}" if starts_at else ""
    click.echo(f"{given.member_name} has the role {role} at {scope}{start}{_until(given)}.")


@grant.command("revoke")
@click.argument("member", metavar="EMAIL")
@click.argument("role")
@click.argument("scope")
@reason_option
@by
def revoke(*, member: str, role: str, scope: str, reason: str, email: str | None) -> None:
    """Take a role away; it is gone for the next decision."""

    async def work(company: Company) -> GrantView:
        actor, access, now = await company.actor(email), company.access, clock()
        held = await list_grants(email=member, scope=scope, actor=actor, access=access, now=now)
        found = next((each for each in held if (each.role, each.scope) == (role, scope)), None)
        if found is None:
            raise NoSuchGrant(email=member[:80], role=role[:32], scope=scope[:64])
        return await revoke_role(found.id, reason=reason, actor=actor, access=access, now=now)

    taken = run(work)
    click.echo(f"{taken.member_name} no longer has the role {role} at {scope}.")


@grant.command("list")
@click.argument("member", metavar="EMAIL")
@click.option("--revoked", is_flag=True, help="Also those that were revoked.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@by
def list_all(*, member: str, revoked: bool, as_json: bool, email: str | None) -> None:
    """List a member's roles: those that hold, will hold or have ended, with who gave them, when and why."""

    async def work(company: Company) -> Sequence[GrantView]:
        actor = await company.actor(email or member)  # everybody may see their own
        return await list_grants(email=member, include_revoked=revoked, actor=actor, access=company.access, now=clock())

    found = run(work)
    if as_json:
        print_json({"grants": [msgspec.to_builtins(each) for each in found]})
        return
    print_table(
        ("Role", "Scope", "From", "Until", "Given by", "Why"),
        [
            (
                each.role,
                each.scope,
                _moment(each.starts_at),
                _end(each),
                each.granted_by_name or "the command line",
                each.reason,
            )
            for each in found
        ],
    )


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _until(given: GrantView) -> str:
    return f" until {_moment(given.expires_at)}" if given.expires_at else ""


def _end(each: GrantView) -> str:
    if each.revoked_at:
        return f"revoked {_moment(each.revoked_at)}"
    return _moment(each.expires_at) if each.expires_at else ""
