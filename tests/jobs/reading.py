"""Reading back as the worker does it, at any time a test likes: nobody waits ten minutes."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from govern.domain.messages import Message
from govern.jobs.publish import publish
from govern.jobs.reconcile import reconcile
from govern.services.answers import Result
from govern.services.readings import Question, readings_due
from govern.services.reconciling import Read
from govern.xapi.client import XClient
from tests.jobs.conftest import Live
from tests.sending import attempts

DELAYS = (timedelta(seconds=30), timedelta(minutes=3), timedelta(minutes=10))


class Back:
    """A live company whose clock a test moves. X's own goes on as ever, so most readings are made twice."""

    def __init__(self, live: Live, *, ahead: timedelta = timedelta(0)) -> None:
        self.live = live
        self.ahead = ahead
        live.desk.config = replace(live.desk.config, reconcile_reads=DELAYS)

    def clock(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def advance(self, by: timedelta) -> None:
        self.ahead += by

    async def write(self, text: str, **more: Any) -> Message:
        return await self.live.desk.write(text, now=self.clock(), **more)

    async def publish(self) -> Result | None:
        desk = self.live.desk
        return await publish(
            desk.company.help.id,
            worker="test:1",
            connect=lambda _claim: self.live.client(desk.company.help),
            access=desk.access,
            policies=desk.policies,
            vault=desk.vault,
            settings=desk.config,
            clock=self.clock,
        )

    async def lose(self, text: str, fault: str, **more: Any) -> Message:
        """Send a message that meets a fault of this kind."""
        options = {name: more.pop(name) for name in ("commit", "seconds") if name in more}
        self.live.sandbox.order("faults", kind=fault, times=1, match={"text": text[:20]}, **options)
        message = await self.write(text, **more)
        await self.publish()
        return message

    async def read(self, attempt: UUID | None = None, *, client: XClient | None = None) -> Read | None:
        """Read X once about an attempt, or about the last one."""

        async def connect(question: Question) -> XClient:
            return client or self.live.client(question.account)

        which = attempt or (await attempts())[-1]["id"]
        return await reconcile(which, connect=connect, settings=self.live.desk.config, clock=self.clock)

    async def due(self) -> list[UUID]:
        return await readings_due(delays=DELAYS, now=self.clock())

    async def read_all(self) -> list[str]:
        """Read at each time a reading is due, and return what each found."""
        found = []
        end = self.ahead + timedelta(minutes=12)
        while self.ahead < end:
            self.advance(timedelta(seconds=15))
            for attempt in await self.due():
                read = await self.read(attempt)
                found.append(read.found.value if read else "nothing")
        return found
