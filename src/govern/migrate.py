"""Composition root: bring the database to the shape this version needs, once, whoever else tries at the same time."""

from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

import asyncpg
from piccolo.apps.migrations.commands.forwards import run_forwards

from govern import database, log
from govern.access.bundle import read_folder
from govern.services.policy_activation import activate_shipped
from govern.settings import Settings, SettingsError, act_as_owner

LOCK = 0x676F7665726E  # "govern": the advisory lock that only migrations take
logger = log.get(__name__)
# What this login made is handed on: nobody signs in as the owner, so no process can drop a trigger of the log, and
# functions that run with their owner's rights have those of our tables and no more. The migrations themselves need
# more than the owner has, since they make roles. What it owns already is not locked again.
_HAND_OVER = """
DO $$ DECLARE made record; BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'govern_owner') THEN
    BEGIN CREATE ROLE govern_owner NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END;
  END IF;
  FOR made IN SELECT format('ALTER SCHEMA %I OWNER TO govern_owner', nspname) AS statement FROM pg_namespace
    WHERE nspname IN ('public', 'audit') AND nspowner <> 'govern_owner'::regrole
  LOOP EXECUTE made.statement; END LOOP;
  FOR made IN SELECT format('ALTER TABLE %s OWNER TO govern_owner', oid::regclass) AS statement FROM pg_class
    WHERE relkind IN ('r', 'p', 'v') AND relnamespace IN ('public'::regnamespace, 'audit'::regnamespace)
      AND relowner <> 'govern_owner'::regrole
  LOOP EXECUTE made.statement; END LOOP;
  FOR made IN SELECT format('ALTER SEQUENCE %s OWNER TO govern_owner', oid::regclass) AS statement FROM pg_class
    WHERE relkind = 'S' AND relnamespace IN ('public'::regnamespace, 'audit'::regnamespace)
      AND relowner <> 'govern_owner'::regrole
  LOOP EXECUTE made.statement; END LOOP;
  FOR made IN SELECT format('ALTER ROUTINE %s OWNER TO govern_owner', oid::regprocedure) AS statement FROM pg_proc
    WHERE pronamespace IN ('public'::regnamespace, 'audit'::regnamespace) AND proowner <> 'govern_owner'::regrole
  LOOP EXECUTE made.statement; END LOOP;
END $$
"""


async def run(settings: Settings, *, renew_policy: bool = False) -> None:
    """Run what is missing, under a session advisory lock, then see to the tables' owner, a policy, and the logins.

    The owner's address is GOVERN_MIGRATE_DATABASE_URL; without it, GOVERN_DATABASE_URL is both.

    Raises:
        SettingsError: there is no address.
    """
    owner = act_as_owner().database_url
    if not owner:
        raise SettingsError(["GOVERN_MIGRATE_DATABASE_URL is not set: the owner's address, for migrations."])
    connection = await asyncpg.connect(owner)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        result = await run_forwards(app_name="govern")
        if not result.success:
            raise SettingsError([f"A migration failed: {result.message}"])
        await connection.execute(_HAND_OVER)
        await _see_to_policy(settings, renew=renew_policy and not settings.production)
        for url, role in ((settings.database_url, "govern_app"), (settings.sequencer_database_url, "govern_sequencer")):
            if url not in {"", owner}:
                await _give_login(connection, url, role)
    finally:
        await connection.close()


async def _see_to_policy(settings: Settings, *, renew: bool) -> None:
    """Without a policy everything is denied, and nobody could be allowed to activate one."""
    async with database.pool(size=2):
        done = await activate_shipped(read_folder(settings.policies / "access"), renew=renew, now=datetime.now(UTC))
    if done is not None:
        gains, losses = len(done.difference.gains), len(done.difference.losses)
        logger.info("policy.activated", digest=done.digest, previous=done.previous, gains=gains, losses=losses)


async def _give_login(connection: asyncpg.Connection, url: str, role: str) -> None:
    """Make a login, with the password of its address and no right but its role's; it may bear the role's own name."""
    parts = urlsplit(url)
    name, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not name or not password:
        return
    exists = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name)
    verb = "ALTER" if exists else "CREATE"
    # Names and passwords cannot be parameters of DDL: PostgreSQL itself quotes them.
    statement = await connection.fetchval(
        f"SELECT format('{verb} ROLE %I LOGIN PASSWORD %L', $1::text, $2::text)",
        name,
        password,
    )
    await connection.execute(statement)
    if name != role:
        await connection.execute(await connection.fetchval(f"SELECT format('GRANT {role} TO %I', $1::text)", name))
    logger.info("migrate.login_ready", login=name)
