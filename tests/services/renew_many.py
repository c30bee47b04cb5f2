"""A process that renews one account's tokens many times at once; it prints how often X was asked.

python -m tests.services.renew_many ACCOUNT TOKEN_ENDPOINT TIMES NOW
"""

import asyncio
import sys
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from govern import database, settings
from govern.services.refreshing import LOCK_TIMEOUT, POOL_SIZE, Renewing, refresh_credential
from govern.xapi.vault import Vault
from tests.xapi.token_server import APP


async def main(account: UUID, api: str, times: int, now: datetime) -> int:
    config = settings.current()
    side = database.side_pool(config.database_url, size=POOL_SIZE, lock_timeout=LOCK_TIMEOUT)
    async with database.pool(size=4), side as pool:
        renewing = Renewing(app=replace(APP, api=api), vault=Vault.from_settings(config), pool=pool)
        calls = (refresh_credential(account, ahead=False, renewing=renewing, now=now) for _ in range(times))
        return sum(await asyncio.gather(*calls))


if __name__ == "__main__":
    account, api, times, now = sys.argv[1:]
    print(asyncio.run(main(UUID(account), api, int(times), datetime.fromisoformat(now))))
