"""`govern audit erase`, `govern audit hold`: the end of personal content, and what keeps it."""

from typing import Any

import rich_click as click

from govern.cli.audit.refusals import refusals_end
from govern.cli.company import Company, clock, run
from govern.cli.grants import by, reason_option
from govern.cli.tables import print_json
from govern.services.erasing import Erased, Ground, erase_subject
from govern.services.holding import Held, lift_hold, set_hold
from govern.services.subjects import SubjectKind

contact = click.option("--contact", metavar="HANDLE", help="A person outside.")
left = click.option("--member", metavar="EMAIL", help="A member who left.")
message = click.option("--message", metavar="M-…", help="What people wrote about a message.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.command("erase")
@contact
@left
@message
@click.option(
    "--ground",
    type=click.Choice([each.value for each in Ground]),
    default=Ground.PERSON_ASKED.value,
    show_default=True,
    help="Why, in one word.",
)
@reason_option
@as_json
@by
def erase(*, ground: str, reason: str, as_json: bool, email: str | None, **named: str | None) -> None:
    """Make what the log holds of a person, or about a message, unreadable for good. Nobody can undo it.

    Entries, tree and proofs stay; the fields are shown as erased by the entry this writes. The reason stays
    readable: do not name the person in it. Exit code: 0 erased, 2 refused.
    """
    kind, which = _one(named)

    async def work(company: Company) -> Erased:
        return await erase_subject(
            kind,
            which,
            ground=Ground(ground),
            reason=reason,
            actor=await company.actor(email),
            access=company.access,
            now=clock(),
        )

    with refusals_end():
        done = run(work)
    if as_json:
        print_json({"subject": done.subject, "openings": done.openings, "withdrawn": done.withdrawn, **_receipt(done)})
    else:
        click.echo(f"Erased {done.openings} fields of {done.subject}; entry {done.receipt.entry_id} tells of it.")
        if done.withdrawn:
            click.echo(f"Withdrew {done.withdrawn} private messages that were to go there.")


@click.command("hold")
@contact
@left
@message
@click.option("--lift", is_flag=True, help="Lift the hold.")
@reason_option
@as_json
@by
def hold(*, lift: bool, reason: str, as_json: bool, email: str | None, **named: str | None) -> None:
    """Keep the personal content of a person or message from being erased, until the hold is lifted."""
    kind, which = _one(named)
    deed = lift_hold if lift else set_hold

    async def work(company: Company) -> Held:
        actor = await company.actor(email)
        return await deed(kind, which, reason=reason, actor=actor, access=company.access, now=clock())

    with refusals_end():
        done = run(work)
    if as_json:
        print_json({"subject": done.subject, "held": not lift, **_receipt(done)})
    else:
        said = "is no longer under legal hold" if lift else "is under legal hold"
        click.echo(f"{done.subject} {said}; entry {done.receipt.entry_id} tells of it.")


def _one(named: dict[str, str | None]) -> tuple[SubjectKind, str]:
    given = {kind: which for kind, which in named.items() if which}
    if len(given) != 1:
        raise click.UsageError("Name one subject: --contact HANDLE, --member EMAIL or --message M-….")
    ((kind, which),) = given.items()
    return SubjectKind(kind), which


def _receipt(done: Erased | Held) -> dict[str, Any]:
    return {"entry": str(done.receipt.entry_id), "leaf_hash": done.receipt.leaf_hash.hex()}
