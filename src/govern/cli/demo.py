"""`govern demo-seed`: what `govern up` runs to make the demo company."""

import msgspec
import rich_click as click

from govern.cli.company import Company, clock, run
from govern.demo import SignIn, seed


@click.command("demo-seed", hidden=True)
@click.option("--json", "as_json", is_flag=True, help="Print nothing but JSON.")
def demo_seed(*, as_json: bool) -> None:
    """Make the demo company, or find it, and print its sign-ins."""

    async def work(company: Company) -> list[SignIn]:
        return await seed(company.settings, access=company.access, policies=company.policies, clock=clock)

    members = run(work)
    if as_json:
        click.echo(msgspec.json.encode(members))
        return
    for member in members:
        click.echo(f"{member.email}  {member.password}  {', '.join(member.roles)}")
