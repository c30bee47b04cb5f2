"""Who hides words from screening: what was found only through a disguise, unseen characters in words, turned text."""

import msgspec

from govern.screening.disguise import disguise, unseen
from govern.screening.findings import (
    Advice,
    Decision,
    Family,
    Finding,
    Message,
    Span,
    Via,
    Wording,
    severity_of,
)
from govern.screening.views import is_spaced

MIN_UNSEEN = 3
OVERRIDES = frozenset("\u202d\u202e")
# Families whose findings point at words or numbers; the others speak of the whole text or of its length.
_WORDS = frozenset(
    {Family.PROMOTIONAL, Family.PERSONAL_DATA, Family.LEXICON, Family.LINK, Family.DISCLOSURE, Family.OPT_OUT}
)

_DISGUISE = Wording(
    Message(
        "These words are written so that screening might miss them.",
        "Ces mots sont écrits de façon à échapper au contrôle.",
    ),
    Advice("write_plainly", "Write them in plain letters.", "Écrivez-les en lettres ordinaires."),
)
_UNSEEN = Wording(
    Message(
        "There are invisible characters inside words.",
        "Des caractères invisibles se trouvent à l'intérieur de mots.",
    ),
    Advice("remove_invisible", "Type the marked words anew.", "Retapez les mots marqués."),
)
_TURNED = Wording(
    Message(
        "A control character turns the direction of the text, so that it reads otherwise than it is written.",
        "Un caractère de contrôle inverse le sens du texte, qui se lit autrement qu'il n'est écrit.",
    ),
    Advice("remove_control", "Type the marked place anew.", "Retapez le passage marqué."),
)


def with_via(finding: Finding, text: str, *, freed: bool) -> Finding:
    """Name the disguise a finding was made through; `freed`: it was made in a view that has one taken off."""
    if finding.via is not None or finding.span is None or finding.family not in _WORDS:
        return finding
    quoted = text[slice(*finding.span)]
    via = disguise(quoted)
    if freed and via is None:
        via = Via.SPACED if is_spaced(quoted) else Via.LEET
    return finding if via is None else msgspec.structs.replace(finding, via=via)


def judge_evasion(text: str, findings: list[Finding]) -> list[Finding]:
    """Return what is suspicious about the writing of a text: of each disguise the first place, and that of other tricks.

    Words that excuse a text may be written as they like: only what counts against it is looked at.
    """
    first: dict[Via, Span] = {}
    for found in findings:
        if found.via is not None and found.span is not None and (found.points is None or found.points > 0):
            first[found.via] = min(found.span, first.get(found.via, found.span))
    judged = [_finding("EVA-DISGUISE", _DISGUISE, span, via) for via, span in sorted(first.items())]
    if text.isascii():
        return judged
    hidden = list(unseen(text))
    if len(hidden) >= MIN_UNSEEN:
        judged.append(_finding("EVA-INVISIBLE", _UNSEEN, (hidden[0], hidden[-1] + 1), Via.ZERO_WIDTH))
    turned = next((at for at, letter in enumerate(text) if letter in OVERRIDES), None)
    if turned is not None:
        judged.append(_finding("EVA-BIDI", _TURNED, (turned, turned + 1), None))
    return judged


def _finding(rule: str, wording: Wording, span: Span, via: Via | None) -> Finding:
    return Finding(
        rule=rule,
        family=Family.EVASION,
        decision=Decision.NEEDS_APPROVAL,
        severity=severity_of(Decision.NEEDS_APPROVAL),
        span=span,
        via=via,
        message=wording.message,
        advice=wording.advice,
    )
