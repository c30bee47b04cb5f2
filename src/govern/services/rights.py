"""A process may not run with more rights in the database than its work needs."""

from govern import log
from govern.database import rows
from govern.settings import SettingsError
from govern.tables import Member

logger = log.get(__name__)

_ROLE = """
SELECT current_user AS name, r.rolsuper AS super,
       has_table_privilege(current_user, 'audit.entry', 'UPDATE, DELETE, TRUNCATE')
         OR has_any_column_privilege(current_user, 'audit.entry', 'UPDATE')
         OR pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = 'audit.entry'::regclass), 'MEMBER')
         AS may_rewrite
  FROM pg_roles r WHERE r.rolname = current_user
"""


_READS_KEYS = """
SELECT current_user AS name, has_column_privilege('account_credential', 'access_sealed', 'SELECT') AS may_read
"""


async def refuse_blind_worker() -> None:
    """Refuse to run a worker whose login may not read the sealed keys of accounts.

    Raises:
        SettingsError: with what to do.
    """
    role = rows(await Member.raw(_READS_KEYS))[0]
    if not role["may_read"]:
        raise SettingsError(
            [f"The worker signs in as {role['name']}, which may not read accounts' keys: GRANT govern_keys TO it."]
        )


async def refuse_strong_role(*, production: bool) -> None:
    """Refuse to run as a superuser, or as a role that may change the log, or become its owner; else it only warns.

    Raises:
        SettingsError: in production, with what to do.
    """
    role = rows(await Member.raw(_ROLE))[0]
    if not (role["super"] or role["may_rewrite"]):
        return
    fault = (
        f"GOVERN_DATABASE_URL signs in as {role['name']}, which may change the audit log; "
        "use a login that is only a member of govern_app."
    )
    if production:
        raise SettingsError([fault])
    logger.warning("database.strong_role", fault=fault)
