"""Texts that are nearly the same: X forbids them across accounts, and people take them for a robot's."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Literal

import msgspec
from rapidfuzz import fuzz

from govern.domain.messages import Kind
from govern.screening.findings import Decision, Facts, Family, Finding, Input, Recent, Wording, severity_of
from govern.screening.limits import read_limit
from govern.screening.normalise import fold

MIN_MASKED = 20
"""Shorter masked texts ("thank you, we are looking into it") are everybody's."""
MAX_COMPARED = 2_000
"""How many characters of two masked texts are compared: comparing takes the product of their lengths."""
MAX_RECENT = 2_000
SAME = 100.0

_URL = re.compile(r"(?:https?://|www\.)\S+|(?<![\w-])[\w-]++(?:\.[\w-]++)+(?:/\S*)?", re.IGNORECASE)
_ADDRESS = re.compile(r"(?<!\S)[^\s@]*+@\S*")
# A capital after a small letter and a blank starts a name, not a sentence.
_NAME = re.compile(r"(?<=[a-zà-öø-ÿ,] )[A-ZÀ-ÖØ-Þ](?:['’][A-ZÀ-ÖØ-Þ])?[a-zà-öø-ÿ][\w'’-]*")
_CALLED = re.compile(r"\s*[A-ZÀ-ÖØ-Þ][\w'’-]{1,20}(?: [A-ZÀ-ÖØ-Þ][\w'’-]{1,20}){0,2}\s?,")
_GREETING = re.compile(
    r"\W*(?:re-?)?(?:bonjour|bonsoir|salut|coucou|rebonjour|hello|hi|hey|hiya|dear|chere?s?|allo|greetings|"
    r"good (?:morning|afternoon|evening|day))\b(?: (?:there|again|a (?:vous|toi|tous)|everyone))?"
    r"(?: (?:madame|monsieur|mademoiselle|mme|mlle|mr|mrs|ms|miss|dr|m)\b\.?)*(?:(?: [^\s,!.?:;]+){0,3}\s?[,!.:;\n-])?"
)
_CLOSING = re.compile(
    r"(?:(?:^|[.!?,;:\n]) ?(?:(?:bien )?cordialement|bien a (?:vous|toi)|a (?:bientot|tres vite)|belle journee|"
    r"(?:tres )?bonne (?:fin de )?(?:journee|soiree)|(?:(?:best|kind|warm|many) )?regards|best wishes|all the best|"
    r"yours (?:sincerely|faithfully)|sincerely|cheers|many thanks|thanks|thank you|merci(?: d'avance)?|take care|"
    r"(?:have a )?(?:good|great|lovely|nice) (?:day|evening|weekend|one)|l'equipe|(?:your|the) (?:[^\s.!?,;]++ )?team)[ ,.!:\n-]*+"
    r"(?:[^\s.!?,;]++[ ,!\n-]*+){0,6}|(?:\n|[.!?] ?| )[-/^~*]+ ?[a-z]{1,20}(?: [a-z.]{1,20}){0,2})\W*\Z"
)
_CLOSING_LENGTH = 120
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_WORD = re.compile(r"[^\W_]+")
# Words that stand where a template has a slot for a date, a number or a name.
_SLOT_WORDS = (
    "lundi mardi mercredi jeudi vendredi samedi dimanche monday tuesday wednesday thursday friday saturday sunday "
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre january february march april "
    "may june july august september october november december demain aujourd hui hier today tomorrow yesterday tonight "
    "deux trois quatre cinq six sept huit neuf dix two three four five seven eight nine ten "
    "madame monsieur mademoiselle mme mlle mr mrs ms"
)
_SLOTS = frozenset(_SLOT_WORDS.split())


class DuplicateRule(msgspec.Struct, frozen=True, kw_only=True):
    """How many earlier texts a text may resemble. `steps`: from how many on which decision, strictest first."""

    id: str
    version: int
    kinds: frozenset[Kind]
    among: Literal["brand", "account", "other_accounts"]
    counts: Literal["texts", "recipients"]
    similarity: float
    exact: bool
    within: timedelta
    steps: tuple[tuple[int, Decision], ...]
    same_text: Decision | None
    wording: Wording


class DuplicateRules(msgspec.Struct, frozen=True):
    """`policies/screening/duplicates.toml`, checked and compiled."""

    rules: tuple[DuplicateRule, ...]


def mask(text: str) -> str:
    """Return what a text says once greeting, names, handles, URLs, dates, digits and signature are taken out."""
    plain = unicodedata.normalize("NFC", text)
    bare = _without_call(_ADDRESS.sub(" ", _URL.sub(" ", plain)))
    folded = fold(_NAME.sub(" ", bare)).text
    if greeting := _GREETING.match(folded):
        folded = folded[greeting.end() :]
    tail = max(0, len(folded) - _CLOSING_LENGTH)
    if closing := _CLOSING.search(folded, tail):
        folded = folded[: closing.start()]
    words = (word for word in _WORD.findall(folded) if word.isalpha() and word not in _SLOTS)
    return " ".join(words)


def _without_call(text: str) -> str:
    """Return a text without the name it begins with: "Julie, your parcel"."""
    called = _CALLED.match(text)
    return text[called.end() :] if called else text


def fingerprint(masked: str, key: bytes) -> str:
    """Return 16 bytes in hex that are the same for the same masked text; a plain hash of personal text is personal data.

    `key` has at most 64 bytes.
    """
    return blake2b(masked.encode("utf-8", "surrogatepass"), key=key, digest_size=16).hexdigest()


def similarity(one: str, other: str, *, at_least: float = 0.0) -> float:
    """Return how alike two masked texts are, from 0 to 100; 0 for less than `at_least`, and for nothing at all."""
    if not one or not other:
        return 0.0
    if one == other:
        return SAME
    # The ends of long texts go unread, but no text is alike one that is much longer.
    if 200.0 * min(len(one), len(other)) / (len(one) + len(other)) < at_least:
        return 0.0
    return fuzz.ratio(one[:MAX_COMPARED], other[:MAX_COMPARED], score_cutoff=at_least)


def judge_duplicates(given: Input, rules: DuplicateRules) -> list[Finding]:
    """Return which rules a text breaks beside what went out before. Silent without the fact `recent`."""
    applying = [rule for rule in rules.rules if given.kind in rule.kinds]
    masked = mask(given.text[: read_limit(given)]) if applying and given.facts.recent else ""
    if len(masked) < MIN_MASKED:
        return []
    alike = _Alike(given, masked, min(rule.similarity for rule in applying))
    return [finding for rule in applying if (finding := _judge(rule, given.facts, alike)) is not None]


class _Alike:
    """What went out before and resembles a text, newest first, each compared once for all rules."""

    def __init__(self, given: Input, masked: str, at_least: float) -> None:
        rows = sorted(given.facts.recent, key=lambda row: _moment(row.at), reverse=True)[:MAX_RECENT]
        self.now = _moment(given.facts.at) if given.facts.at else max(_moment(row.at) for row in rows)
        self.rows = [(row, score) for row in rows if (score := _score(given, masked, row, at_least))]
        self._plain = _plain(given.text[: read_limit(given)])

    def to(self, rule: DuplicateRule, facts: Facts) -> Iterator[tuple[Recent, float]]:
        for row, score in self.rows:
            wanted = row.kind in rule.kinds and score >= rule.similarity and _is_among(row, rule, facts)
            recent = row.at is None or self.now - _moment(row.at) <= rule.within
            if wanted and recent and not (rule.exact and row.text is not None and _plain(row.text) != self._plain):
                yield row, score


def _score(given: Input, masked: str, row: Recent, at_least: float) -> float:
    if row.fingerprint is not None and row.fingerprint == given.facts.fingerprint:
        return SAME
    theirs = row.masked if row.masked is not None else mask(row.text) if row.text is not None else ""
    return similarity(masked, theirs, at_least=at_least)


def _judge(rule: DuplicateRule, facts: Facts, alike: _Alike) -> Finding | None:
    found = list(alike.to(rule, facts))
    count = _count(found, rule, facts)
    decision = next((decision for least, decision in rule.steps if count >= least), None)
    if decision is None:
        return None
    if rule.same_text and any(score == SAME for _, score in found):
        decision = rule.same_text
    values = {"count": str(count)}
    said = rule.wording.filled(en=values, fr=values)
    return Finding(
        rule=rule.id,
        version=rule.version,
        family=Family.DUPLICATE,
        decision=decision,
        severity=severity_of(decision),
        message=said.message,
        advice=said.advice,
    )


def _count(found: list[tuple[Recent, float]], rule: DuplicateRule, facts: Facts) -> int:
    if rule.counts == "texts":
        return len(found)
    known = {_handle(row.recipient) for row, _ in found if row.recipient is not None}
    return len(known - {_handle(facts.recipient)}) + sum(row.recipient is None for row, _ in found)


def _is_among(row: Recent, rule: DuplicateRule, facts: Facts) -> bool:
    ours, theirs = _handle(facts.account), _handle(row.account)
    if rule.among == "brand":
        return row.brand == facts.brand
    if rule.among == "account":
        return ours == theirs
    return ours is not None and theirs is not None and ours != theirs


def _handle(name: str | None) -> str | None:
    return name.removeprefix("@").lower() if name is not None else None


def _plain(text: str) -> str:
    return " ".join(fold(text).text.split())


def _moment(at: datetime | None) -> datetime:
    return at if at is not None else _LONG_AGO
