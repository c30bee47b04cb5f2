"""The person at the desk when it is calm again: looks at what X shows, and settles what no reading could."""

from govern.bench.sending_company import Company, clock
from govern.domain.messages import Message
from govern.errors import Conflict
from govern.services.outcomes import settle_outcome
from govern.services.unknown import NotUnknown, get_outcome_unknown, list_outcomes_unknown

REASON = "looked at the account on X"


class Desk:
    """Settles what waits for a person, as the panel's page does; `settled` counts it."""

    def __init__(self, company: Company) -> None:
        self.settled = 0
        self._company = company

    async def look(self) -> None:
        """Go through the desk once."""
        company, delays = self._company, self._company.settings.reconcile_reads
        manager = company.people["brand_manager"]
        for unknown in await list_outcomes_unknown(delays=delays, actor=manager, access=company.access):
            if unknown.next_at is None:
                await self._settle(unknown.message)

    async def _settle(self, message: Message) -> None:
        company, manager = self._company, self._company.people["brand_manager"]
        try:
            full = await get_outcome_unknown(
                message.id,
                delays=company.settings.reconcile_reads,
                actor=manager,
                access=company.access,
                now=clock(),
            )
            text, seen = full.unknown.message.revision.text, full.seen.items if full.seen else ()
            found = next((each.x_id for each in seen if each.ours and text in each.text), None)
            await settle_outcome(
                message.id,
                is_out=found is not None,
                x_id=found,
                reason=REASON,
                actor=manager,
                access=company.access,
                now=clock(),
            )
        except (Conflict, NotUnknown):  # settled meanwhile, or not read yet: the next look sees
            return
        self.settled += 1
