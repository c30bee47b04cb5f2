"""The person at the desk when it is calm again: looks at what X has, and settles what nothing else could."""

import time
from uuid import UUID

from govern.bench.sending_company import Company, clock
from govern.domain.messages import Kind, Message
from govern.errors import Conflict
from govern.services.contacts import get_contact
from govern.services.message_views import load_message
from govern.services.outcomes import list_unknown, settle_outcome
from govern.xapi.errors import XError

REASON = "looked at the account on X"


class Desk:
    """Settles outcomes that stay unknown for longer than the machine needs; `settled` counts them."""

    def __init__(self, company: Company, *, patience: float) -> None:
        self.settled = 0
        self._company = company
        self._patience = patience
        self._since: dict[UUID, float] = {}

    async def look(self) -> None:
        """Go through the desk once."""
        waiting = await list_unknown(actor=self._company.people["brand_manager"], access=self._company.access)
        known = {message.id: self._since.get(message.id, time.monotonic()) for message in waiting}
        self._since = known
        for message in waiting:
            if time.monotonic() - known[message.id] > self._patience:
                await self._settle(await load_message(message.id))  # the list leaves the text of others' DMs out

    async def _settle(self, message: Message) -> None:
        try:
            found = await self._find(message)
            await settle_outcome(
                message.id,
                is_out=found is not None,
                x_id=found,
                reason=REASON,
                actor=self._company.people["brand_manager"],
                access=self._company.access,
                now=clock(),
            )
        except (Conflict, XError):  # settled meanwhile, or X cannot be read now: the next look sees
            return
        self.settled += 1
        self._since.pop(message.id, None)

    async def _find(self, message: Message) -> str | None:
        """Return the id of this message on X, if it is there; no two messages have the same text."""
        client = self._company.client(message.account)
        if message.kind is Kind.DM and message.contact_id is not None:
            contact = await get_contact(message.contact_id)
            thread = await client.thread(contact.x_user_id or "", None)
            return next((each.x_id for each in thread if each.text == message.revision.text), None)
        posts = await client.own_posts(None)
        return next((each.x_id for each in posts if each.text.endswith(message.revision.text)), None)
