"""What an inbound message says of the right to write, in the transaction that keeps it."""

from datetime import datetime
from uuid import UUID

from govern.domain.accounts import Account
from govern.domain.consent import ConsentEvent, ConsentKind, Purpose
from govern.domain.members import Actor
from govern.domain.publications import XKind
from govern.screening.findings import OptOut
from govern.services.consent_events import event_at, insert_event
from govern.services.opt_outs import record_stop
from govern.services.permissions import permission_for
from govern.services.policies import Policies
from govern.services.screening import ScreeningFailed, screen_inbound

SOURCE, STOP_SOURCE = "x", "x.stop"


async def record_inbound(
    account: Account,
    contact: UUID,
    x_kind: XKind,
    *,
    x_id: str,
    text: str,
    is_reply: bool,
    written_at: datetime,
    policies: Policies,
    actor: Actor,
    now: datetime,
) -> OptOut:
    """Add what an inbound message is to the contact's ledger and obey a stop, in the caller's transaction.

    A private message opens the window, from when the person wrote it (the snowflake's time), not from when we noticed. A
    text the engine cannot judge is a doubt: a person must read it. The caller has locked the contact.
    """
    prefix = "" if x_kind is XKind.DM else "post:"

    def event(kind: ConsentKind, purpose: Purpose, source: str) -> ConsentEvent:
        return event_at(
            account,
            contact,
            kind,
            purpose,
            source=source,
            source_event_id=f"{account.handle}:{prefix}{x_id}",
            occurred_at=written_at,
            actor=actor,
            now=now,
        )

    heard = _hear(text, x_kind, is_reply=is_reply, policies=policies)
    was = await permission_for(contact, account, rules=policies.consent, now=now)
    if x_kind is XKind.DM:
        opened = event(ConsentKind.INBOUND_DM, Purpose.SERVICE, SOURCE)
        await insert_event(opened, scope=account.scope, actor=actor, now=now)
    if heard is OptOut.YES:
        stop = event(ConsentKind.OPT_OUT, Purpose.ALL, STOP_SOURCE)
        await record_stop(stop, account, was=was.state, policies=policies, actor=actor, now=now)
    elif heard is OptOut.DOUBTFUL:
        doubt = event(ConsentKind.OPT_OUT_DOUBTFUL, Purpose.ALL, STOP_SOURCE)
        await insert_event(doubt, scope=account.scope, actor=actor, now=now)
    return heard


def _hear(text: str, x_kind: XKind, *, is_reply: bool, policies: Policies) -> OptOut:
    try:
        return screen_inbound(text, x_kind, is_reply=is_reply, policies=policies).optout
    except ScreeningFailed:
        return OptOut.DOUBTFUL
