"""One request through tweepy, and page after page of them; every failure comes out as an `XError`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TypeAlias, TypeVar

import msgspec
from tweepy.asynchronous import AsyncClient
from yarl import URL

from govern.database import in_transaction
from govern.xapi.answers import Page, User
from govern.xapi.classify import failure
from govern.xapi.client import Exchange
from govern.xapi.credentials import Credentials, Keys
from govern.xapi.errors import AuthLost, OutcomeUnknown
from govern.xapi.quiet import hush
from govern.xapi.reads import Reads
from govern.xapi.session import XSession

T = TypeVar("T")
MAX_PAGES = 100
Act: TypeAlias = Callable[[AsyncClient], Awaitable[object]]
"""One call of tweepy's; its answer is X's JSON."""

hush()


class Caller:
    """Makes requests as one account. Each has a tweepy client, a session and a connection of its own.

    `signed` is what tweepy calls `user_auth`: OAuth 1.0a, and not a bearer token. `accepted` is true once X answered
    a request as one of this account's. `reads` counts what X bills for reading; `date` is X's own time in its last answer.
    """

    def __init__(self, credentials: Keys, address: URL, timeout: timedelta) -> None:
        self._credentials = credentials
        self._address = address
        self._timeout = timeout
        self.signed = isinstance(credentials, Credentials)
        self.accepted = False
        self.reads = Reads()
        self.date: datetime | None = None

    def to(
        self, method: str, route: str, *, params: Mapping[str, object] | None = None, json: object | None = None
    ) -> Act:
        """Return the call of a route that tweepy has no method for."""

        async def act(x: AsyncClient) -> object:
            answer = await x.request(method, route, params=dict(params or {}), json=json, user_auth=self.signed)
            return {} if answer.status == HTTPStatus.NO_CONTENT else await answer.json()

        return act

    async def read(self, operation: str, act: Act, form: type[T]) -> T:
        """Ask X for something of this form."""
        value, _exchange = await self._call(operation, act, form, write_before=None, write=False)
        self.reads.count([getattr(value, "data", None)])
        return value

    async def write(
        self,
        operation: str,
        act: Act,
        form: type[T],
        *,
        write_before: datetime | None = None,
    ) -> tuple[T, Exchange]:
        """Ask X to do something, once.

        A write that is cancelled does not raise CancelledError: it says what is known, NotSent or OutcomeUnknown,
        so that the caller can record it before it stops.
        """
        return await self._call(operation, act, form, write_before=write_before, write=True)

    async def pages(
        self,
        operation: str,
        act: Callable[[AsyncClient, str | None], Awaitable[object]],
        form: type[Page[T]],
        *,
        x_id: Callable[[T], str],
        since_id: str | None,
    ) -> tuple[list[T], dict[str, User]]:
        """Read every page down to `since_id`; return the items above it, oldest first, and the users they name."""
        found: dict[int, T] = {}
        users: dict[str, User] = {}
        floor, token = int(since_id or 0), None
        for _ in range(MAX_PAGES):
            one = lambda x, token=token: act(x, token)  # noqa: E731 - what the loop has now
            page, _exchange = await self._call(operation, one, form, write_before=None, write=False)
            ids = [int(x_id(item)) for item in page.data]
            self.reads.count(
                [item for item, number in zip(page.data, ids, strict=True) if number > floor], page.users.values()
            )
            found |= {number: item for number, item in zip(ids, page.data, strict=True) if number > floor}
            users |= page.users
            token = page.meta.next_token
            if token is None or (ids and min(ids) <= floor):
                return [found[number] for number in sorted(found)], users
        raise OutcomeUnknown("endless_pages")

    async def _call(
        self,
        operation: str,
        act: Act,
        form: type[T],
        *,
        write_before: datetime | None,
        write: bool,
    ) -> tuple[T, Exchange]:
        if in_transaction():
            raise RuntimeError("no call to X inside a database transaction")
        async with XSession(
            self._address, timeout=self._timeout, write_before=write_before, signed=self.signed
        ) as session:
            error: BaseException
            try:
                value = msgspec.convert(await act(self._client(session)), form)
                self.accepted = True
                return value, session.exchange  # noqa: TRY300 - what follows is for failures only
            except asyncio.CancelledError as cancelled:
                if not write:
                    raise
                error = cancelled
            except Exception as caught:  # noqa: BLE001 - once connected, whatever it is, the outcome is unknown
                error = caught
            finally:
                self.date = session.exchange.date or self.date
            answer = await session.answer()
            failed = failure(error, exchange=session.exchange, answer=answer, operation=operation)
            if isinstance(failed, AuthLost):
                failed.version = getattr(self._credentials, "version", None)
            # Raised here, it has no cause: tweepy's exception holds the Authorization header.
            raise failed

    def _client(self, session: XSession) -> AsyncClient:
        keys = self._credentials
        if isinstance(keys, Credentials):
            client = AsyncClient(
                consumer_key=keys.api_key,
                consumer_secret=keys.api_secret,
                access_token=keys.access_token,
                access_token_secret=keys.access_token_secret,
                return_type=dict,
            )
        else:
            client = AsyncClient(bearer_token=keys.access_token, return_type=dict)
        client.session = session
        return client
