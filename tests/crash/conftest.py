"""The table of crash points: each blow is struck once, at all points and kinds together; the tests read what came of it."""

from collections.abc import AsyncIterator, Mapping

import asyncpg
import pytest
from msgspec.structs import replace

from govern.bench.sending_company import Company
from govern.embedded import Engines
from govern.settings import Settings
from tests.conftest import EMPTY
from tests.crash.points import Blow
from tests.crash.relay import relaying
from tests.crash.scene import Cell, Ended, Scene
from tests.hand import WORD
from tests.the_log import begin
from tests.xapi.conftest import Sandbox, running_sandbox  # noqa: F401 - a fixture


@pytest.fixture(scope="module", params=list(Blow), ids=str)
async def struck(
    request: pytest.FixtureRequest,
    engines: Engines,
    owner_url: str,
    pool: None,
    config: Settings,
    running_sandbox: Sandbox,  # noqa: F811 - the fixture
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[Blow, Mapping[Cell, Ended]]]:
    """What became of every message after one kind of blow."""
    owner = await asyncpg.connect(owner_url, server_settings=WORD)
    await owner.execute(EMPTY)
    running_sandbox.order("reset")
    keys = running_sandbox.order("accounts", handle="Nobody", name="Nobody")
    told = {"x_base_url": running_sandbox.address, "x_api_key": keys["api_key"], "x_api_secret": keys["api_secret"]}
    company, log = Company(replace(config, **told)), await begin(engines, config)
    async with relaying(int(running_sandbox.address.rpartition(":")[2])) as relay, log.running():
        scene = Scene(company, engines, running_sandbox, relay, owner, tmp_path_factory.mktemp("crash"))
        try:
            await scene.set_up()
            await scene.strike(request.param)
            yield request.param, await scene.ended()
        finally:
            scene.end()
            await company.sandbox.close()
            await scene.owner.close()
