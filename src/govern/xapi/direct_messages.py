"""Direct messages one at a time, and the thread with one person: what reconciling and webhooks ask for."""

from govern.xapi.answers import Event, Found, Page, to_dm_event
from govern.xapi.call import Caller
from govern.xapi.client import DmEvent
from govern.xapi.errors import Refused

EVENT_FIELDS = ["attachments", "dm_conversation_id", "entities", "sender_id", "text"]
EXPANSIONS = ["sender_id", "participant_ids"]
_PAGE_SIZE = 100


async def find_dm(x: Caller, event_id: str) -> DmEvent | None:
    """Return a direct message by its id; None if X has none that this account may read."""
    params = {"dm_event.fields": ",".join(EVENT_FIELDS), "expansions": ",".join(EXPANSIONS)}
    try:
        found = await x.read("find_dm", x.to("GET", f"/2/dm_events/{event_id}", params=params), Found[Event])
    except Refused as refused:
        if refused.reason != "not_found":
            raise
        return None
    return to_dm_event(found.data, found.users) if found.data else None


async def read_thread(x: Caller, contact_id: str, since_id: str | None) -> list[DmEvent]:
    """Return the messages with one person above this id, both ways, oldest first; X keeps 30 days."""
    events, users = await x.pages(
        "thread",
        lambda client, token: client.get_direct_message_events(
            participant_id=contact_id,
            dm_event_fields=EVENT_FIELDS,
            event_types="MessageCreate",
            expansions=EXPANSIONS,
            max_results=_PAGE_SIZE,
            pagination_token=token,
            user_auth=x.signed,
        ),
        Page[Event],
        x_id=lambda event: event.id,
        since_id=since_id,
    )
    return [to_dm_event(event, users) for event in events]
