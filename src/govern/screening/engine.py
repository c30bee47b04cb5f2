"""Text, right to write and policy go in, findings come out. Pure: the same input always gives the same bytes.

A text is read as it stands and, where it is disguised, once more with the disguise taken off; the stricter reading counts.
"""

from collections.abc import Iterable
from functools import partial

import msgspec

from govern.screening.alt_texts import in_alt_text
from govern.screening.duplicates import judge_duplicates
from govern.screening.evasion import judge_evasion, with_via
from govern.screening.findings import (
    Decision,
    Direction,
    Finding,
    Input,
    Klass,
    OptOut,
    PersonalData,
    Screening,
    Span,
    strictness,
)
from govern.screening.lexicon import judge_disclosures, judge_lexicon
from govern.screening.limits import cap_findings, judge_limits, read_limit
from govern.screening.links import judge_links
from govern.screening.model import score
from govern.screening.normalise import View, fold
from govern.screening.optout import OptOutVerdict
from govern.screening.optout import judge as judge_opt_out
from govern.screening.permission import judge_permission
from govern.screening.personal_data.judge import PersonalVerdict
from govern.screening.personal_data.judge import judge as judge_personal_data
from govern.screening.policy import Policy
from govern.screening.promotional import Verdict, with_opinion
from govern.screening.promotional import judge as judge_promotion
from govern.screening.terms import TermHit
from govern.screening.views import Reading, read
from govern.screening.x_rules import judge_for_x

_CLASSES = tuple(Klass)
_OPT_OUTS = (OptOut.NO, OptOut.DOUBTFUL, OptOut.YES)


class _Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What the families say of one text."""

    findings: list[Finding]
    klass: Klass = Klass.CLEAN
    optout: OptOut = OptOut.NO
    personal_data: tuple[PersonalData, ...] = ()


class _Read(msgspec.Struct, frozen=True):
    """A view with the hits of its one term pass."""

    view: View
    hits: list[TermHit]


class _Passes:
    """The views of a text, each searched for the terms of all families at once; the further ones where there are any."""

    def __init__(self, reading: Reading, policy: Policy) -> None:
        def find(view: View) -> _Read:
            return _Read(view, policy.matcher.find(view.text))

        self.plain = find(reading.plain)
        self.joined = find(reading.joined) if reading.joined else None
        decoded = find(reading.decoded) if reading.decoded else None
        self.freed = tuple(each for each in (self.joined, decoded) if each)


def screen(given: Input, policy: Policy) -> Screening:
    """Say what may be sent of one text, and why. Any error is the caller's "no": nothing goes out unscreened."""
    text = given.text[: read_limit(given)]
    reading = read(fold(text), policy.words)
    is_outbound = given.direction is Direction.OUTBOUND
    judged = (_judge_outbound if is_outbound else _judge_inbound)(given, text, reading, policy)
    shown = cap_findings([*judge_limits(given), *judged.findings], given.direction)
    return Screening(
        decision=_decision(shown, given.direction),
        klass=judged.klass,
        optout=judged.optout,
        personal_data=judged.personal_data,
        findings=tuple(shown),
        policy_digest=policy.digest,
    )


def _decision(findings: Iterable[Finding], direction: Direction) -> Decision:
    strictest = max((found.decision for found in findings), key=strictness, default=Decision.ALLOW)
    if direction is Direction.INBOUND and strictest is not Decision.ALLOW:
        return Decision.ADVISE
    return strictest


def _judge_outbound(given: Input, text: str, reading: Reading, policy: Policy) -> _Judged:
    passes = _Passes(reading, policy)
    verdict = _promotional(text, passes, policy)
    personal = _personal_data(given, text, passes, policy)
    findings = [*verdict.findings, *personal.findings, *_lexicon(given, text, passes, policy)]
    findings += judge_evasion(text, findings)
    findings += judge_disclosures(given, text, policy.lexicon)
    findings += judge_links(text, policy.lexicon.links)
    findings += judge_permission(given, verdict, policy.permission)
    findings += judge_duplicates(given, policy.duplicates)
    findings += judge_for_x(given, text, policy.x)
    klass = verdict.klass
    for position, alt_text in enumerate(given.alt_texts, start=1):
        said = _judge_alt_text(given, alt_text, policy)
        findings += in_alt_text(said.findings, position)
        klass = max(klass, said.klass, key=_CLASSES.index)
    return _Judged(klass=klass, findings=findings, personal_data=personal.personal_data)


def _judge_alt_text(given: Input, text: str, policy: Policy) -> _Judged:
    """Who does not see the image reads this in its place: what may not stand in a text may not stand here.

    Whether it promotes is for the rules alone: the model knows messages, and no descriptions of pictures.
    """
    passes = _Passes(read(fold(text), policy.words), policy)
    verdict = _promotional_by_rules(text, passes, policy)
    findings = [*verdict.findings, *_personal_data(given, text, passes, policy).findings]
    findings += _lexicon(given, text, passes, policy)
    findings += judge_evasion(text, findings)
    findings += judge_links(text, policy.lexicon.links)
    if verdict.klass is not Klass.CLEAN:  # of a clean one, the text says all there is to say
        findings += judge_permission(given, verdict, policy.permission)
    return _Judged(klass=verdict.klass, findings=findings)


def _judge_inbound(given: Input, text: str, reading: Reading, policy: Policy) -> _Judged:
    passes = _Passes(reading, policy)
    personal = _personal_data(given, text, passes, policy)
    verdict = _opt_out(text, passes, policy)
    findings = [*personal.findings, *verdict.findings]
    return _Judged(findings=findings, optout=verdict.optout, personal_data=personal.personal_data)


def _promotional(text: str, passes: _Passes, policy: Policy) -> Verdict:
    return _with_opinion(text, passes, _promotional_by_rules(text, passes, policy), policy)


def _promotional_by_rules(text: str, passes: _Passes, policy: Policy) -> Verdict:
    verdict = judge_promotion(passes.plain.view, passes.plain.hits, policy.promotional)
    seen = _named(verdict.findings)
    for freed in passes.freed:
        other = judge_promotion(freed.view, freed.hits, policy.promotional)
        verdict = max(verdict, other, key=lambda each: (_CLASSES.index(each.klass), each.total))
    findings = tuple(with_via(found, text, freed=_name(found) not in seen) for found in verdict.findings)
    return msgspec.structs.replace(verdict, findings=findings)


def _with_opinion(text: str, passes: _Passes, verdict: Verdict, policy: Policy) -> Verdict:
    """Ask the model where the rules are not certain: the text as it stands, then with its disguise taken off."""
    best = verdict
    for each in (passes.plain, *passes.freed):
        if best.klass is Klass.PROMOTIONAL:
            break
        heard = with_opinion(verdict, score(each.view, policy.promotion_model), policy.promotional)
        if _CLASSES.index(heard.klass) > _CLASSES.index(best.klass):
            further = heard.findings[len(verdict.findings) :]
            said = (with_via(found, text, freed=each is not passes.plain) for found in further)
            best = msgspec.structs.replace(heard, findings=(*verdict.findings, *said))
    return best


def _opt_out(text: str, passes: _Passes, policy: Policy) -> OptOutVerdict:
    opinion = partial(score, model=policy.opt_out_model)
    verdict = judge_opt_out(passes.plain.view, policy.optout, opinion)
    seen = _named(verdict.findings)
    for freed in passes.freed:
        other = judge_opt_out(freed.view, policy.optout, opinion)
        verdict = max(verdict, other, key=lambda each: _OPT_OUTS.index(each.optout))
    findings = tuple(with_via(found, text, freed=_name(found) not in seen) for found in verdict.findings)
    return msgspec.structs.replace(verdict, findings=findings)


def _lexicon(given: Input, text: str, passes: _Passes, policy: Policy) -> list[Finding]:
    findings = judge_lexicon(given, passes.plain.view, passes.plain.hits, policy.lexicon)
    for freed in passes.freed:
        further = judge_lexicon(given, freed.view, freed.hits, policy.lexicon)
        findings = _united(text, findings, further)
    return [with_via(found, text, freed=False) for found in findings]


def _personal_data(given: Input, text: str, passes: _Passes, policy: Policy) -> PersonalVerdict:
    """Numbers may be spelt with blanks, and the words that say what a number is may be in disguise."""
    verdict = judge_personal_data(passes.plain.view, passes.plain.hits, given, policy.personal_data)
    seen = _named(verdict.findings)
    for freed in passes.freed:
        other = judge_personal_data(freed.view, freed.hits, given, policy.personal_data)
        # Letters that run together spell a whole number, of which the plain view has a part at most.
        verdict = _both(other, verdict) if freed is passes.joined else _both(verdict, other)
    found = tuple(with_via(found, text, freed=_name(found) not in seen) for found in verdict.findings)
    return msgspec.structs.replace(verdict, findings=found)


def _both(first: PersonalVerdict, second: PersonalVerdict) -> PersonalVerdict:
    """Return what the first says, and what the second says of other places."""
    taken = [data.span for data in first.personal_data]
    further = [data for data in second.personal_data if not _overlaps(data.span, taken)]
    spans = {data.span for data in further}
    return PersonalVerdict(
        findings=(*first.findings, *(found for found in second.findings if found.span in spans)),
        personal_data=tuple(sorted((*first.personal_data, *further), key=lambda data: (data.span, data.type))),
    )


def _overlaps(span: Span, others: list[Span]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in others)


def _named(findings: Iterable[Finding]) -> frozenset[tuple[object, ...]]:
    return frozenset(map(_name, findings))


def _name(found: Finding) -> tuple[object, ...]:
    return found.rule, found.span


def _united(text: str, findings: list[Finding], freed: list[Finding]) -> list[Finding]:
    """Return the findings so far, and those that only the freed view of the text has."""
    seen = _named(findings)
    return [*findings, *(with_via(found, text, freed=True) for found in freed if _name(found) not in seen)]
