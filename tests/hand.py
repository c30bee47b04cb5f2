"""Rows written past the services, as only a test may: a trigger of the tests' own tells the log of them.

The rule itself stays as it is: without this trigger, or without the word that wakes it, such a row cannot be committed.
What a service writes is never told by it.
"""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import TypeVar

from govern.database import in_transaction, transaction
from govern.tables import Scope

Result = TypeVar("Result")
WORD = {"tests.by_hand": "on"}
"""The setting of a connection that writes by hand."""
_SAY = "SELECT set_config('tests.by_hand', 'on', true)"
_UNSAY = "SELECT set_config('tests.by_hand', '', true)"
_KINDS = {
    "account": ("account", "id"),
    "api_token": ("token", "id"),
    "approval": ("message", "message"),
    "brand": ("brand", "id"),
    "consent_event": ("consent_event", "id"),
    "member": ("member", "id"),
    "message": ("message", "id"),
    "pause": ("pause", "id"),
    "policy_activation": ("policy", ""),
    "publication": ("publication", "id"),
    "revision": ("message", "message"),
    "role_grant": ("grant", "id"),
    "scope_parent": ("scope", "scope"),
}
"""What the entry about a row of each governed table names; the one object of its kind where no column does."""
_TELL = """
CREATE SCHEMA tests;
CREATE FUNCTION tests.tell() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE said text; named text := coalesce(to_jsonb(NEW), to_jsonb(OLD)) ->> TG_ARGV[1];
BEGIN
  IF current_setting('tests.by_hand', true) = 'on' THEN
    said := format(
      '{"action":"system.started","actor":{"id":"test","kind":"system","via":"job"},"at":"2020-01-01T00:00:00.000000Z",'
      '"change":{},"commit":{},"ctx":{"govern":"0"},"data":{"process":"test","version":"0"},"id":"%s",'
      '"log":"govern.local/audit","object":{"id":"%s","kind":"%s"},"outcome":"done","refs":[],"scope":"company","v":1}',
      uuidv7(), coalesce(named, 'access'), TG_ARGV[0]);
    INSERT INTO audit.entry (entry, leaf_hash) VALUES (said, sha256('\\x00'::bytea || convert_to(said, 'UTF8')));
  END IF;
  RETURN NULL;
END $$;
"""


def hands() -> str:
    """Return the SQL that gives a test database its own triggers, on each governed table."""
    made = [
        f"CREATE TRIGGER told_by_hand AFTER INSERT OR UPDATE OR DELETE ON public.{table}"
        f" FOR EACH ROW EXECUTE FUNCTION tests.tell('{kind}', '{column}');"
        for table, (kind, column) in _KINDS.items()
    ]
    return _TELL + "\n".join(made)


@asynccontextmanager
async def past_services() -> AsyncIterator[None]:
    """A transaction with the application's login whose rows are told by hand."""
    async with transaction():
        await Scope.raw(_SAY)
        yield


async def by_hand(statement: Awaitable[Result]) -> Result:
    """Run one statement past the services, in the open transaction or in one of its own."""
    if not in_transaction():
        async with past_services():
            return await statement
    await Scope.raw(_SAY)
    result = await statement
    await Scope.raw(_UNSAY)
    return result


FORGET = """
DO $$ BEGIN
  ALTER TABLE audit.entry DISABLE TRIGGER entry_append_only;
  DELETE FROM audit.entry WHERE entry LIKE '%"actor":{"id":"test","kind":"system","via":"job"}%';
  ALTER TABLE audit.entry ENABLE ALWAYS TRIGGER entry_append_only;
END $$
"""
"""For the owner, where a test counts entries: takes away what told of rows made by hand."""
