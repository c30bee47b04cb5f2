"""The life of a message: every step of the table, every walk through it, and what binds an approval to a text."""

from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from govern.access.conditions import is_author, is_editor
from govern.domain.actions import Requester
from govern.domain.messages import (
    DUE_STATES,
    TERMINAL,
    TRANSITIONS,
    Event,
    IllegalTransition,
    StaleRevision,
    State,
    can,
    check_revision,
    next_state,
)
from govern.errors import Conflict

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)

# Section 4 of the architecture, written out a second time: what is not here must be refused.
STEPS: dict[State, dict[Event, State]] = {
    State.DRAFT: {
        Event.REVISE: State.DRAFT,
        Event.SCHEDULE: State.DRAFT,
        Event.BLOCK: State.BLOCKED,
        Event.QUEUE: State.PENDING_APPROVAL,
        Event.PASS: State.APPROVED,
        Event.WITHDRAW: State.WITHDRAWN,
    },
    State.BLOCKED: {Event.REVISE: State.DRAFT, Event.WITHDRAW: State.WITHDRAWN},
    State.PENDING_APPROVAL: {
        Event.REVISE: State.DRAFT,
        Event.SCHEDULE: State.PENDING_APPROVAL,
        Event.APPROVE: State.APPROVED,
        Event.REJECT: State.REJECTED,
        Event.REQUEST_CHANGES: State.CHANGES_REQUESTED,
        Event.EXPIRE: State.EXPIRED,
        Event.WITHDRAW: State.WITHDRAWN,
    },
    State.CHANGES_REQUESTED: {Event.REVISE: State.DRAFT, Event.WITHDRAW: State.WITHDRAWN},
    State.EXPIRED: {Event.REVISE: State.DRAFT},
    State.APPROVED: {
        Event.SCHEDULE: State.SCHEDULED,
        Event.UNDO: State.PENDING_APPROVAL,
        Event.CLAIM: State.SENDING,
        Event.SURFACE: State.SENT,
        Event.EXPIRE: State.EXPIRED,
        Event.WITHDRAW: State.WITHDRAWN,
    },
    State.SCHEDULED: {
        Event.SCHEDULE: State.SCHEDULED,
        Event.UNDO: State.PENDING_APPROVAL,
        Event.CLAIM: State.SENDING,
        Event.SURFACE: State.SENT,
        Event.EXPIRE: State.EXPIRED,
        Event.WITHDRAW: State.WITHDRAWN,
    },
    State.SENDING: {
        Event.NOT_SENT: State.SCHEDULED,
        Event.SUCCEED: State.SENT,
        Event.REFUSE: State.FAILED,
        Event.LOSE: State.OUTCOME_UNKNOWN,
    },
    State.OUTCOME_UNKNOWN: {
        Event.SETTLE_SENT: State.SENT,
        Event.SETTLE_NOT_SENT: State.APPROVED,
        Event.SUCCEED: State.SENT,
    },
}


@pytest.mark.parametrize(("state", "event"), list(product(State, Event)))
def test_every_step_leads_where_the_architecture_says_or_is_refused(state: State, event: Event) -> None:
    expected = STEPS.get(state, {}).get(event)
    assert can(state, event) is (expected is not None)
    if expected is not None:
        assert next_state(state, event) is expected
        return
    with pytest.raises(IllegalTransition) as refused:
        next_state(state, event)
    assert refused.value.code == "message.illegal_transition"
    assert refused.value.data["state_code"] == state.value


def test_only_approved_and_scheduled_messages_can_be_due() -> None:
    assert frozenset({State.APPROVED, State.SCHEDULED}) == DUE_STATES


def test_terminal_states_are_those_without_a_way_out() -> None:
    assert frozenset(State) - {state for state, _ in TRANSITIONS} == TERMINAL


MEMBERS = ("ana", "ben", "cleo")


class Life(RuleBasedStateMachine):
    """Any walk through the table, with a ledger of what was approved by whom, and of what X may have received."""

    def __init__(self) -> None:
        super().__init__()
        self.state = State.DRAFT
        self.author = self.editor = MEMBERS[0]
        self.cleared = False
        """The current revision has its approvals, or needs none."""
        self.approvers: set[str] = set()
        self.out = 0
        """How often X has it for certain."""
        self.maybe_out = False
        self.settled_as_not_out = False
        self.ended: State | None = None

    @initialize(author=st.sampled_from(MEMBERS))
    def write(self, author: str) -> None:
        self.author = self.editor = author

    def go(self, event: Event) -> bool:
        try:
            self.state = next_state(self.state, event)
        except IllegalTransition:
            return False
        if self.state in TERMINAL:
            self.ended = self.state
        return True

    @rule(member=st.sampled_from(MEMBERS))
    def revise(self, member: str) -> None:
        if self.go(Event.REVISE):
            self.editor, self.cleared, self.approvers = member, False, set()

    @rule(member=st.sampled_from(MEMBERS), edits=st.booleans())
    def approve(self, member: str, edits: bool) -> None:
        asks = Requester(id=f"member:{member}", member=member, grants={}, parents={})
        facts: dict[str, object] = {"author": self.author, "editors": [self.editor], "edit_and_approve": edits}
        if is_author(asks, facts) or is_editor(asks, facts):
            return
        if self.go(Event.APPROVE):
            self.editor = member if edits else self.editor
            self.cleared, self.approvers = True, {member}

    @rule()
    def let_pass(self) -> None:
        if self.go(Event.PASS):
            self.cleared = True

    @precondition(lambda self: self.settled_as_not_out)
    @rule()
    def surface(self) -> None:
        if self.go(Event.SURFACE):
            self.out, self.settled_as_not_out = self.out + 1, False

    @rule()
    def undo(self) -> None:
        if self.go(Event.UNDO):
            self.cleared, self.approvers = False, set()

    @rule()
    def claim(self) -> None:
        if self.go(Event.CLAIM):
            assert self.cleared, "handed to X without its approvals"
            assert not self.out, "handed to X a second time"
            assert not self.maybe_out, "handed to X while it may be out already"
            self.maybe_out = True

    @precondition(lambda self: self.maybe_out)
    @rule(event=st.sampled_from([Event.SUCCEED, Event.SETTLE_SENT]))
    def is_out(self, event: Event) -> None:
        if self.go(event):
            self.out, self.maybe_out = self.out + 1, False

    @precondition(lambda self: self.maybe_out)
    @rule(event=st.sampled_from([Event.NOT_SENT, Event.REFUSE, Event.SETTLE_NOT_SENT]))
    def is_not_out(self, event: Event) -> None:
        if self.go(event):
            self.maybe_out = False
            self.settled_as_not_out |= event is Event.SETTLE_NOT_SENT

    @rule(
        event=st.sampled_from(
            [
                Event.BLOCK,
                Event.QUEUE,
                Event.REJECT,
                Event.REQUEST_CHANGES,
                Event.SCHEDULE,
                Event.EXPIRE,
                Event.WITHDRAW,
                Event.LOSE,
            ]
        )
    )
    def anything_else(self, event: Event) -> None:
        self.go(event)

    @invariant()
    def author_and_earlier_editor_never_approve(self) -> None:
        assert self.author not in self.approvers

    @invariant()
    def sent_at_most_once_and_never_without_trace(self) -> None:
        assert self.out <= 1
        assert (self.state is State.SENT) == (self.out == 1)
        assert self.maybe_out == (self.state in {State.SENDING, State.OUTCOME_UNKNOWN})

    @invariant()
    def what_has_ended_stays_ended(self) -> None:
        assert self.ended is None or self.state is self.ended


TestLife = Life.TestCase


def test_revision_that_is_not_the_current_one_is_stale() -> None:
    check_revision(2, 2)
    for read in (1, 3):
        with pytest.raises(StaleRevision) as refused:
            check_revision(2, read)
        assert isinstance(refused.value, Conflict)
        assert refused.value.data == {"read": read, "current": 2}
