"""The words of screening: what goes in, and the findings that come out. The interface is final."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from govern.domain.approvals import Severity
from govern.domain.consent import PermissionState
from govern.domain.messages import Kind

Span = tuple[int, int]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Count = Annotated[int, msgspec.Meta(ge=0)]


class Decision(StrEnum):
    """What a finding, or the whole screening, asks for; strictest last, but for the last one."""

    ALLOW = "allow"
    """Nothing; the finding explains."""
    WARN = "warn"
    """The author must see and acknowledge it."""
    NEEDS_APPROVAL = "needs_approval"
    """Another member must approve, knowing the finding."""
    BLOCK = "block"
    """Only another text or another right to write helps."""
    ADVISE = "advise"
    """Inbound only: a person should act."""


class Klass(StrEnum):
    """How promotional a text is."""

    CLEAN = "clean"
    SUSPECTED = "suspected"
    PROMOTIONAL = "promotional"


class Direction(StrEnum):
    """Who writes: we, or the contact."""

    OUTBOUND = "outbound"
    INBOUND = "inbound"


class OptOut(StrEnum):
    """Whether an inbound text says stop."""

    YES = "yes"
    DOUBTFUL = "doubtful"
    NO = "no"


class Family(StrEnum):
    """Which part of the engine speaks."""

    PERMISSION = "permission"
    PROMOTIONAL = "promotional"
    PERSONAL_DATA = "personal_data"
    LEXICON = "lexicon"
    DISCLOSURE = "disclosure"
    LINK = "link"
    DUPLICATE = "duplicate"
    OPT_OUT = "opt_out"
    EVASION = "evasion"
    X = "x"
    LIMIT = "limit"


class Via(StrEnum):
    """The disguise a term was found through."""

    ZERO_WIDTH = "zero_width"
    HOMOGLYPH = "homoglyph"
    STYLED = "styled"
    LEET = "leet"
    SPACED = "spaced"


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One sentence in both languages of the product."""

    en: str
    fr: str


class Advice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to do instead, with a stable code."""

    code: str
    en: str
    fr: str


class Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a finding says. `{account}` and its like are filled in when it is said; other braces stay."""

    message: Message
    advice: Advice | None = None

    def filled(self, en: Mapping[str, str], fr: Mapping[str, str]) -> "Wording":
        """Return the same words with the blanks filled."""
        message = Message(_fill(self.message.en, en), _fill(self.message.fr, fr))
        advice = self.advice and Advice(self.advice.code, _fill(self.advice.en, en), _fill(self.advice.fr, fr))
        return Wording(message, advice)


def _fill(sentence: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        sentence = sentence.replace(f"{{{name}}}", value)
    return sentence


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing screening says of a text. It holds a span, never the text itself.

    `span` is half-open, in code points of the text as given; `points` has two decimals, and only promotional findings have it.
    """

    rule: str
    version: int = 1
    family: Family
    decision: Decision
    severity: Severity
    points: float | None = None
    span: Span | None = None
    via: Via | None = None
    message: Message
    advice: Advice | None = None


class PersonalData(msgspec.Struct, frozen=True):
    """Where personal data stands, and of which type; never its value."""

    type: str
    span: Span


class Tier(StrEnum):
    """What the contract with X lets our app do."""

    SELF_SERVE = "self_serve"
    ENTERPRISE = "enterprise"


class Recent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text of ours that went out before. It is compared by what is given: text, masked text or fingerprint."""

    text: str | None = None
    masked: str | None = None
    """What `duplicates.mask` made of the text; spares masking it again."""
    fingerprint: str | None = None
    """What `duplicates.fingerprint` made of the masked text; outlives the text."""
    account: str | None = None
    brand: str | None = None
    kind: Kind
    recipient: str | None = None
    """Whoever a DM or a reply went to: a handle or an id, as in the facts of the text to screen."""
    at: Moment | None = None
    """When it went out; None counts as within every window."""


class Facts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the caller knows beside the text. A rule without its fact is silent or takes the fact's default."""

    account: str | None = None
    """The handle that writes, without @."""
    brand: str | None = None
    """The brand of that account."""
    recipient: str | None = None
    """Whoever a DM or a reply goes to."""
    at: Moment | None = None
    """When the text would go out; the newest of `recent` where nobody says."""
    fingerprint: str | None = None
    """Of this text, by the caller's key; needed where `recent` has fingerprints only."""
    recent: tuple[Recent, ...] = ()
    """What went out before, on all our accounts; any order."""
    length_limit: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """The longest weighted length X takes from this account; 280 where nobody says."""
    app_tier: Tier | None = None
    """The tier of the X app that would send it."""
    summoned: bool | None = None
    """Whether the author of the post answered mentioned or quoted us, or the post is our own."""
    automated: bool | Count = 0
    """Which automated reply to that post this is: 0 a person's, 1 the first, 2 a second."""
    ai_written: bool = False
    ai_approved: bool = False
    """Whether X approved this account's AI replies."""
    images_without_alt: Count = 0
    paid_partnership: bool = False
    """Whether somebody gave something for this post."""
    privacy_link_sent: bool | None = None
    """Whether this support conversation has the privacy link already."""


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """One text to screen. `permission` is read for an outbound DM only, and None there means `unsolicited`."""

    text: str
    kind: Kind
    direction: Direction = Direction.OUTBOUND
    permission: PermissionState | None = None
    lang: Literal["en", "fr"] | None = None
    facts: Facts = Facts()
    alt_texts: tuple[str, ...] = ()
    """What is said of the images, in their order; outbound only."""


class Screening(msgspec.Struct, frozen=True, kw_only=True):
    """What screening says of one text. The order of the fields is the order of the JSON keys."""

    decision: Decision
    klass: Klass = msgspec.field(name="class")
    optout: OptOut
    personal_data: tuple[PersonalData, ...]
    findings: tuple[Finding, ...]
    policy_digest: str

    @property
    def points(self) -> float:
        """The promotional total, 0 where nothing counted."""
        return next((found.points or 0.0 for found in self.findings if found.rule == TOTAL_RULE), 0.0)


TOTAL_RULE = "PRO-CLASS"
_STRICTNESS = (Decision.ALLOW, Decision.WARN, Decision.NEEDS_APPROVAL, Decision.BLOCK, Decision.ADVISE)
_SEVERITIES = {
    Decision.NEEDS_APPROVAL: Severity.MEDIUM,
    Decision.ADVISE: Severity.MEDIUM,
    Decision.BLOCK: Severity.HIGH,
}


def strictness(decision: Decision) -> int:
    """Return a number that grows with the decision's strictness."""
    return _STRICTNESS.index(decision)


def severity_of(decision: Decision) -> Severity:
    """Return the severity of a finding whose rule names none."""
    return _SEVERITIES.get(decision, Severity.LOW)


def in_order(findings: list[Finding]) -> list[Finding]:
    """Sort by start, then rule; what is about the whole text comes first."""
    return sorted(findings, key=_place)


def _place(found: Finding) -> tuple[int, str, int, str]:
    start, end = found.span or (-1, -1)
    return start, found.rule, end, found.via or ""
