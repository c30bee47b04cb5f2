"""The audit log: `record` beside each change, and reading what was recorded."""

from govern.services.audit.conditions import EntryFilter, Saying
from govern.services.audit.openings import OpeningUnreadable, openings
from govern.services.audit.receipts import Receipt
from govern.services.audit.record import record
from govern.services.audit.search import Page, get_entry, same_request, search_entries
from govern.services.audit.views import ChangedField, EntryState, EntryView, NamedObject, Why

__all__ = [
    "ChangedField",
    "EntryFilter",
    "EntryState",
    "EntryView",
    "NamedObject",
    "OpeningUnreadable",
    "Page",
    "Receipt",
    "Saying",
    "Why",
    "get_entry",
    "openings",
    "record",
    "same_request",
    "search_entries",
]
