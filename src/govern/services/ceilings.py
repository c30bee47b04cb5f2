"""An account's own monthly ceiling: set by an admin, and what waited for money is asked again."""

from datetime import datetime

from govern.access import Access
from govern.domain.accounts import Account
from govern.domain.actions import Action
from govern.domain.audit import AccountEdited, Change, ObjectRef
from govern.domain.members import Actor
from govern.domain.messages import ChangedMeanwhile
from govern.errors import Invalid
from govern.services import audit
from govern.services.accounts import find_account, lock_account, require_on
from govern.services.use_case import use_case
from govern.services.x_app import wake_held
from govern.tables import Account as AccountTable

MOST = 1_000_000


async def set_ceiling(
    handle: str, *, ceiling: int | None, version: int, actor: Actor, access: Access, now: datetime
) -> Account:
    """Say how many US dollars an account's messages may cost in a month; None: what `x.toml` says.

    Raises:
        ChangedMeanwhile: `version` is not the current one.
    """
    if ceiling is not None and not 0 <= ceiling <= MOST:
        raise Invalid(reason=f"A ceiling is a whole number of dollars from 0 to {MOST}.", field="ceiling")
    async with use_case(actor=actor, now=now):
        before = await lock_account(handle)
        decision = await require_on(before, Action.ACCOUNT_EDIT, called=handle, actor=actor, access=access)
        if before.version != version:
            raise ChangedMeanwhile
        await AccountTable.update({AccountTable.monthly_ceiling: ceiling, AccountTable.version: version + 1}).where(
            AccountTable.id == before.id
        )
        await audit.record(
            AccountEdited(),
            actor=actor,
            now=now,
            object=ObjectRef(kind="account", id=before.id),
            scope=before.scope,
            change={"monthly_ceiling": Change(before=before.monthly_ceiling, after=ceiling)},
            decision=decision,
        )
        await wake_held("budget", now=now)
        return await find_account(handle)
