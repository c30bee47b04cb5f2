import asyncpg
import pytest

from tests.migrations.rows import Story, make_story


@pytest.fixture
async def story(database: None, owner: asyncpg.Connection) -> Story:
    return await make_story(owner)
