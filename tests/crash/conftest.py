"""A scene per blow, played once for all its tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from msgspec.structs import replace

from govern.bench.sending_company import Company
from govern.embedded import Engines
from govern.settings import Settings
from tests.conftest import EMPTY
from tests.crash.relay import relaying
from tests.crash.scene import Scene
from tests.hand import WORD
from tests.the_log import begin
from tests.xapi.conftest import Sandbox, running_sandbox  # noqa: F401 - the fixture


@pytest.fixture(scope="module")
async def scene(
    engines: Engines,
    owner_url: str,
    pool: None,
    config: Settings,
    running_sandbox: Sandbox,  # noqa: F811 - the fixture
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator["Stages"]:
    """What makes scenes, one after the other, on the same engines and the same sandbox."""
