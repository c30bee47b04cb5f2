"""Bring events to webhooks: signed, tried again, and now and then twice, late, or not at all."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import msgspec

from govern import log
from govern.sandbox.crc import Checked, check, signatures
from govern.sandbox.events import PRIVATE, Event, caused_by, envelope
from govern.sandbox.fault_kinds import FaultKind
from govern.sandbox.faults import Call, Fault, FaultBook
from govern.sandbox.ids import Clock
from govern.sandbox.records import AnyRecord, Deleted, Post, Webhook
from govern.sandbox.state import State

_ANSWER_S = 10.0
_CHECK_AFTER = timedelta(hours=24)
_GRACE = timedelta(hours=28)
_KEPT = 1000
_log = log.get(__name__)


class Delivery(msgspec.Struct, kw_only=True):
    """One event on its way to one webhook; `statuses` has an entry for each try, 0 where nobody answered."""

    webhook: int
    event_uuid: str
    event_type: str
    account: str
    body: bytes
    statuses: list[int] = msgspec.field(default_factory=list)
    fault: str | None = None

    @property
    def delivered(self) -> bool:
        return bool(self.statuses) and 200 <= self.statuses[-1] < 300


class Courier:
    """Listens to the state. Events leave in their order; one that fails comes again later, behind others."""

    def __init__(self, state: State, clock: Clock, faults: FaultBook, retries: tuple[float, ...]) -> None:
        self._state = state
        self._clock = clock
        self._faults = faults
        self._retries = retries
        self._posts: dict[int, Post] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queues: dict[int, asyncio.Queue[Delivery]] = {}
        self._client: httpx.AsyncClient | None = None
        self._late: dict[int, list[Delivery]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.deliveries: list[Delivery] = []
        state.listeners.append(self._hear)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Deliver while this is open. Without it events are only listed: the sandbox is not being served."""
        self._loop = asyncio.get_running_loop()
        async with httpx.AsyncClient(timeout=_ANSWER_S, trust_env=False) as client:
            self._client = client
            try:
                yield
            finally:
                self._loop = self._client = None
                self._queues.clear()
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    def clear(self) -> None:
        self.deliveries.clear()
        self._late.clear()
        self._posts.clear()

    def _hear(self, record: AnyRecord) -> None:
        gone = self._posts.pop(record.id, None) if isinstance(record, Deleted) else None
        if isinstance(record, Post):
            self._posts[record.id] = record
        if self._state.hooks.subscriptions:
            for event in caused_by(self._state, record, gone, self._clock.now()):
                self._send_out(event)

    def _send_out(self, event: Event) -> None:
        scope = PRIVATE.get(event.type)
        if scope is not None and not any(scope in grant.scopes for grant in self._state.grants.living(event.user)):
            return  # they took their consent back
        for wanted in self._state.hooks.wanting(event.type, event.user):
            told = envelope(event, wanted)
            delivery = Delivery(
                webhook=wanted.webhook or 0,
                event_uuid=told["data"]["event_uuid"],
                event_type=event.type,
                account=self._state.users[event.user].handle,
                body=msgspec.json.encode(told),
            )
            self.deliveries = [*self.deliveries[-_KEPT:], delivery]
            fault = self._faults.take(Call(method="EVENT", path=event.type, account=delivery.account, text=event.text))
            self._put(delivery, fault)

    def _put(self, delivery: Delivery, fault: Fault | None) -> None:
        delivery.fault = fault.kind if fault else None
        if fault and fault.kind is FaultKind.DROP_WEBHOOK:
            return
        if fault and fault.kind is FaultKind.REORDER_WEBHOOKS:
            self._late.setdefault(delivery.webhook, []).append(delivery)
            self._on_loop(lambda loop: loop.call_later(fault.seconds, self._release, delivery.webhook))
            return
        self._enqueue(delivery)
        if fault and fault.kind is FaultKind.DUPLICATE_WEBHOOK:
            self._enqueue(delivery)
        self._release(delivery.webhook)

    def _release(self, webhook: int) -> None:
        for delivery in self._late.pop(webhook, []):
            self._enqueue(delivery)

    def _enqueue(self, delivery: Delivery) -> None:
        self._on_loop(lambda _loop: self._queue_of(delivery.webhook).put_nowait(delivery))

    def _queue_of(self, webhook: int) -> asyncio.Queue[Delivery]:
        """Return a webhook's own queue: one that is slow delays no other."""
        if webhook not in self._queues:
            self._queues[webhook] = asyncio.Queue()
            self._start(self._work(self._queues[webhook]))
        return self._queues[webhook]

    def _on_loop(self, act: Callable[[asyncio.AbstractEventLoop], object]) -> None:
        """Act where deliveries are made: a record may come true on any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(act, self._loop)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, queue: asyncio.Queue[Delivery]) -> None:
        while True:
            delivery = await queue.get()
            if not await self._try(delivery) and self._retries:
                self._start(self._try_again(delivery))

    async def _try_again(self, delivery: Delivery) -> None:
        for seconds in self._retries:
            await asyncio.sleep(seconds)
            if await self._try(delivery):
                return
        _log.warning("sandbox.webhook_lost", event_type=delivery.event_type, statuses=delivery.statuses)

    async def _try(self, delivery: Delivery) -> bool:
        """Deliver once; True when there is nothing more to do."""
        webhook = self._state.hooks.webhooks.get(delivery.webhook)
        if webhook is None or self._client is None or not await self._is_valid(webhook):
            return True
        headers = {"content-type": "application/json", **signatures(self._state.app, delivery.body)}
        try:
            answer = await self._client.post(webhook.url, content=delivery.body, headers=headers)
        except httpx.HTTPError:
            delivery.statuses.append(0)
            return False
        delivery.statuses.append(answer.status_code)
        return answer.is_success

    async def _is_valid(self, webhook: Webhook) -> bool:
        """Check a webhook anew that was last checked a day ago; one that is away has four hours more."""
        age = self._clock.now().timestamp() - webhook.checked_at
        if not webhook.valid or age < _CHECK_AFTER.total_seconds():
            return webhook.valid
        found = await check(self._state.app, webhook.url)
        if found is Checked.AWAY and age < _GRACE.total_seconds():
            return True
        note_check(self._state, self._clock, webhook, found)
        return found is Checked.PASSED


def note_check(state: State, clock: Clock, webhook: Webhook, found: Checked) -> Webhook:
    """Write down what came of a check."""
    now = clock.now().timestamp() if found is Checked.PASSED else webhook.checked_at
    return state.add(msgspec.structs.replace(webhook, valid=found is Checked.PASSED, checked_at=now))
