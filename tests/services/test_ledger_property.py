"""Whatever happens in whatever order: no private message ever leaves against the ledger. Real services, real rows."""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govern.access import Access
from govern.domain.consent import ConsentEvent, ConsentKind, Purpose
from govern.domain.messages import Kind
from govern.domain.publications import Outcome
from govern.errors import Conflict, Denied, NotFound
from govern.services.answers import Result
from govern.services.approvals import approve_message
from govern.services.consent import clear_doubt, record_opt_in, record_opt_out, withdraw_consent
from govern.services.consent_events import list_events
from govern.services.contacts import find_contact
from govern.services.message_views import load_message
from govern.services.policies import Policies
from govern.services.sending import Claim
from govern.settings import Settings
from govern.tables import Attempt
from tests.factories import NOW, make_message, receive_dm, receive_mention
from tests.sending import Desk, make_desk

PROOF = {
    "channel": "web form",
    "wording_id": "offers",
    "wording_version": "3",
    "captured_at": "2026-11-20T10:00:00Z",
    "proof_ref": "form/8812",
}
ANSWER = "Your parcel left today and arrives tomorrow, number {n}."
OFFER = "Only today: 20 % off all shoes with code SAVE{n}. Reply STOP to opt out."
WORDS = ("dm", "dm_news", "stop", "doubt", "mention", "opt_in", "opt_out", "withdraw", "clear")
WRITING = ("write", "offer", "write_later", "offer_later")
PAUSES = (timedelta(minutes=1), timedelta(minutes=20), timedelta(hours=1), timedelta(hours=19), timedelta(days=3))
STEPS = st.lists(
    st.tuples(
        st.sampled_from(WORDS) | st.sampled_from(WRITING) | st.sampled_from(["work", "dm", "opt_in"]),
        st.sampled_from(PAUSES),
    ),
    min_size=5,
    max_size=14,
)
STORY = ("opt_in", "dm", "write", "offer", "work", "write_later", "offer", "stop", "write", "work", "work")
DAY, DAYS = timedelta(days=1), timedelta(days=7)
_numbers = count(1)


class Story:
    """One person, one account, and a clock; the worker sends at `work`, and whenever something is due at a fixed time."""

    def __init__(self, desk: Desk, handle: str) -> None:
        self.desk, self.handle, self.now, self.sent = desk, handle, NOW, 0
        self.dues: list[datetime] = []
        self.answers: list[datetime] = []

    async def step(self, what: str, pause: timedelta) -> None:
        until = self.now + pause
        for due in sorted(each for each in self.dues if each <= until):
            self.dues.remove(due)
            self.now = max(self.now, due)
            await self._send_all()
        self.now = max(self.now, until)
        with suppress(Conflict, Denied, NotFound):  # a refusal is an answer too
            await self._do(what)

    async def _do(self, what: str) -> None:
        help_, who = self.desk.company.help, self.handle
        texts = {"dm": "Where is my parcel?", "stop": "STOP", "doubt": "je préfère qu'on arrête là"}
        if what in texts:
            await receive_dm(help_, who, text=texts[what], at=self.now)
        elif what == "dm_news":
            await receive_dm(self.desk.company.news, who, at=self.now)
        elif what == "mention":
            await receive_mention(help_, who, at=self.now)
        elif what == "work":
            await self._send_all()
        elif what in WRITING:
            later = self.now + timedelta(hours=6) if what.endswith("later") else None
            await self._write(OFFER if what.startswith("offer") else ANSWER, later)
        else:
            await self._note(what)

    async def _note(self, what: str) -> None:
        common = {"account": "Help", "contact": self.handle, "actor": self.desk.company.leo, "access": self.desk.access}
        notes: dict[str, Callable[[], object]] = {
            "opt_in": lambda: record_opt_in(**common, evidence=PROOF, now=self.now),  # type: ignore[arg-type]
            "opt_out": lambda: record_opt_out(**common, policies=self.desk.policies, now=self.now),  # type: ignore[arg-type]
            "withdraw": lambda: withdraw_consent(**common, policies=self.desk.policies, now=self.now),  # type: ignore[arg-type]
            "clear": lambda: clear_doubt(**common, reason="It was none.", now=self.now),  # type: ignore[arg-type]
        }
        await notes[what]()  # type: ignore[misc]

    async def _write(self, text: str, later: datetime | None) -> None:
        if later is not None:
            self.dues.append(later)
        message = await make_message(
            self.desk.company.leo,
            access=self.desk.access,
            policies=self.desk.policies,
            kind=Kind.DM,
            recipient=self.handle,
            text=text.format(n=next(_numbers)),
            scheduled_at=later,
            now=self.now,
        )
        if message.approvals_required and message.state.value == "pending_approval":
            await approve_message(
                message.id,
                revision=1,
                reason="She asked for it.",
                actor=self.desk.company.mia,
                access=self.desk.access,
                policies=self.desk.policies,
                now=self.now,
            )

    async def _send_all(self) -> None:
        self.now += timedelta(seconds=20)  # past the time to take an approval back
        while (found := await self.desk.claim(now=self.now)) is not None:
            if isinstance(found, Claim):
                await self._check(found)
                sent = Result(outcome=Outcome.SENT, x_id=str(8_000_000 + next(_numbers)))
                await self.desk.settle(found, sent, now=self.now)
                self.sent += 1

    async def _check(self, claim: Claim) -> None:
        """Read the ledger by the naked words of the rule, not by the code under test."""
        row: Any = await Attempt.select(Attempt.publication.message).where(Attempt.id == claim.attempt).first()
        message = await load_message(row["publication.message"])
        contact = await find_contact(self.handle)
        assert contact is not None
        events = await list_events(contact.id)
        if message.confirms is not None:
            stop = next(event for event in events if event.id == message.confirms)
            assert self.now <= stop.counts_from + timedelta(minutes=5)
            return
        assert allowed(events, account=self.desk.company.help.id, now=self.now, answers=self.answers), (
            message.revision.text,
            events,
        )
        if "SAVE" in message.revision.text:
            assert consented(events)
        self.answers.append(self.now)


def allowed(events: list[ConsentEvent], *, account: object, now: datetime, answers: list[datetime]) -> bool:
    stops = [e.counts_from for e in events if e.kind is ConsentKind.OPT_OUT and e.purpose is Purpose.ALL]
    last = max(stops, default=datetime.min.replace(tzinfo=NOW.tzinfo))
    wrote = [e.counts_from for e in events if e.kind is ConsentKind.INBOUND_DM and e.account == account]
    newest = max((at for at in wrote if at > last), default=None)
    if newest is not None and now < newest + (DAYS if any(newest <= at < newest + DAY for at in answers) else DAY):
        return True
    return consented(events) and not stops


def consented(events: list[ConsentEvent]) -> bool:
    """No event withdraws it: PROOF is older than all that happens here."""
    agreed = any(event.kind is ConsentKind.OPT_IN for event in events)
    return agreed and not any(event.kind is ConsentKind.OPT_OUT for event in events)


@pytest.fixture
async def desk(database: None, owner: asyncpg.Connection, access: Access, policies: Policies, config: Settings) -> Desk:
    return await make_desk(owner, access, policies, config)


async def test_nothing_ever_leaves_against_the_ledger(desk: Desk) -> None:
    examples: list[list[tuple[str, timedelta]]] = []

    @settings(
        max_examples=int(os.environ.get("GOVERN_LEDGER_EXAMPLES", "25")),
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(STEPS)
    def collect(steps: list[tuple[str, timedelta]]) -> None:
        examples.append(steps)

    await asyncio.to_thread(collect)
    for number, steps in enumerate(examples):
        await tell(Story(desk, f"person{number}"), steps)


async def test_what_may_leave_does_and_what_waited_when_they_said_stop_does_not(desk: Desk) -> None:
    story = Story(desk, "marion")
    await tell(story, [(what, timedelta(minutes=1)) for what in STORY])
    assert story.sent == 3  # answer, offer, and the answer to the stop


async def test_what_is_due_when_the_window_has_closed_does_not_leave(desk: Desk) -> None:
    story, hour = Story(desk, "marion"), timedelta(hours=1)
    await tell(story, [("dm", hour), ("mention", 19 * hour), ("write_later", hour), ("work", 9 * hour)])
    assert story.sent == 0


async def tell(story: Story, steps: list[tuple[str, timedelta]]) -> None:
    for what, pause in steps:
        await story.step(what, pause)


def test_the_naked_words_of_the_rule_tell_right_from_wrong() -> None:
    assert not allowed([], account=None, now=NOW, answers=[])
    assert not consented([])
