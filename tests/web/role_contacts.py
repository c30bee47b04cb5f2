"""A person outside, as requests about consent need them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from govern.services.accounts import find_account
from govern.services.contacts import find_contact
from govern.tables import Conversation
from tests.factories import receive_dm, receive_mention

NOBODY: Mapping[str, Any] = {"who": "nobody_at_all", "x_id": "1"}
_numbers = count(1)


async def make_contact(_world: object, place: str, _person: object) -> dict[str, Any]:
    """Make somebody who named the account, and whose private message a person must read."""
    handle, now = f"{place[:8]}_{next(_numbers)}", datetime.now(UTC) - timedelta(minutes=1)
    account = await find_account(place)
    x_id = await receive_mention(account, handle, at=now)
    await receive_dm(account, handle, text="je préfère qu'on arrête là", at=now)
    contact = await find_contact(handle)
    assert contact is not None
    met = (Conversation.account == account.id) & (Conversation.contact == contact.id)
    row = await Conversation.select(Conversation.id).where(met).first()
    assert row is not None
    return {
        "who": handle,
        "x_id": x_id,
        "contact": contact.id,
        "contact_id": contact.id,
        "conversation": row["id"],
    }


async def make_closed(world: object, place: str, person: object) -> dict[str, Any]:
    """Make a conversation that somebody closed without an answer."""
    made = await make_contact(world, place, person)
    closed: dict[Any, Any] = {Conversation.state: "closed", Conversation.closed_for: "spam"}
    await Conversation.update(closed).where(Conversation.id == made["conversation"])
    return made
