"""Conversations and webhooks: rights, indexes, and what may never change."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-23T03:51:17:530117"
VERSION = "1.38.0"
DESCRIPTION = "Conversations, webhooks: rights, indexes"

# What a person wrote is changed only where X says that it is gone or other now, or where the person is erased.
RIGHTS = """
REVOKE ALL ON conversation, answer_time, webhook_delivery, subscription FROM PUBLIC, govern_app, govern_keys;
GRANT SELECT, INSERT, UPDATE ON conversation, subscription TO govern_app;
GRANT SELECT, INSERT ON answer_time TO govern_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_delivery TO govern_app;
GRANT UPDATE (text, checked_at, erased_at) ON inbound TO govern_app;
"""

INDEXES = """
CREATE INDEX IF NOT EXISTS conversation_due ON conversation (due_at) WHERE state = 'open';
CREATE INDEX IF NOT EXISTS conversation_newest ON conversation (account, newest_at DESC);
CREATE INDEX IF NOT EXISTS conversation_contact ON conversation (contact);
CREATE INDEX IF NOT EXISTS answer_time_answered ON answer_time (account, answered_at DESC);
CREATE INDEX IF NOT EXISTS webhook_delivery_waiting ON webhook_delivery (received_at) WHERE done_at IS NULL;
CREATE INDEX IF NOT EXISTS webhook_delivery_old ON webhook_delivery (received_at);
CREATE INDEX IF NOT EXISTS webhook_delivery_author ON webhook_delivery (author) WHERE body IS NOT NULL;
CREATE INDEX IF NOT EXISTS inbound_unchecked ON inbound (account, coalesce(checked_at, received_at))
  WHERE x_kind = 'post' AND erased_at IS NULL;
"""

KEPT = """
DROP TRIGGER IF EXISTS answer_time_kept ON answer_time;
CREATE TRIGGER answer_time_kept BEFORE UPDATE OR DELETE ON answer_time
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

# One conversation for each account and person who wrote before there were any; no clock starts after the fact.
STARTED = """
INSERT INTO conversation (id, account, contact, state, x_kind, has_dm, newest_at, closed_for)
SELECT gen_random_uuid(), i.account, i.contact, 'closed', (array_agg(i.x_kind ORDER BY i.written_at DESC))[1],
       bool_or(i.x_kind = 'dm'), max(i.written_at), 'old'
  FROM inbound i GROUP BY i.account, i.contact
ON CONFLICT (account, contact) DO NOTHING;
"""


def statements(script: str) -> list[str]:
    """Split a script at the semicolons that end a line, outside of function bodies."""
    found, current, in_body = [], [], False
    for line in script.strip().splitlines():
        if line.strip().startswith("--"):
            continue
        current.append(line)
        in_body ^= line.count("$$") % 2 == 1
        if line.rstrip().endswith(";") and not in_body:
            found.append("\n".join(current))
            current = []
    return found


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="govern", description=DESCRIPTION)

    async def run():
        engine = engine_finder()
        for script in (RIGHTS, INDEXES, KEPT, STARTED):
            for statement in statements(script):
                await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
