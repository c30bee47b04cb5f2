"""What tests of stops share: a person says stop, and what is known of them then."""

from datetime import datetime, timedelta

from govern.domain.consent import ConsentKind, PermissionState
from govern.domain.messages import Kind, Message
from govern.domain.publications import Outcome
from govern.services.answers import Result
from govern.services.consent import record_opt_in, record_opt_out
from govern.services.consent_events import list_events
from govern.services.contacts import find_contact
from govern.services.message_views import load_message
from govern.services.permissions import permission_for
from govern.services.policies import Policies
from govern.tables import Message as MessageTable
from tests.factories import NOW, make_message, receive_dm
from tests.sending import Desk

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
SENT = Result(outcome=Outcome.SENT, x_id="777001")
PROOF = {
    "channel": "web form",
    "wording_id": "offers",
    "wording_version": "3",
    "captured_at": "2026-11-20T10:00:00Z",
    "proof_ref": "form/8812",
}
OFFER = "Only today: 20 % off all shoes with code SAVE20. Reply STOP to opt out."
DOUBT = "je préfère qu'on arrête là"


async def events(handle: str = "marion") -> list[ConsentKind]:
    contact = await find_contact(handle)
    assert contact is not None
    return [event.kind for event in await list_events(contact.id)]


async def state(desk: Desk, *, now: datetime) -> PermissionState:
    contact = await find_contact("marion")
    assert contact is not None
    return (await permission_for(contact.id, desk.company.help, rules=desk.policies.consent, now=now)).state


async def confirmations() -> list[Message]:
    found = await MessageTable.select(MessageTable.id).where(MessageTable.confirms.is_not_null())
    return [await load_message(row["id"]) for row in found]


async def write_only(desk: Desk, text: str, *, submit: bool = True) -> Message:
    return await make_message(
        desk.company.leo,
        access=desk.access,
        policies=desk.policies,
        kind=Kind.DM,
        recipient="marion",
        text=text,
        submit=submit,
    )


async def stop(desk: Desk, *, text: str = "STOP", at: datetime = NOW + MINUTE) -> None:
    await receive_dm(desk.company.help, text=text, at=at)


async def opt_out(desk: Desk, *, now: datetime = NOW + MINUTE) -> None:
    await record_opt_out(
        account="Help",
        contact="marion",
        actor=desk.company.leo,
        access=desk.access,
        policies=desk.policies,
        now=now,
    )


async def opt_in(desk: Desk) -> None:
    await record_opt_in(
        account="Help", contact="marion", evidence=PROOF, actor=desk.company.leo, access=desk.access, now=NOW
    )


def under(desk: Desk, policies: Policies) -> Desk:
    return Desk(desk.company, desk.access, policies, desk.vault, desk.config)
