"""What every text must keep to before anything else: characters we cannot store, and how much is read at all."""

import re

from govern.domain.messages import Kind
from govern.screening.findings import (
    Advice,
    Decision,
    Direction,
    Family,
    Finding,
    Input,
    Message,
    Span,
    Wording,
    in_order,
    severity_of,
    strictness,
)

MAX_READ = 25_000
MAX_READ_DM = 10_000
MAX_FINDINGS = 100

# The character U+0000, and halves of surrogate pairs.
_NOT_STORED = re.compile("[\0\ud800-\udfff]")
_CONTROL = Wording(
    Message(
        "The text holds a character that cannot be stored: U+0000, or half of a pair.",
        "Le texte contient un caractère qui ne peut pas être enregistré : U+0000, ou la moitié d'une paire.",
    ),
    Advice("remove_control", "Type the marked place anew.", "Retapez le passage marqué."),
)
_LONG = Wording(
    Message(
        "The text is longer than {limit} characters; nothing after that was read.",
        "Le texte dépasse {limit} caractères ; la suite n'a pas été lue.",
    ),
    Advice("shorten", "Shorten it, or send it in parts.", "Raccourcissez-le ou envoyez-le en plusieurs fois."),
)
_MANY = Wording(
    Message(
        "There are more than {limit} findings; only the gravest are shown.",
        "Il y a plus de {limit} constats ; seuls les plus graves sont affichés.",
    ),
    Advice("simplify", "Write a simpler text.", "Écrivez un texte plus simple."),
)


def read_limit(given: Input) -> int:
    """Return how many code points of a text are read: 10,000 of a DM (X's own limit), 25,000 of anything else."""
    return MAX_READ_DM if given.kind is Kind.DM else MAX_READ


def judge_limits(given: Input) -> list[Finding]:
    """Return the findings about the text as such."""
    findings = []
    decision = Decision.BLOCK if given.direction is Direction.OUTBOUND else Decision.ADVISE
    if control := _NOT_STORED.search(given.text):
        findings.append(_finding("LIM-CONTROL", decision, _CONTROL, control.span()))
    limit = read_limit(given)
    if len(given.text) > limit:
        findings.append(_finding("LIM-LONG", decision, _limited(_LONG, limit), (limit, len(given.text))))
    return findings


def cap_findings(findings: list[Finding], direction: Direction = Direction.OUTBOUND) -> list[Finding]:
    """Sort; of more than a hundred keep the strictest, and say that there are more."""
    if len(findings) <= MAX_FINDINGS:
        return in_order(findings)
    kept = sorted(in_order(findings), key=lambda found: -strictness(found.decision))[:MAX_FINDINGS]
    decision = Decision.NEEDS_APPROVAL if direction is Direction.OUTBOUND else Decision.ADVISE
    many = _finding("LIM-MANY", decision, _limited(_MANY, MAX_FINDINGS), None)
    return in_order([*kept, many])


def _limited(wording: Wording, limit: int) -> Wording:
    return wording.filled(en={"limit": f"{limit:,}"}, fr={"limit": f"{limit:,}".replace(",", "\u202f")})


def _finding(rule: str, decision: Decision, wording: Wording, span: Span | None) -> Finding:
    return Finding(
        rule=rule,
        family=Family.LIMIT,
        decision=decision,
        severity=severity_of(decision),
        span=span,
        message=wording.message,
        advice=wording.advice,
    )
