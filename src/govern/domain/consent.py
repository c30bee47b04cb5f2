"""The right to write: what can be known of it, and the rules it is derived by (in `permission.py`). Pure.

Sources: X's rule that a DM needs a person who wrote first or agreed; ePrivacy art. 13 and French CPCE L.34-5 for promotion.
"""

import re
import tomllib
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec

from govern.errors import Invalid


class ConsentKind(StrEnum):
    """A fact about the right to write to a person."""

    INBOUND_DM = "inbound_dm"
    """They wrote to the account in private."""
    INVITE_ACCEPTED = "invite_accepted"
    """They asked the account, in public, to write to them."""
    OPT_IN = "opt_in"
    """They agreed to a brand's promotion, and we can prove it."""
    OPT_OUT = "opt_out"
    """They want no more: of anything, or of promotion."""
    OPT_OUT_DOUBTFUL = "opt_out_doubtful"
    """They may have said stop; a person must read it."""
    DOUBT_CLEARED = "doubt_cleared"
    """A person read it: it was no stop."""
    CONTACT_BLOCKED = "contact_blocked"
    """X says they blocked the account."""
    ERASED = "erased"
    """Their data was erased; nothing from before gives a right any more."""


class Purpose(StrEnum):
    """What a consent event is about."""

    SERVICE = "service"
    """Answers and care."""
    PROMOTIONAL = "promotional"
    """Offers, and whatever makes the brand look good."""
    ALL = "all"
    """Every private message."""


class PermissionState(StrEnum):
    """What may be written to a person now. Values are part of the screening interface and are never renamed."""

    UNSOLICITED = "unsolicited"
    """They never wrote, or too long ago: nothing."""
    SERVICE_WINDOW = "service_window"
    """They wrote: answers, no promotion."""
    OPTED_IN = "opted_in"
    """They agreed to promotion."""
    OPTED_OUT = "opted_out"
    """They said stop: nothing."""
    OPTED_OUT_THEN_WROTE = "opted_out_then_wrote"
    """They said stop and wrote again later: the plain answer, nothing else."""


class OptOutScope(StrEnum):
    """How far one "stop" reaches."""

    COMPANY = "company"
    """Every account of the company."""
    BRAND = "brand"
    """The accounts of the brand they said it to."""


CONFIRM_WITHIN = timedelta(minutes=5)
"""A confirmation leaves within this time of the stop, or never (as 47 CFR 64.1200(a)(12) has it for texts)."""
_MAX_CONFIRMATION = 280
_LINK = re.compile(r"://|@|\bwww\.|\w\.\w", re.IGNORECASE)


class ConsentEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One fact, never changed afterwards. `account` and `brand` say where it happened, as far as that is known."""

    id: UUID
    contact: UUID
    account: UUID | None = None
    brand: UUID | None = None
    kind: ConsentKind
    purpose: Purpose
    occurred_at: datetime
    recorded_at: datetime
    source: str
    source_event_id: str
    evidence: dict[str, object] | None = None
    recorded_by: str

    @property
    def counts_from(self) -> datetime:
        """The earlier of its two times: a date in the future helps nobody."""
        return min(self.occurred_at, self.recorded_at)


class Confirmation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fixed words that tell a person their "stop" was heard: up to 280 characters a language, without a link."""

    en: str
    fr: str

    def __post_init__(self) -> None:
        """Refuse what would be more than a confirmation; msgspec names the key."""
        for text in (self.en, self.fr):
            if not 1 <= len(text.strip()) <= _MAX_CONFIRMATION:
                raise ValueError("a confirmation has 1 to 280 characters")
            if _LINK.search(text):
                raise ValueError("a confirmation holds no link, address or handle")

    def text(self, language: str) -> str:
        """Return the words in a language; English where we have none in it."""
        return self.fr if language == "fr" else self.en


class ConsentRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`policies/consent.toml`: the lengths of windows and consents, and the reach of an opt-out."""

    version: int
    service_window_hours: Annotated[int, msgspec.Meta(ge=1, le=24)]
    open_conversation_days: Annotated[int, msgspec.Meta(ge=1, le=30)]
    opt_in_months: Annotated[int, msgspec.Meta(ge=1, le=36)]
    opt_out_scope: OptOutScope
    confirmation: Confirmation | None = None
    """None: an opt-out is not confirmed."""

    def window(self, *, open_conversation: bool) -> timedelta:
        """How long after their last message a person may be answered."""
        if open_conversation:
            return timedelta(days=self.open_conversation_days)
        return timedelta(hours=self.service_window_hours)


class DmPermission(msgspec.Struct, frozen=True):
    """What may be written, until when (None: no end is known), and the ids of the events that explain it."""

    state: PermissionState
    until: datetime | None = None
    because: tuple[UUID, ...] = ()


# Without these, consent cannot be proven, and consent that cannot be proven is none (GDPR art. 7.1).
OPT_IN_EVIDENCE = frozenset({"channel", "wording_id", "wording_version", "captured_at", "proof_ref"})


def parse_rules(text: str, *, name: str = "consent.toml") -> ConsentRules:
    """Read `consent.toml`.

    Raises:
        Invalid: not TOML, a key unknown or missing, or a value out of its limits; `reason` names file and key.
    """
    try:
        return msgspec.convert(tomllib.loads(text), ConsentRules)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise Invalid(field=name, reason=f"{name}: {error}") from error
