"""The one message a person gets who said stop: fixed words, once, within minutes or never."""

from datetime import datetime
from uuid import UUID

from govern import log
from govern.database import rows
from govern.domain.accounts import Account
from govern.domain.audit import ConfirmationQueued, ObjectRef
from govern.domain.consent import CONFIRM_WITHIN, ConsentEvent, ConsentRules, DmPermission, PermissionState
from govern.domain.content import content_digest
from govern.domain.ids import uuid7
from govern.domain.languages import likely_language
from govern.domain.members import Actor
from govern.domain.messages import Event, Kind, Message, State, next_state
from govern.domain.permission import may_confirm
from govern.screening.findings import Decision, Facts, Input
from govern.services import audit
from govern.services.consent_events import list_events
from govern.services.contacts import get_contact
from govern.services.message_views import load_message
from govern.services.policies import Policies
from govern.services.publications import plan_publication
from govern.services.screening import Screened, judge, keep_screening
from govern.tables import Inbound, Revision
from govern.tables import Message as MessageTable

logger = log.get(__name__)
_NEXT_NUMBER = "SELECT nextval('message_number') AS number"
_WROTE = """
SELECT i.text FROM inbound i WHERE i.contact = {} AND i.x_kind = 'dm' ORDER BY i.written_at DESC, i.id DESC LIMIT 5
"""


async def queue_confirmation(
    stop: ConsentEvent, account: Account, *, policies: Policies, actor: Actor, now: datetime
) -> bool:
    """Queue the answer to a stop that was just added, in the caller's transaction; False if nothing may be said."""
    if not await _may(stop, policies.consent, now):
        return False
    language = await _language(stop.contact, account)
    screened = judge_confirmation(_words(policies.consent, language), policies=policies, now=now)
    if screened.screening.decision is not Decision.ALLOW:
        logger.error("confirmation.unfit", language=language, rules=screened.rules)
        return False
    message = await _write(stop, account, _words(policies.consent, language), now=now)
    await keep_screening(message, screened, moment="submit", actor=actor, now=now)
    await audit.record(
        ConfirmationQueued(contact=stop.contact, digest=message.revision.digest.hex(), language=language),
        actor=actor,
        now=now,
        object=ObjectRef(kind="message", id=message.id, rev=1),
        refs=(ObjectRef(kind="contact", id=stop.contact), ObjectRef(kind="consent_event", id=stop.id)),
        scope=account.scope,
    )
    await plan_publication(message, undo_window=False, until=stop.counts_from + CONFIRM_WITHIN, now=now)
    return True


async def confirmation_may_leave(message: Message, *, policies: Policies, now: datetime) -> Screened | None:
    """Decide again, at the send: the stop, its age and the words in force; None if it must not leave."""
    events = await list_events(message.contact_id) if message.contact_id else []
    stop = next((event for event in events if event.id == message.confirms), None)
    rules, text = policies.consent, message.revision.text
    fixed = rules.confirmation is not None and text in {rules.confirmation.en, rules.confirmation.fr}
    if stop is None or not fixed or stop.account != message.account_id or not may_confirm(stop, events, now=now):
        return None
    screened = judge_confirmation(text, policies=policies, now=now)
    return screened if screened.screening.decision is Decision.ALLOW else None


def judge_confirmation(text: str, *, policies: Policies, now: datetime) -> Screened:
    """Screen the words as the plainest answer; what is kept says under which right they leave: none."""
    given = Input(text=text, kind=Kind.DM, permission=PermissionState.SERVICE_WINDOW, facts=Facts())
    answer = judge(given, policies=policies)
    return Screened(id=uuid7(now), screening=answer, permission=DmPermission(PermissionState.OPTED_OUT))


async def _may(stop: ConsentEvent, rules: ConsentRules, now: datetime) -> bool:
    return rules.confirmation is not None and may_confirm(stop, await list_events(stop.contact), now=now)


async def _language(contact: UUID, account: Account) -> str:
    """Return the language the person wrote in last, or else the account's."""
    texts = [row["text"] for row in rows(await Inbound.raw(_WROTE, contact))]
    return next(filter(None, (likely_language([text]) for text in texts)), account.language)


def _words(rules: ConsentRules, language: str) -> str:
    return rules.confirmation.text(language) if rules.confirmation else ""


async def _write(stop: ConsentEvent, account: Account, text: str, *, now: datetime) -> Message:
    contact = await get_contact(stop.contact)
    digest = content_digest(account=account.handle, kind=Kind.DM, text=text, in_reply_to=None, recipient=contact.handle)
    row = MessageTable(
        id=uuid7(now),
        number=rows(await MessageTable.raw(_NEXT_NUMBER))[0]["number"],
        account=account.id,
        kind=Kind.DM.value,
        state=next_state(State.DRAFT, Event.PASS).value,
        author=None,
        contact=contact.id,
        confirms=stop.id,
        approvals_required=0,
        created_at=now,
        updated_at=now,
    )
    await MessageTable.insert(row)
    await Revision.insert(
        Revision(id=uuid7(now), message=row.id, number=1, text=text, digest=digest, editor=None, created_at=now)
    )
    return await load_message(row.id)
