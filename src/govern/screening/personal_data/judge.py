"""Who claims which stretch of a text as personal data, and what follows from it."""

import re
from collections.abc import Iterable, Iterator

import msgspec

from govern.domain.messages import Kind
from govern.screening.disguise import disguise
from govern.screening.findings import Advice, Decision, Direction, Family, Finding, Input, PersonalData
from govern.screening.normalise import View
from govern.screening.personal_data.address import find_addresses, find_boxes
from govern.screening.personal_data.bank import find_cards, find_ibans, find_nirs, find_social_insurance
from govern.screening.personal_data.birth import find_births, find_codes
from govern.screening.personal_data.candidates import candidates
from govern.screening.personal_data.home import find_homes
from govern.screening.personal_data.mail import find_emails
from govern.screening.personal_data.phone import find_phones
from govern.screening.personal_data.public import is_public, not_data
from govern.screening.personal_data.reading import CONTEXT, Claim, Reading
from govern.screening.personal_data.reference import find_named, find_references
from govern.screening.personal_data.rules import PersonalRules, ready_reply
from govern.screening.personal_data.shapes import find_shapes
from govern.screening.personal_data.spelled import find_spelled, may_be_spelled
from govern.screening.terms import TermHit

_CAPITALS = re.compile(r"\b[A-Z]{6}\b")
_AT_WORDS = ("arobas", "arrobas", "arobace", " at ", " chez ", "(at)", "[at]")


class PersonalVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """Where personal data stands in a text, and a finding for each place that asks for something."""

    findings: tuple[Finding, ...]
    personal_data: tuple[PersonalData, ...]


def judge(view: View, terms: Iterable[TermHit], given: Input, rules: PersonalRules) -> PersonalVerdict:
    """Find personal data in a text; what is the company's own, or nobody's, is none. Linear in the text's length."""
    hits = [hit for hit in terms if hit.rule in CONTEXT]
    if not (_may_hold(view.text) or may_be_spelled(view.text) or (hits and _CAPITALS.search(view.original))):
        return PersonalVerdict(findings=(), personal_data=())
    claims = _claims(Reading(view, hits, rules, is_ours=given.direction is Direction.OUTBOUND))
    findings = (_finding(view, claim, given, rules) for claim in claims)
    return PersonalVerdict(
        findings=tuple(finding for finding in findings if finding),
        personal_data=tuple(PersonalData(claim.type, view.span(claim.start, claim.end)) for claim in claims),
    )


def _may_hold(text: str) -> bool:
    """Tell in one look whether there can be anything: without a digit or an at sign there is not."""
    return "@" in text or any(digit in text for digit in "0123456789") or any(word in text for word in _AT_WORDS)


def _claims(reading: Reading) -> list[Claim]:
    taken = bytearray(len(reading.text))
    for start, end in not_data(reading):
        taken[start:end] = b"\1" * (end - start)
    claims: list[Claim] = []
    for claim in _found(reading):
        if taken.find(1, claim.start, claim.end) >= 0:
            continue
        taken[claim.start : claim.end] = b"\1" * (claim.end - claim.start)
        if not claim.is_public and not is_public(reading, claim):
            claims.append(claim)
    return sorted(claims)


def _found(reading: Reading) -> Iterator[Claim]:
    """Yield what may be personal data; the first to claim a stretch has it.

    What proves itself by check digits goes before what only looks alike.
    """
    yield from find_emails(reading)
    if reading.numbered:
        yield from find_ibans(reading)
        yield from find_nirs(reading)
        yield from find_social_insurance(reading)
        yield from find_cards(reading)
    for reference in reading.rules.references:
        for start, end in reference.pattern.find(reading.text):
            yield Claim(start, end, reference.type, reference.id)
    if reading.numbered:
        yield from _numbers(reading)
    yield from find_codes(reading)
    yield from find_spelled(reading)


def _numbers(reading: Reading) -> Iterator[Claim]:
    found = candidates(reading)
    yield from find_births(reading)
    yield from find_shapes(reading)
    yield from find_named(reading, found)
    yield from find_phones(reading)
    yield from find_boxes(reading)
    yield from find_addresses(reading)
    yield from find_homes(reading)
    yield from find_references(reading, found)


def _finding(view: View, claim: Claim, given: Input, rules: PersonalRules) -> Finding | None:
    decision = rules.decision(claim.type, given)
    if decision is None:
        return None
    said = rules.types[claim.type]
    start, end = view.span(claim.start, claim.end)
    return Finding(
        rule=claim.rule or said.id,
        version=rules.version,
        family=Family.PERSONAL_DATA,
        decision=decision,
        severity=said.severity,
        span=(start, end),
        via=disguise(view.original[start:end]),
        message=said.message,
        advice=None if decision is Decision.ALLOW else _advice(given, rules),
    )


def _advice(given: Input, rules: PersonalRules) -> Advice | None:
    """Return the advice for such a message; the reply in it speaks the contact's language where that is known."""
    advice = rules.advice.get((given.direction, given.kind is Kind.DM))
    if advice is None or given.direction is not Direction.INBOUND:
        return advice
    en, fr = (ready_reply(rules, given.lang or own) for own in ("en", "fr"))
    return Advice(advice.code, advice.en.replace("{reply}", en), advice.fr.replace("{reply}", fr))
