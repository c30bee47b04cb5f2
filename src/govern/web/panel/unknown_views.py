"""What the pages of the desk "Outcome unknown" print."""

from collections.abc import Sequence
from datetime import datetime

from govern.web.panel.forms import Form
from govern.web.panel.views import AccountChip, View
from govern.web.panel.words import Badge


class UnknownLine(View, frozen=True, kw_only=True):
    """One of the list."""

    number: str
    href: str
    account: AccountChip
    kind: str
    text: str
    since: str
    readings: str
    next: str
    found: Badge | None


class LateView(View, frozen=True, kw_only=True):
    """A late answer of X."""

    attempt: str
    number: str
    account: str
    when: str
    x_id: str
    twice_as: str
    """The other id, if it is out twice."""


class UnknownsPage(View, frozen=True, kw_only=True):
    lines: Sequence[UnknownLine]
    late: Sequence[LateView]
    form: Form
    done: str


class TryView(View, frozen=True, kw_only=True):
    """One attempt: what is known of it."""

    number: int
    outcome: Badge
    at: datetime
    when: str
    took: str
    known: str
    worker: str
    reason: str
    settled: str


class ReadingView(View, frozen=True, kw_only=True):
    """One reading of X."""

    number: int
    at: datetime
    when: str
    found: Badge
    note: str


class SeenView(View, frozen=True, kw_only=True):
    """One post or private message that X showed."""

    x_id: str
    text: str
    at: datetime
    when: str
    ours: bool
    fits: bool
    belongs_to: str
    note: str


class UnknownPage(View, frozen=True, kw_only=True):
    number: str
    account: AccountChip
    kind: str
    text: str
    author: str
    contact: str
    tries: Sequence[TryView]
    readings: Sequence[ReadingView]
    next: str
    seen: Sequence[SeenView]
    seen_at: str
    was_read: bool
    hides_thread: bool
    private: bool
    live: bool
    choices: Sequence[SeenView]
    form: Form
    what: str
    done: str
