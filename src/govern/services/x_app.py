"""What X said of the whole X app: that its credits are spent, or that it refuses what our rules allow."""

from datetime import datetime, timedelta

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.actions import COMPANY, Action, Target
from govern.domain.audit import ObjectRef, XCreditsBack, XCreditsSpent, XCreditsTried, XRulesOutdated
from govern.domain.members import PUBLISHER, Actor
from govern.domain.messages import Message
from govern.domain.x_limits import X_APP
from govern.errors import N_, Conflict
from govern.services import audit, outbox
from govern.services.message_views import message_ref
from govern.services.use_case import use_case
from govern.settings import current
from govern.tables import Publication, XApp
from govern.tables import Screening as ScreeningTable

CREDITS_AGAIN = timedelta(minutes=5)
"""How long nothing is sent for any account before one message tries whether there are credits again."""
THE_APP = ObjectRef(kind="system", id="x")
CONTRADICTIONS = {"reply_not_allowed": "X-SUMMONED", "quote_not_allowed": "X-QUOTE", "too_long": "X-LENGTH"}
"""X's refusals of what a rule of `x.toml` let pass a moment before, by the rule's id."""
_BY_TIER = frozenset({"reply_not_allowed", "quote_not_allowed"})
"""Those that our rules only speak of where they know the contract with X."""

_STATE = "SELECT spent_at, probe_at, outdated_at, outdated_digest, outdated_reason FROM x_app WHERE name = {}"
_SPENT = """
INSERT INTO x_app AS a (name, spent_at, probe_at) VALUES ({}, {}, {})
ON CONFLICT (name) DO UPDATE SET spent_at = coalesce(a.spent_at, excluded.spent_at), probe_at = excluded.probe_at
RETURNING spent_at
"""
_PROBE = "UPDATE x_app SET probe_at = {} WHERE name = {} AND probe_at <= {} RETURNING name"
_BACK = "UPDATE x_app SET spent_at = NULL, probe_at = NULL WHERE name = {} AND spent_at IS NOT NULL RETURNING name"
_AGAIN = "UPDATE x_app SET probe_at = {} WHERE name = {} AND spent_at IS NOT NULL RETURNING name"
# What another transaction works on wakes by itself.
_WAKE = """
UPDATE publication SET wake_at = {} WHERE id IN (
  SELECT id FROM publication WHERE closed_at IS NULL AND hold = ANY({}) AND wake_at > {} FOR UPDATE SKIP LOCKED)
RETURNING account
"""
_OUTDATED = """
INSERT INTO x_app AS a (name, outdated_at, outdated_digest, outdated_reason) VALUES ({}, {}, {}, {})
ON CONFLICT (name) DO UPDATE SET outdated_at = excluded.outdated_at, outdated_digest = excluded.outdated_digest,
  outdated_reason = excluded.outdated_reason
  WHERE a.outdated_digest IS DISTINCT FROM excluded.outdated_digest OR a.outdated_reason <> excluded.outdated_reason
RETURNING name
"""
_DIGEST = "SELECT policy_digest FROM screening WHERE revision = {} ORDER BY created_at DESC, id DESC LIMIT 1"


class CreditsThere(Conflict):
    code = "x.credits_there"
    template = N_("Nothing waits for credits of X: it was said a moment ago that they are back.")


class AppState(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the X app."""

    spent_at: datetime | None = None
    probe_at: datetime | None = None
    outdated_at: datetime | None = None
    outdated_digest: str | None = None
    outdated_reason: str | None = None


async def read_app() -> AppState:
    """Return what X last said of its app."""
    found = rows(await XApp.raw(_STATE, X_APP))
    return msgspec.convert(found[0], AppState) if found else AppState()


async def credits_until(now: datetime) -> datetime | None:
    """Return until when nothing is sent for want of credits; None where something may go, if only to try."""
    state = await read_app()
    return state.probe_at if state.probe_at is not None and state.probe_at > now else None


async def may_try(now: datetime) -> datetime | None:
    """Let one message try, of all accounts; None if this one may, or nothing is known to be wrong.

    Holds the app's row until the end of the transaction.
    """
    state = await read_app()
    if state.spent_at is None:
        return None
    again = now + CREDITS_AGAIN
    return None if rows(await XApp.raw(_PROBE, again, X_APP, now)) else again


async def credits_spent(*, now: datetime) -> None:
    """X has no credits for this app: all accounts wait. Admins are told once, however many messages hear it."""
    found = rows(await XApp.raw(_SPENT, X_APP, now, now + CREDITS_AGAIN))
    if found[0]["spent_at"] == now:
        await audit.record(XCreditsSpent(), actor=PUBLISHER, now=now, object=THE_APP, scope=COMPANY)


async def credits_are_back(*, now: datetime) -> None:
    """X took a message: whoever waited for credits goes on."""
    if rows(await XApp.raw(_BACK, X_APP)):
        await audit.record(XCreditsBack(), actor=PUBLISHER, now=now, object=THE_APP, scope=COMPANY)
        await wake_held("credits", now=now)


async def try_again(*, actor: Actor, access: Access, now: datetime) -> None:
    """Let the next message try at once whether X has credits again.

    Raises:
        CreditsThere: nothing waits for them.
    """
    async with use_case(actor=actor, now=now):
        decision = await access.require(actor, Action.ACCOUNT_EDIT, Target(COMPANY))
        if not rows(await XApp.raw(_AGAIN, now, X_APP)):
            raise CreditsThere
        await audit.record(XCreditsTried(), actor=actor, now=now, object=THE_APP, scope=COMPANY, decision=decision)
        await wake_held("credits", now=now)


async def wake_held(*holds: str, now: datetime) -> None:
    """Have what is held for these reasons asked again at once, in the caller's transaction."""
    woken = rows(await Publication.raw(_WAKE, now, list(holds), now))
    for account in sorted({str(row["account"]) for row in woken}):
        await outbox.enqueue("publish", now=now, account=account)


async def contradicted(message: Message, code: str, *, now: datetime) -> None:
    """X refused what our rules let pass a moment ago: they are outdated. Told once for a policy and a reason."""
    rule = CONTRADICTIONS.get(code)
    if rule is None or (code in _BY_TIER and not current().x_app_tier):
        return
    digest = rows(await ScreeningTable.raw(_DIGEST, message.revision.id))
    if digest and rows(await XApp.raw(_OUTDATED, X_APP, now, digest[0]["policy_digest"], rule)):
        await audit.record(
            XRulesOutdated(rule=rule, reason=code, policy=digest[0]["policy_digest"]),
            actor=PUBLISHER,
            now=now,
            object=THE_APP,
            refs=(message_ref(message),),
            scope=COMPANY,
        )
