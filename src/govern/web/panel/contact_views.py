"""View models of the ledger's pages."""

from collections.abc import Sequence

from govern.web.panel.forms import Form
from govern.web.panel.marks import Segment
from govern.web.panel.views import AccountChip, Bubble, FindingView, View
from govern.web.panel.words import Badge


class StandingView(View, frozen=True, kw_only=True):
    account: AccountChip
    badge: Badge


class KnownView(View, frozen=True, kw_only=True):
    """A person in the list."""

    handle: str
    name: str
    href: str
    when: str
    standings: Sequence[StandingView]


class DoubtView(View, frozen=True, kw_only=True):
    handle: str
    account: AccountChip
    when: str
    href: str


class PermissionsPage(View, frozen=True, kw_only=True):
    q: str
    doubts: Sequence[DoubtView]
    people: Sequence[KnownView]


class EventView(View, frozen=True, kw_only=True):
    """One fact of the history."""

    words: str
    when: str
    noted: str
    """When it was recorded, where that was later."""
    by: str
    evidence: Sequence[tuple[str, str]]
    explains: bool
    tone: str


class LedgerView(View, frozen=True, kw_only=True):
    """What one account may write."""

    account: AccountChip
    badge: Badge
    sentence: str
    why: str
    way_out: str
    invite: str
    """Where the way out is written, if there is a post to answer."""
    write: str
    """Where an answer is written, if one may."""
    doubt: bool


class PostView(View, frozen=True, kw_only=True):
    account: AccountChip
    x_id: str
    bubble: Bubble
    stop: Badge | None
    answer: str


class UnsentView(View, frozen=True, kw_only=True):
    number: str
    href: str
    account: AccountChip
    state: Badge
    why: str
    when: str


class PrivateView(View, frozen=True, kw_only=True):
    """A private message, shown because somebody asked to read it."""

    ours: bool
    when: str
    segments: Sequence[Segment]
    notes: Sequence[FindingView]
    stop: Badge | None


class ContactPage(View, frozen=True, kw_only=True):
    handle: str
    name: str
    href: str
    ledgers: Sequence[LedgerView]
    others: Sequence[LedgerView]
    events: Sequence[EventView]
    posts: Sequence[PostView]
    unsent: Sequence[UnsentView]
    accounts: Sequence[tuple[str, str]]
    doubt: bool
    everywhere: bool
    """Whether an opt-out reaches every account, or those of the brand only."""
    may_record: bool
    may_read_dms: bool
    thread: Sequence[PrivateView] | None
    of: str
    """The account whose private messages are shown."""
    form: Form
    at: str
    """Which form was refused."""
    done: str
