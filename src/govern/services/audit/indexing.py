"""Filling `search` behind the published log; the database reads the texts itself, so nobody can write another value."""

from govern.database import rows, transaction
from govern.tables import AuditSearch

STEP = 2_000
_BEHIND = """
SELECT (SELECT coalesce(max(leaf_index) + 1, 0) FROM audit.search) AS done,
       (SELECT coalesce(max(size), 0) FROM audit.checkpoint) AS size
"""
_INDEX_TO = "SELECT audit.index_to({}) AS indexed"


async def index_published() -> int:
    """Index up to 2,000 entries that are published and not yet searchable; returns how many."""
    async with transaction():
        found = rows(await AuditSearch.raw(_BEHIND))[0]
        if found["done"] >= found["size"]:
            return 0
        beyond = min(found["done"] + STEP, found["size"])
        return int(rows(await AuditSearch.raw(_INDEX_TO, beyond))[0]["indexed"])
