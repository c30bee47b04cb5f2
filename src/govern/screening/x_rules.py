"""What X would refuse, found before X does: rules by id, their words and the contract's limits in `policies/x.toml`."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from govern.domain.messages import Kind
from govern.domain.x_limits import Limits
from govern.domain.x_prices import Ceilings, Prices
from govern.screening.findings import Decision, Family, Finding, Input, Span, Tier, Wording, severity_of
from govern.screening.normalise import fold
from govern.screening.tweet_text import V3, extract_cashtags, extract_urls, measure

# Handles X puts before a reply cost nothing (X's documentation of replies and mentions).
_LEADING_HANDLES = re.compile(r"(?:@\w{1,15}\s+)*", re.ASCII)


class TierRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one tier of X's API lets an app do. `max_cashtags` None: no limit."""

    summoned_replies_only: bool
    quotes: bool
    max_cashtags: int | None = None


class XRule(msgspec.Struct, frozen=True, kw_only=True):
    """What is said, and how strictly, where the check of this id speaks."""

    id: str
    version: int
    decision: Decision
    wording: Wording


class XRules(msgspec.Struct, frozen=True, kw_only=True):
    """`policies/x.toml`, checked and compiled."""

    version: int
    tiers: Mapping[Tier, TierRules]
    prices: Prices
    ceilings: Ceilings
    limits: Limits
    privacy_words: tuple[str, ...]
    """A URL that holds one of these leads to the privacy notice."""
    rules: Mapping[str, XRule]


class Overlength(NamedTuple):
    """The weighted length of a text, the limit it breaks, and what stands beyond."""

    length: int
    limit: int
    span: Span


class _Hit(NamedTuple):
    span: Span | None
    values: Mapping[str, str]


class _Asked(NamedTuple):
    given: Input
    text: str
    rules: XRules

    @property
    def tier(self) -> TierRules | None:
        tier = self.given.facts.app_tier
        return None if tier is None else self.rules.tiers[tier]


_NOTHING: Mapping[str, str] = MappingProxyType({})
_WHOLE = _Hit(None, _NOTHING)


def judge_for_x(given: Input, text: str, rules: XRules) -> list[Finding]:
    """Return what X would refuse of a text of ours, and what it costs. `text` is as much of it as is read."""
    asked = _Asked(given, text, rules)
    return [_finding(rules.rules[name], hit) for name, check in _BY_KIND[given.kind] if (hit := check(asked))]


def find_overlength(given: Input, text: str) -> Overlength | None:
    """Return by how much X finds a public text too long; DMs have the limit of `limits.py`."""
    limit = given.facts.length_limit or V3.max_weighted_tweet_length
    if given.kind is Kind.DM or (text.isascii() and len(text) <= limit and "." not in text):
        return None  # no character of ASCII weighs more than one; a short URL does
    handles = _LEADING_HANDLES.match(text) if given.kind is Kind.REPLY else None
    start = handles.end() if handles else 0
    measured = measure(text[start:], msgspec.structs.replace(V3, max_weighted_tweet_length=limit))
    if measured.weighted_length <= limit:
        return None
    return Overlength(measured.weighted_length, limit, (start + measured.valid_range[1], len(text)))


def _summoned(asked: _Asked) -> _Hit | None:
    tier = asked.tier
    refused = tier is not None and tier.summoned_replies_only and asked.given.facts.summoned is False
    return _WHOLE if refused else None


def _quote(asked: _Asked) -> _Hit | None:
    return _WHOLE if asked.tier and not asked.tier.quotes else None


def _cashtags(asked: _Asked) -> _Hit | None:
    tier = asked.tier
    if tier is None or tier.max_cashtags is None:
        return None
    further = extract_cashtags(asked.text)[tier.max_cashtags :]
    return _Hit(further[0], {"limit": str(tier.max_cashtags)}) if further else None


def _length(asked: _Asked) -> _Hit | None:
    over = find_overlength(asked.given, asked.text)
    if over is None:
        return None
    excess = str(over.length - over.limit)
    return _Hit(over.span, {"length": str(over.length), "limit": str(over.limit), "over": excess})


def _machine(asked: _Asked) -> _Hit | None:
    facts = asked.given.facts
    alone = facts.ai_written and not facts.ai_approved
    return _WHOLE if alone or facts.automated >= 2 else None


def _alt(asked: _Asked) -> _Hit | None:
    count = asked.given.facts.images_without_alt
    return _Hit(None, {"count": str(count)}) if count else None


def _privacy(asked: _Asked) -> _Hit | None:
    if asked.given.facts.privacy_link_sent is not False:
        return None
    links = [word for word in fold(asked.text).text.split() if "/" in word]
    return None if any(word in link for link in links for word in asked.rules.privacy_words) else _WHOLE


def _cost(asked: _Asked) -> _Hit | None:
    urls, prices = extract_urls(asked.text), asked.rules.prices
    return _Hit(urls[0], {"times": str(prices.times), "as_of": prices.as_of.isoformat()}) if urls else None


_PUBLIC = (Kind.POST, Kind.REPLY, Kind.QUOTE)
_Check = Callable[[_Asked], _Hit | None]
_CHECKS: Mapping[str, tuple[_Check, tuple[Kind, ...]]] = MappingProxyType(
    {
        "X-SUMMONED": (_summoned, (Kind.REPLY,)),
        "X-QUOTE": (_quote, (Kind.QUOTE,)),
        "X-CASHTAG": (_cashtags, _PUBLIC),
        "X-LENGTH": (_length, _PUBLIC),
        "X-AI": (_machine, (Kind.REPLY,)),
        "X-ALT": (_alt, tuple(Kind)),
        "X-PRIVACY": (_privacy, (Kind.DM,)),
        "X-COST": (_cost, _PUBLIC),
    }
)
_BY_KIND: Mapping[Kind, tuple[tuple[str, _Check], ...]] = MappingProxyType(
    {kind: tuple((name, check) for name, (check, kinds) in _CHECKS.items() if kind in kinds) for kind in Kind}
)
CHECKED = frozenset(_CHECKS)
"""The rules that have a check behind them; a file must have the words of them all."""


def _finding(rule: XRule, hit: _Hit) -> Finding:
    said = rule.wording.filled(en=hit.values, fr=hit.values)
    return Finding(
        rule=rule.id,
        version=rule.version,
        family=Family.X,
        decision=rule.decision,
        severity=severity_of(rule.decision),
        span=hit.span,
        message=said.message,
        advice=said.advice,
    )
