"""tweepy as it comes, over one session that keeps its connections: what our own sending is measured against."""

from contextlib import AbstractAsyncContextManager
from typing import Self

import aiohttp
from tweepy.asynchronous import AsyncClient
from yarl import URL

from govern.settings import REAL_X_HOSTS
from govern.xapi.credentials import Credentials
from govern.xapi.session import parse_address, rebase


class BareClient:
    """Posts as one account with no care for what becomes of it; for a sandbox only.

    Raises:
        ValueError: `base_url` is no address, or one of the real X.
    """

    def __init__(self, keys: Credentials, *, base_url: str) -> None:
        self._address = parse_address(base_url)
        if self._address.host in REAL_X_HOSTS:
            raise ValueError("nothing is measured against the real X")
        self._x = AsyncClient(
            consumer_key=keys.api_key,
            consumer_secret=keys.api_secret,
            access_token=keys.access_token,
            access_token_secret=keys.access_token_secret,
            return_type=dict,
        )

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        self._x.session = _Rebased(self._session, self._address)
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._session.close()

    async def post(self, text: str) -> None:
        """Publish, and believe the answer."""
        await self._x.create_tweet(text=text, user_auth=True)


class _Rebased:
    """What tweepy takes for its session: every request goes to another server."""

    def __init__(self, session: aiohttp.ClientSession, address: URL) -> None:
        self._session = session
        self._address = address

    def request(
        self,
        method: str,
        url: URL | str,
        *,
        params: object = None,  # noqa: ARG002 - tweepy names it; what it signs stands in the URL
        json: object = None,
        headers: dict[str, str],
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        target = rebase(URL(str(url), encoded=True), self._address)
        return self._session.request(method, target, json=json, headers=headers)
