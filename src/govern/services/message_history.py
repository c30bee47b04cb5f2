"""What the log tells of one message, for those who may read the message: its own entries, nobody's looks or refusals."""

from uuid import UUID

from govern.domain.actions import COMPANY
from govern.services.audit import EntryFilter, EntryView, search_entries
from govern.services.audit.search import MOST

TOLD = ("message.", "revision.", "publication.")
"""Of these nouns readers of the message hear; who looked or was refused is for readers of the log."""


async def message_history(message_id: UUID) -> list[EntryView]:
    """Return the entries about a message the caller has read, newest first, at most 200."""
    found = await search_entries(EntryFilter(subject=str(message_id)), scopes=frozenset({COMPANY}), limit=MOST)
    return [each for each in found.items if each.object.id == str(message_id) and each.action.startswith(TOLD)]
