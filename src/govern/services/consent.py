"""What members record about the right to write to a person: facts go in, never out."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.accounts import Account
from govern.domain.actions import Action, Decision
from govern.domain.consent import ConsentKind, Purpose
from govern.domain.drafts import ReasonRequired, check_reason
from govern.domain.members import Actor
from govern.errors import N_, Conflict, Invalid
from govern.services import contacts
from govern.services.accounts import find_account, require_on
from govern.services.consent_events import event_at, insert_event, list_events
from govern.services.contacts import Contact
from govern.services.opt_outs import record_stop
from govern.services.permissions import doubt_open, permission_for
from govern.services.policies import Policies
from govern.services.rescreening import rescreen_contact
from govern.services.use_case import use_case
from govern.tables import Inbound

EVIDENCE = ("channel", "wording_id", "wording_version", "captured_at", "proof_ref")
MAX_EVIDENCE = 200
SOURCE = "member"
_ASKED = "SELECT id, written_at FROM inbound WHERE account = {} AND contact = {} AND x_kind = 'post' AND x_id = {}"


class EvidenceMissing(Invalid):
    code = "consent.evidence_missing"
    template = N_("An opt-in needs its evidence: {missing}.")


class BadEvidence(Invalid):
    code = "consent.bad_evidence"
    template = N_("This is no evidence of an opt-in: {reason}")


class NoDoubt(Conflict):
    code = "consent.no_doubt"
    template = N_("There is no doubt to clear: nothing this person wrote waits for a decision.")


class NoInvitation(Conflict):
    code = "consent.no_invitation"
    template = N_("This person did not ask the account to write, in a post we have received.")


class _Place(msgspec.Struct, frozen=True):
    account: Account
    contact: Contact
    decision: Decision


async def record_opt_in(
    *,
    account: str,
    contact: str | UUID,
    evidence: Mapping[str, str],
    actor: Actor,
    access: Access,
    now: datetime,
) -> None:
    """Record that a person agreed to the promotion of a brand, with the proof of it. It counts from when they agreed.

    Raises:
        EvidenceMissing: without channel, wording, its version, time and proof nobody could show it later.
        BadEvidence: the time is none, or lies ahead; or a value is too long.
    """
    given = _checked_evidence(evidence)
    agreed_at = _captured_at(given["captured_at"], now)
    async with _place(account, contact, right=Action.CONSENT_RECORD, actor=actor, access=access, now=now) as place:
        event = event_at(
            place.account,
            place.contact.id,
            ConsentKind.OPT_IN,
            Purpose.PROMOTIONAL,
            source=SOURCE,
            occurred_at=agreed_at,
            evidence=given,
            actor=actor,
            now=now,
        )
        await insert_event(event, scope=place.account.scope, actor=actor, now=now, decision=place.decision)


async def record_opt_out(
    *, account: str, contact: str | UUID, actor: Actor, access: Access, policies: Policies, now: datetime
) -> None:
    """Record that a person wants no messages: it holds at once, and whoever sees the account may note it."""
    async with _place(account, contact, right=Action.MESSAGE_READ, actor=actor, access=access, now=now) as place:
        was = await permission_for(place.contact.id, place.account, rules=policies.consent, now=now)
        event = event_at(
            place.account,
            place.contact.id,
            ConsentKind.OPT_OUT,
            Purpose.ALL,
            source=SOURCE,
            occurred_at=now,
            actor=actor,
            now=now,
        )
        await record_stop(
            event, place.account, was=was.state, policies=policies, actor=actor, now=now, decision=place.decision
        )


async def withdraw_consent(
    *, account: str, contact: str | UUID, actor: Actor, access: Access, policies: Policies, now: datetime
) -> None:
    """Record that a person takes back their consent to promotion; what waits is screened anew under what is left."""
    async with _place(account, contact, right=Action.MESSAGE_READ, actor=actor, access=access, now=now) as place:
        event = event_at(
            place.account,
            place.contact.id,
            ConsentKind.OPT_OUT,
            Purpose.PROMOTIONAL,
            source=SOURCE,
            occurred_at=now,
            actor=actor,
            now=now,
        )
        await insert_event(event, scope=place.account.scope, actor=actor, now=now, decision=place.decision)
        await rescreen_contact(place.contact.id, policies=policies, actor=actor, now=now)


async def clear_doubt(
    *, account: str, contact: str | UUID, reason: str, actor: Actor, access: Access, now: datetime
) -> None:
    """Record that a person read what may have been a stop, and it was none. The reason is sealed in the log.

    Raises:
        ReasonRequired
        NoDoubt
    """
    given = check_reason(reason)
    if given is None:
        raise ReasonRequired(why="somebody may ask later why this was no stop", field="reason")
    async with _place(account, contact, right=Action.CONSENT_RECORD, actor=actor, access=access, now=now) as place:
        if not doubt_open(await list_events(place.contact.id), now):
            raise NoDoubt
        event = event_at(
            place.account,
            place.contact.id,
            ConsentKind.DOUBT_CLEARED,
            Purpose.ALL,
            source=SOURCE,
            occurred_at=now,
            actor=actor,
            now=now,
        )
        await insert_event(
            event, scope=place.account.scope, comment=given, actor=actor, now=now, decision=place.decision
        )


async def record_invite(
    *, account: str, contact: str | UUID, x_id: str, actor: Actor, access: Access, now: datetime
) -> None:
    """Record that a person asked the account, in a post to it, to write in private; the post is the evidence.

    Raises:
        NoInvitation: no such post of theirs to this account.
    """
    async with _place(account, contact, right=Action.CONSENT_RECORD, actor=actor, access=access, now=now) as place:
        post = int(x_id) if x_id.isascii() and x_id.isdigit() and len(x_id) < 19 else 0
        found = rows(await Inbound.raw(_ASKED, place.account.id, place.contact.id, post))
        if not found:
            raise NoInvitation
        event = event_at(
            place.account,
            place.contact.id,
            ConsentKind.INVITE_ACCEPTED,
            Purpose.SERVICE,
            source="invite",
            source_event_id=f"{place.account.handle}:{x_id}",
            occurred_at=found[0]["written_at"],
            evidence={"inbound": str(found[0]["id"]), "x_id": x_id},
            actor=actor,
            now=now,
        )
        await insert_event(event, scope=place.account.scope, actor=actor, now=now, decision=place.decision)


@asynccontextmanager
async def _place(
    account: str, contact: str | UUID, *, right: Action, actor: Actor, access: Access, now: datetime
) -> AsyncIterator[_Place]:
    """Open the transaction, decide, and lock the contact; one named by a handle we never saw is added."""
    async with use_case(actor=actor, now=now):
        ours = await find_account(account)
        decision = await require_on(ours, right, called=account, actor=actor, access=access)
        if isinstance(contact, UUID):
            person = await contacts.called_contact(contact)
        else:
            person = await contacts.contact_for(contact, scope=ours.scope, actor=actor, now=now)
        await contacts.lock_contact(person.id)
        yield _Place(ours, person, decision)


def _checked_evidence(evidence: Mapping[str, str]) -> dict[str, str]:
    missing = [name for name in EVIDENCE if not str(evidence.get(name) or "").strip()]
    if missing:
        raise EvidenceMissing(missing=", ".join(missing), field=missing[0])
    for name, value in evidence.items():
        if len(value) > MAX_EVIDENCE:
            raise BadEvidence(reason=f"{name} has over {MAX_EVIDENCE} characters.", field=name)
    return {name: check_reason(evidence[name]) or "" for name in EVIDENCE}


def _captured_at(text: str, now: datetime) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadEvidence(reason="captured_at is no time, as 2026-11-20T10:00:00Z.", field="captured_at") from None
    if len(text) == len("2026-11-20"):
        found = found.replace(tzinfo=UTC)
    if found.tzinfo is None:
        raise BadEvidence(reason="captured_at has no zone, as 2026-11-20T10:00:00Z.", field="captured_at")
    if found > now:
        raise BadEvidence(reason="captured_at lies ahead.", field="captured_at")
    return found
