"""The audit log: `record` beside each change, and reading what was recorded."""

from govern.services.audit.openings import OpeningUnreadable, openings
from govern.services.audit.record import Receipt, record
from govern.services.audit.search import EntryFilter, Page, get_entry, search_entries
from govern.services.audit.views import ChangedField, EntryView, NamedObject

__all__ = [
    "ChangedField",
    "EntryFilter",
    "EntryView",
    "NamedObject",
    "OpeningUnreadable",
    "Page",
    "Receipt",
    "get_entry",
    "openings",
    "record",
    "search_entries",
]
