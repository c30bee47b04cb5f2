"""The words of screening: what goes in, and the findings that come out. The interface is final."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

import msgspec

from govern.domain.approvals import Severity
from govern.domain.consent import PermissionState
from govern.domain.messages import Kind

Span = tuple[int, int]


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


class Facts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the caller knows beside the text. A rule without its fact is silent or takes the fact's default."""

    account: str | None = None
    """The handle that writes, without @."""
    length_limit: int | None = None
    """The longest weighted length X takes from this account; 280 where nobody says."""


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """One text to screen. `permission` is read for an outbound DM only, and None there means `unsolicited`."""

    text: str
    kind: Kind
    direction: Direction = Direction.OUTBOUND
    permission: PermissionState | None = None
    lang: Literal["en", "fr"] | None = None
    facts: Facts = Facts()


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
    return sorted(findings, key=lambda found: (found.span or (-1, -1), found.rule))
