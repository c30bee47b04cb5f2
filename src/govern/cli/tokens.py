"""API tokens: `govern token …`."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
import rich_click as click

from govern.cli.company import Company, clock, run
from govern.cli.grants import by
from govern.cli.tables import print_json, print_table
from govern.services.tokens import MAX_DAYS, TokenInfo, issue_token, list_tokens_of, revoke_token

owner = click.option("--member", "owner", required=True, metavar="EMAIL", help="Whose rights the token has.")


@click.group()
def token() -> None:
    """API tokens: what programs sign in with."""


@token.command("create")
@owner
@click.option("--name", required=True, help="What it is for, in a few words.")
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, MAX_DAYS), help="How long it works.")
@click.option(
    "--action", "actions", multiple=True, metavar="ACTION", help="What it may do; repeat it. Else: all the member may."
)
@click.option("--scope", metavar="SCOPE", help="Where it may, as account:Shop. Else: wherever the member may.")
def create(*, owner: str, name: str, days: int, actions: tuple[str, ...], scope: str | None) -> None:
    """Make an API token and print it: it is shown this once. No token may do what needs a fresh sign-in."""

    async def work(company: Company) -> str:
        issued = await issue_token(
            email=owner,
            name=name,
            days=days,
            actions=actions or None,
            scope=scope,
            actor=await company.actor(owner, option="--member"),
            access=company.access,
            now=clock(),
        )
        return issued.text

    click.echo(run(work))


@token.command("list")
@owner
@click.option("--as", "email", envvar="GOVERN_MEMBER", metavar="EMAIL", help="Who asks; else the member themselves.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def list_all(*, owner: str, email: str | None, as_json: bool) -> None:
    """List a member's API tokens that work."""

    async def work(company: Company) -> Sequence[TokenInfo]:
        actor = await company.actor(email or owner, option="--member")
        return await list_tokens_of(owner, actor=actor, access=company.access, now=clock())

    found = run(work)
    if as_json:
        print_json({"tokens": [msgspec.to_builtins(each) for each in found]})
        return
    print_table(
        ("Token", "Name", "May do", "Where", "Ends"),
        [
            (
                str(each.id),
                each.name,
                ", ".join(each.actions) if each.actions is not None else "what the member may",
                each.scope or "where the member may",
                f"{each.expires_at:%Y-%m-%d %H:%M} UTC",
            )
            for each in found
        ],
    )


@token.command("revoke")
@click.argument("token_id", metavar="TOKEN", type=click.UUID)
@by
def revoke(*, token_id: UUID, email: str | None) -> None:
    """End an API token at once."""

    async def work(company: Company) -> None:
        await revoke_token(token_id, actor=await company.actor(email), access=company.access, now=clock())

    run(work)
    click.echo("The token no longer works.")
