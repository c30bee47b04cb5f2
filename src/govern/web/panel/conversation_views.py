"""View models of conversations: the list, the timeline, and what can be done."""

from collections.abc import Sequence

from markupsafe import Markup

from govern.web.panel.format import Due
from govern.web.panel.forms import Form
from govern.web.panel.marks import Segment
from govern.web.panel.permission_note import Permission
from govern.web.panel.views import AccountChip, FindingView, View
from govern.web.panel.words import Badge


class ConversationRow(View, frozen=True, kw_only=True):
    """One person who wrote to one account."""

    href: str
    account: AccountChip
    handle: str
    name: str
    kind: Badge
    state: Badge
    due: Due | None
    said: str
    """The newest public post; empty where they wrote in private."""
    on_it: str
    when: str
    selected: bool


class SaidView(View, frozen=True, kw_only=True):
    """One thing that was said."""

    ours: bool
    place: Badge
    """In public or in private."""
    who: str
    initials: str
    colour: int
    when: str
    segments: Sequence[Segment]
    notes: Sequence[FindingView]
    stop: Badge | None
    hidden: str
    """What stands where the text is not shown."""
    state: Badge | None
    href: str
    """Of our own: where the message is."""


class Tab(View, frozen=True, kw_only=True):
    words: str
    href: str
    count: int | None
    selected: bool


class InTimeView(View, frozen=True, kw_only=True):
    account: AccountChip
    words: str
    drawing: Markup


class ConversationView(View, frozen=True, kw_only=True):
    """One conversation with all there is to see of it."""

    id: str
    handle: str
    name: str
    account: AccountChip
    href: str
    state: Badge
    due: Due | None
    since: str
    said: Sequence[SaidView]
    hidden: int
    """How many private messages are not shown."""
    may_read_dms: bool
    on_it: str
    mine: bool
    was: str
    """Who was on it when the page was made."""
    warnings: Sequence[str]
    permission: Permission | None
    ledger: str
    public: str
    """Where a public answer is written, for those who may."""
    private: str
    """Where a private answer is written, for those who may, and if one may be written."""
    may_assign: bool
    may_close: bool
    closed: str
    """Why it was closed, in words."""
    may_reopen: bool
    reasons: Sequence[tuple[str, str]]


class ConversationsPage(View, frozen=True, kw_only=True):
    tabs: Sequence[Tab]
    rows: Sequence[ConversationRow]
    waiting: int
    late: int
    item: ConversationView | None
    open: bool
    back: str
    keep: Sequence[tuple[str, str]]
    places: Sequence[tuple[str, str]]
    kinds: Sequence[tuple[str, str]]
    filters: Form
    gaps: Sequence[str]
    in_time: Sequence[InTimeView]
    empty: tuple[str, str]
    form: Form
    done: str
    undo: bool
