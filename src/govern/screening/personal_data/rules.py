"""`policies/screening/personal_data.toml`, checked and compiled."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from govern.domain.approvals import Severity
from govern.domain.messages import Kind
from govern.screening.findings import Advice, Decision, Direction, Input, Message
from govern.screening.patterns import Pattern


class Type(StrEnum):
    """The types of personal data, in the order in which they are named to people."""

    IBAN = "iban"
    CARD = "card"
    NIR = "nir"
    EMAIL = "email"
    PHONE = "phone"
    ADDRESS = "address"
    ORDER_NO = "order_no"
    FILE_REF = "file_ref"


class Words(StrEnum):
    """What the words around a number say it is. The value is the id its terms carry in the one term pass."""

    ORDER_NO = "PII-WORDS-ORDER-NO"
    FILE_REF = "PII-WORDS-FILE-REF"
    BOOKING = "PII-WORDS-BOOKING"
    """A file, and one whose codes may be of letters only."""
    NIR = "PII-WORDS-NIR"
    PHONE = "PII-WORDS-PHONE"
    VEHICLE = "PII-WORDS-VEHICLE"
    BIRTH = "PII-WORDS-BIRTH"
    REFERENCE = "PII-WORDS-REFERENCE"
    """Some reference; of what, other words say."""
    OTHER = "PII-WORDS-OTHER"
    """Something that is nobody's: a product, a flight, a law."""
    HOME = "PII-WORDS-HOME"
    """Where somebody lives or has things delivered."""
    OWN_PHONE = "PII-WORDS-OWN-PHONE"
    OWN_PLACE = "PII-WORDS-OWN-PLACE"
    OUR_PLACE = "PII-WORDS-OUR-PLACE"
    """A shop or office where the company says it, a home where a customer does: "we're at"."""


class Reference(msgspec.Struct, frozen=True, eq=False):
    """One of the company's own formats: found wherever it stands, without any context word."""

    id: str
    type: Type
    pattern: Pattern


class Public(msgspec.Struct, frozen=True):
    """What is nobody's: the company's own details, and what cannot be a person's. Compared in their shortest form."""

    phones: frozenset[str]
    emails: frozenset[str]
    domains: frozenset[str]
    mailboxes: frozenset[str]
    addresses: frozenset[str]
    ibans: frozenset[str]
    phone_prefixes: tuple[str, ...]


class Said(msgspec.Struct, frozen=True):
    """What one type of data leads to, where, and what is said of it."""

    id: str
    severity: Severity
    decisions: Mapping[tuple[Direction, bool], Decision]
    """By direction, and whether it is a DM; a place that is missing leads to nothing."""
    message: Message


class PersonalRules(msgspec.Struct, frozen=True, kw_only=True):
    """All of the family's rules."""

    version: int
    types: Mapping[Type, Said]
    advice: Mapping[tuple[Direction, bool], Advice]
    reply: Message
    """The reply that is ready to be sent to somebody who wrote such data in public."""
    references: tuple[Reference, ...]
    public: Public

    def decision(self, kind: Type, given: Input) -> Decision | None:
        """Return what data of this type leads to in such a message."""
        return self.types[kind].decisions.get((given.direction, given.kind is Kind.DM))


def ready_reply(rules: PersonalRules, lang: str | None) -> str:
    """Return the reply that asks somebody to write privately and to delete the message; English where nobody knows."""
    return rules.reply.fr if lang == "fr" else rules.reply.en
