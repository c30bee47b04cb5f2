"""View models: exactly what a page prints. They are built by handlers; templates decide nothing."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from govern.web.panel.format import Due
from govern.web.panel.marks import Segment
from govern.web.panel.words import Badge


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What every view model is."""


class NavItem(View, frozen=True, kw_only=True):
    """One link of the navigation."""

    key: str
    href: str
    icon: str
    words: str
    count: int = 0
    hot: bool = False


class NavGroup(View, frozen=True, kw_only=True):
    title: str
    items: Sequence[NavItem]


class Person(View, frozen=True, kw_only=True):
    """Who is signed in."""

    name: str
    email: str
    roles: str
    initials: str
    colour: int


class Frame(View, frozen=True, kw_only=True):
    """What surrounds every page."""

    company: str
    groups: Sequence[NavGroup]
    tabs: Sequence[NavItem]
    me: Person
    here: str
    theme: str
    single_keys: bool
    language: str
    csrf: str
    zone: str
    paused: int
    may_pause: bool
    sandboxed: bool
    queue: int


class AccountChip(View, frozen=True, kw_only=True):
    """An account as it is named everywhere: colour and handle."""

    handle: str
    name: str
    colour: int


class Row(View, frozen=True, kw_only=True):
    """A message in a list."""

    number: str
    href: str
    account: AccountChip
    kind: str
    state: Badge
    text: str
    author: str
    due: Due | None
    flags: Sequence[Badge] = ()
    selected: bool = False
    when: str = ""


class FindingView(View, frozen=True, kw_only=True):
    """One finding in words."""

    badge: Badge
    title: str
    quote: str
    rule: str
    advice: str
    tone: str
    ack: str = ""
    """Of a warning in a form: the value by which it is acknowledged."""
    acknowledged: bool = False
    missing: bool = False
    """Whether a form was refused because nobody acknowledged it."""
    use: str = ""
    """In a form: which finding its button mends, in the words of `use_words`."""
    use_words: str = ""
    seen_by: Sequence[str] = ()
    """Who acknowledged it."""


class ImageView(View, frozen=True, kw_only=True):
    """An image with its alt text; `missing`: a form was refused because it has none that X takes."""

    id: str
    href: str
    position: int
    alt_text: str
    width: int
    height: int
    size: str
    missing: bool = False


class Bubble(View, frozen=True, kw_only=True):
    """Something somebody wrote, as X shows it."""

    name: str
    handle: str
    text: str
    when: str
    initials: str
    colour: int
    ours: bool = False
    segments: Sequence[Segment] = ()
    """The text with what stands out in it; empty where nothing does."""
    notes: Sequence[FindingView] = ()
    reply: str = ""
    """Where the prepared reply is written, for those who may."""


class Preview(View, frozen=True, kw_only=True):
    """A text as it will look, with what screening says of it."""

    segments: Sequence[Segment]
    weighted: int
    limit: int
    over: bool
    findings: Sequence[FindingView]
    signals: Sequence[FindingView]
    """What counted for or against, without asking for anything by itself."""
    screened: bool
    headline: str
    worst: Badge


class Step(View, frozen=True, kw_only=True):
    """One line of a message's history."""

    title: str
    by: str
    note: str
    at: datetime
    tone: str = ""
    why: str = ""
    """Where the decision behind it is explained, for those who may ask."""


class Comparison(View, frozen=True, kw_only=True):
    """Two revisions side by side, in words."""

    before: int
    after: int
    segments: Sequence[Segment]
    images: bool = False
    """Whether images or alt texts are others."""


class Verdicts(View, frozen=True, kw_only=True):
    """Which decisions are this member's to take, and why not where they are not."""

    approve: bool
    reject: bool
    request_changes: bool
    edit: bool
    needs_reason: bool
    second_person: bool
    sentence: str

    @property
    def any(self) -> bool:
        return self.approve or self.reject or self.request_changes


class MessageView(View, frozen=True, kw_only=True):
    """A message with all there is to see of it."""

    id: str
    number: str
    title: str
    kind: str
    state: Badge
    account: AccountChip
    author: str
    written: str
    revision: int
    text: str
    version: int
    context: Sequence[Bubble]
    preview: Preview
    comparison: Comparison | None
    due: Due | None
    images: Sequence[ImageView]
    levels: Sequence[tuple[str, bool]]
    audience: str
    """Who will see it."""
    publishes: str
    approvals: str
    approvers: str
    rule: str
    why: str
    permission: str
    ledger: str
    """Where it is explained why the person may be written to or not."""
    facts: Sequence[str]
    """What was said of the text, as "paid partnership"."""
    said: Mapping[str, str]
    """The same, as a form has it."""
    taken_back: str
    """Why the service itself took it back."""
    failure: str
    doubtful: bool
    """Whether nobody knows if it is out."""
    x_id: str | None
    steps: Sequence[Step]
    verdicts: Verdicts
    can: frozenset[str]
    waits: bool
    """Whether a person must decide before it goes out."""
