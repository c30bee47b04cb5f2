"""The shape of `personal_data.toml`, what it must keep to, and its compiled form."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

import msgspec

from govern.domain.approvals import Severity
from govern.screening.findings import Advice, Decision, Direction, Message
from govern.screening.normalise import fold
from govern.screening.patterns import Pattern
from govern.screening.personal_data.address import shortest
from govern.screening.personal_data.rules import PersonalRules, Public, Reference, Said, Type, Words
from govern.screening.policy_files import InlineTest, RuleId, Strict, pattern_faults
from govern.screening.terms import Term, parse_term

_REPLY = "{reply}"


class Places(Strict, frozen=True):
    """What a type leads to in public and in a DM; nothing where it is not named."""

    public: Decision | None = None
    dm: Decision | None = None


class TypeTable(Strict, frozen=True):
    """One type of personal data as it is written."""

    id: RuleId
    type: Type
    severity: Severity
    outbound: Places
    inbound: Places
    message: Message
    test: tuple[InlineTest, ...]


class ReferenceTable(Strict, frozen=True):
    """One of the company's own formats; it says what its type says."""

    id: RuleId
    type: Type
    re2: str
    test: tuple[InlineTest, ...]


class AdviceTable(Strict, frozen=True):
    """What to do instead, by direction and place."""

    outbound_public: Advice
    outbound_dm: Advice
    inbound_public: Advice
    inbound_dm: Advice


class WordsTable(Strict, frozen=True):
    """Context words of one sort, by language."""

    en: tuple[str, ...]
    fr: tuple[str, ...]


class AllowTable(Strict, frozen=True):
    """The company's own details, and what can be no person's."""

    phones: tuple[Annotated[str, msgspec.Meta(pattern=r"^(\+[0-9]{7,15}|[0-9]{3,6})$")], ...] = ()
    emails: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    mailboxes: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    ibans: tuple[str, ...] = ()
    phone_prefixes: tuple[Annotated[str, msgspec.Meta(pattern=r"^\+[0-9]{3,8}$")], ...] = ()


class PersonalDataFile(Strict, frozen=True):
    """The whole of `personal_data.toml`."""

    version: int
    type: tuple[TypeTable, ...]
    advice: AdviceTable
    reply: Message
    words: dict[Words, WordsTable]
    allow: AllowTable = AllowTable()
    reference: tuple[ReferenceTable, ...] = ()


def faults(file: PersonalDataFile) -> Iterator[tuple[str, str]]:
    """Yield the rule and the reason of everything that is wrong with a file of the right shape."""
    counts = Counter(table.type for table in file.type)
    for kind in Type:
        if counts[kind] != 1:
            yield (
                f"PII-{kind.upper().replace('_', '-')}",
                f"the type '{kind}' must stand in the file once, not {counts[kind]} times",
            )
    for words in set(Words) - file.words.keys():
        yield "words", f"the list '{words}' is missing"
    for table in file.type:
        yield from ((table.id, reason) for reason in _place_faults(table))
    for reference in file.reference:
        yield from ((reference.id, reason) for reason in pattern_faults(reference.re2))
        if reference.type not in {Type.ORDER_NO, Type.FILE_REF}:
            yield reference.id, "a reference is an 'order_no' or a 'file_ref'"
    yield from (("advice", reason) for reason in _advice_faults(file.advice))


def _place_faults(table: TypeTable) -> Iterator[str]:
    if Decision.ADVISE in {table.outbound.public, table.outbound.dm}:
        yield "'advise' is for what customers write"
    if {table.inbound.public, table.inbound.dm} - {Decision.ADVISE, None}:
        yield "what customers write can only lead to 'advise', or to nothing"


def _advice_faults(advice: AdviceTable) -> Iterator[str]:
    said = advice.inbound_public
    if _REPLY not in said.en or _REPLY not in said.fr:
        yield f"'inbound_public' must say '{_REPLY}' in both languages, where the ready reply stands"


def terms(file: PersonalDataFile) -> Iterator[tuple[str, Term]]:
    """Yield the context words of both languages, cut into folded words."""
    for words, table in file.words.items():
        yield from ((str(words), parse_term(text)) for text in (*table.en, *table.fr))


def inline_tests(file: PersonalDataFile) -> Mapping[str, tuple[InlineTest, ...]]:
    """Return the tests beside each type and each of the company's formats."""
    return {table.id: table.test for table in file.type} | {table.id: table.test for table in file.reference}


def compiled(file: PersonalDataFile) -> PersonalRules:
    """Return the rules of a file without faults."""
    advice = file.advice
    return PersonalRules(
        version=file.version,
        types={table.type: Said(table.id, table.severity, _decisions(table), table.message) for table in file.type},
        advice={
            (Direction.OUTBOUND, False): advice.outbound_public,
            (Direction.OUTBOUND, True): advice.outbound_dm,
            (Direction.INBOUND, False): advice.inbound_public,
            (Direction.INBOUND, True): advice.inbound_dm,
        },
        reply=file.reply,
        references=tuple(Reference(table.id, table.type, Pattern(table.re2)) for table in file.reference),
        public=_public(file.allow),
    )


def _decisions(table: TypeTable) -> dict[tuple[Direction, bool], Decision]:
    places = ((Direction.OUTBOUND, table.outbound), (Direction.INBOUND, table.inbound))
    found = {(direction, is_dm): at.dm if is_dm else at.public for direction, at in places for is_dm in (False, True)}
    return {place: decision for place, decision in found.items() if decision}


def _public(allow: AllowTable) -> Public:
    return Public(
        phones=frozenset(allow.phones),
        emails=_folded(allow.emails),
        domains=_folded(allow.domains),
        mailboxes=_folded(allow.mailboxes),
        addresses=frozenset(shortest(fold(address).text) for address in allow.addresses),
        ibans=frozenset("".join(re.findall(r"[^\W_]+", fold(iban).text)) for iban in allow.ibans),
        phone_prefixes=allow.phone_prefixes,
    )


def _folded(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(fold(text).text for text in texts)
