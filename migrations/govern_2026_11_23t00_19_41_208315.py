"""Token custody: the worker alone reads what seals an account's keys.

A group of its own, `govern_keys`: who is in it reads and writes sealed columns. All others see what kind of keys an
account has, in which state, until when; they can end their use, and nothing more.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-23T00:19:41:208315"
VERSION = "1.38.0"
DESCRIPTION = "Token custody: rights, indexes"

RIGHTS = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'govern_keys') THEN CREATE ROLE govern_keys NOLOGIN; END IF;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'govern_worker') THEN GRANT govern_keys TO govern_worker; END IF;
END $$;
REVOKE ALL ON account_credential, oauth_pending FROM PUBLIC, govern_app, govern_keys;
GRANT USAGE ON SCHEMA public TO govern_keys;
GRANT SELECT, INSERT, UPDATE ON account_credential TO govern_keys;
GRANT SELECT (account, kind, state, reason, key_id, version, scopes, expires_at, refresh_at, renewed_at,
  refused_version, revoked_at), UPDATE (state, reason) ON account_credential TO govern_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON oauth_pending TO govern_app;
"""

INDEXES = """
CREATE INDEX IF NOT EXISTS account_credential_refresh ON account_credential (refresh_at)
  WHERE kind = 'oauth2' AND state = 'active';
CREATE INDEX IF NOT EXISTS oauth_pending_account ON oauth_pending (account, member, created_at DESC);
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
        for script in (RIGHTS, INDEXES):
            for statement in statements(script):
                await engine.run_ddl(statement)

    manager.add_raw(run)
    return manager
