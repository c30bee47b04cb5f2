"""What X would refuse, found before X does."""

import re

import msgspec

from govern.domain.messages import Kind
from govern.screening.findings import Advice, Decision, Family, Finding, Input, Message, Wording, severity_of
from govern.screening.tweet_text import V3, measure

# Handles X puts before a reply cost nothing (X's documentation of replies and mentions).
_LEADING_HANDLES = re.compile(r"(?:@\w{1,15}\s+)*", re.ASCII)
_LENGTH = Wording(
    Message(
        "The text counts {length} on X, where {limit} is the limit.",
        "Le texte compte pour {length} sur X, qui en accepte {limit}.",
    ),
    Advice(
        "shorten",
        "Shorten it by {over}. X counts a link as 23, an emoji as 2.",
        "Raccourcissez-le de {over}. X compte un lien pour 23, un emoji pour 2.",
    ),
)


def judge_for_x(given: Input, text: str) -> list[Finding]:
    """Return what X would refuse of a public text; DMs have the limit of `limits.py`."""
    if given.kind is Kind.DM:
        return []
    limit = given.facts.length_limit or V3.max_weighted_tweet_length
    handles = _LEADING_HANDLES.match(text) if given.kind is Kind.REPLY else None
    start = handles.end() if handles else 0
    measured = measure(text[start:], msgspec.structs.replace(V3, max_weighted_tweet_length=limit))
    length = measured.weighted_length
    if length <= limit:
        return []
    values = {"length": str(length), "limit": str(limit), "over": str(length - limit)}
    wording = _LENGTH.filled(en=values, fr=values)
    return [
        Finding(
            rule="X-LENGTH",
            family=Family.X,
            decision=Decision.BLOCK,
            severity=severity_of(Decision.BLOCK),
            span=(start + measured.valid_range[1], len(text)),
            message=wording.message,
            advice=wording.advice,
        )
    ]
