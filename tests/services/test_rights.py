"""A process that may do more to the log than append does not start."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from govern import database as db
from govern.database import transaction
from govern.embedded import Engines, Login
from govern.services.rights import refuse_strong_role
from govern.settings import SettingsError

STRONGER = (
    "GRANT govern_owner TO tests_strong",
    "GRANT govern_owner TO tests_strong WITH INHERIT FALSE",
    "GRANT UPDATE ON audit.entry TO tests_strong",
    "GRANT UPDATE (leaf_hash) ON audit.entry TO tests_strong",
    "GRANT DELETE ON audit.entry TO tests_strong",
    "ALTER ROLE tests_strong SUPERUSER",
)


@pytest.fixture
async def strong(engines: Engines, database: None, owner: asyncpg.Connection) -> AsyncIterator[str]:
    """A login as the web's own; returns its address."""
    url = engines.database_url(Login.OWNER).replace(f"//{Login.OWNER}:", "//tests_strong:")
    password = url.partition("tests_strong:")[2].partition("@")[0]
    await owner.execute(f"CREATE ROLE tests_strong LOGIN PASSWORD '{password}' IN ROLE govern_app")
    yield url
    await owner.execute("DROP OWNED BY tests_strong; DROP ROLE tests_strong")


@pytest.mark.parametrize("grant", STRONGER)
async def test_a_login_that_could_rewrite_the_log_is_refused(
    owner: asyncpg.Connection, strong: str, grant: str
) -> None:
    async with db.signed_in(strong):
        async with transaction():
            await refuse_strong_role(production=True)
        await owner.execute(grant)
        async with transaction():
            with pytest.raises(SettingsError, match="may change the audit log"):
                await refuse_strong_role(production=True)
            await refuse_strong_role(production=False)
