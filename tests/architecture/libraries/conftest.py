"""A schema of its own, and an engine that Piccolo alone looks after."""

from collections.abc import AsyncIterator
from enum import StrEnum

import asyncpg
import pytest
from piccolo.columns import JSONB, Integer, Varchar
from piccolo.engine.postgres import PostgresEngine
from piccolo.table import Table


class Colour(StrEnum):
    RED = "red"


class Pin(Table, tablename="pin", schema="pins"):
    id = Integer(primary_key=True)
    colour = Varchar(choices=Colour)
    version = Integer(default=1)
    data = JSONB(default="{}")


_TABLE = """
DROP SCHEMA IF EXISTS pins CASCADE;
CREATE SCHEMA pins;
CREATE TABLE pins.pin (id int PRIMARY KEY, colour varchar NOT NULL DEFAULT '', version int DEFAULT 1, data jsonb);
CREATE TABLE pins.late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED);
GRANT USAGE ON SCHEMA pins TO govern_app;
GRANT ALL ON ALL TABLES IN SCHEMA pins TO govern_app;
"""


@pytest.fixture
async def pins(owner: asyncpg.Connection) -> AsyncIterator[type[Pin]]:
    await owner.execute(_TABLE)
    yield Pin
    await owner.execute("DROP SCHEMA pins CASCADE")


@pytest.fixture
async def plain(owner_url: str, pins: type[Pin]) -> AsyncIterator[PostgresEngine]:
    """Piccolo's engine as it is, with a pool of two connections."""
    engine = PostgresEngine(config={"dsn": owner_url})
    pins._meta._db = engine
    await engine.start_connection_pool(min_size=2, max_size=2)
    yield engine
    if engine.pool:
        engine.pool.terminate()
