"""A company whose log tells of all its rows, signed step by step, and words for changing it as an attacker would."""

from datetime import UTC, datetime
from typing import Any

import asyncpg

from govern.database import rows, transaction
from govern.domain.audit import ObjectRef, RoleAssigned
from govern.domain.members import system_actor
from govern.services import audit
from govern.services.audit.claims import Verdict
from govern.services.audit.indexing import index_published
from govern.services.audit.verifying import Question, record_verdict, verify_log
from govern.tables import AuditLeaf, RoleGrant
from tests.factories import NOW
from tests.the_log import Log

ACTOR = system_actor("verify")
_PLACE = "SELECT leaf_index FROM audit.leaf l JOIN audit.entry e ON e.arrival = l.arrival WHERE e.entry LIKE {}"
_UNGUARDED = (
    "SET LOCAL session_replication_role = replica",
    *(
        f"ALTER TABLE audit.{table} DISABLE TRIGGER ALL"
        for table in ("entry", "leaf", "tile", "checkpoint", "log_state")
    ),
)
_GUARDED = """
DO $$ DECLARE statement text; BEGIN
  FOR statement IN SELECT format('ALTER TABLE audit.%I ENABLE ALWAYS TRIGGER %I', relname, tgname)
                     FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid
                    WHERE relnamespace = 'audit'::regnamespace AND NOT tgisinternal LOOP
    EXECUTE statement;
  END LOOP;
END $$
"""


class Watched:
    """The log, its owner as attacker, and whoever verifies it."""

    def __init__(self, log: Log, owner: asyncpg.Connection) -> None:
        self.log = log
        self.owner = owner

    async def sign(self) -> str:
        """Place, sign and index what was recorded."""
        note = await self.log.grow()
        async with self.log.as_sequencer():
            await index_published()
        assert note is not None
        return note

    async def verify(self, **question: Any) -> Verdict:
        return await verify_log(Question(**question), settings=self.log.settings)

    async def verify_and_record(self, *, now: datetime | None = None, **question: Any) -> Verdict:
        verdict = await self.verify(**question)
        await record_verdict(verdict, actor=ACTOR, now=now or datetime.now(UTC))
        return verdict

    async def attack(self, *statements: str) -> None:
        """Change what is protected, as somebody who owns the tables and leaves no trace in their triggers."""
        async with self.owner.transaction():
            for statement in (*_UNGUARDED, *statements, _GUARDED):
                await self.owner.execute(statement)

    async def place_of(self, words: str) -> int:
        """Return the place of the one entry that has these words."""
        return int(rows(await AuditLeaf.raw(_PLACE, f"%{words}%"))[0]["leaf_index"])


async def tell_of_grants() -> None:
    """Record the grants that the factories made past the services."""
    for row in rows(await RoleGrant.select(RoleGrant.id, RoleGrant.member, RoleGrant.role, RoleGrant.scope)):
        async with transaction():
            await audit.record(
                RoleAssigned(member=row["member"], role=row["role"]),
                actor=system_actor("test"),
                now=NOW,
                object=ObjectRef("grant", row["id"]),
                scope=row["scope"],
            )


def entry_at(place: int) -> str:
    """Return the condition that finds the entry at a place."""
    return f"arrival = (SELECT arrival FROM audit.leaf WHERE leaf_index = {place})"


def falls(verdict: Verdict) -> dict[str, int | None]:
    """Return the checks that failed, each with the first entry it names."""
    return {claim.check: claim.entry for claim in verdict.false}
