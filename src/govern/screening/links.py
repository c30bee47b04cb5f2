"""Which hosts a text of ours may link to. A host that only looks like an allowed one is never taken for it."""

from collections.abc import Mapping

import idna
import msgspec

from govern.screening.findings import Decision, Family, Finding, Wording, severity_of
from govern.screening.hosts import Host, find_hosts
from govern.screening.normalise import fold


class LinkRule(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a link, and how strictly."""

    id: str
    decision: Decision
    wording: Wording


class Hosts(msgspec.Struct, frozen=True):
    """A list of hosts; `*.brand.example` covers `brand.example` and everything under it."""

    whole: frozenset[str]
    under: frozenset[str]

    def covers(self, host: str) -> bool:
        """Tell whether a host in ASCII is on the list."""
        if host in self.whole:
            return True
        labels = host.split(".")
        return any(".".join(labels[first:]) in self.under for first in range(len(labels)))

    @property
    def names(self) -> frozenset[str]:
        """Every name on the list, without stars."""
        return self.whole | self.under


class LinkRules(msgspec.Struct, frozen=True, kw_only=True):
    """The links of `lexicon.toml`, checked and compiled. `rules`: by id."""

    version: int
    allow: Hosts
    deny: Hosts
    shorteners: Hosts
    rules: Mapping[str, LinkRule]


USERINFO, LOOKALIKE, DENIED, SHORTENER, OTHER = (
    "LNK-USERINFO",
    "LNK-LOOKALIKE",
    "LNK-DENIED",
    "LNK-SHORTENER",
    "LNK-OTHER",
)
RULES = (USERINFO, LOOKALIKE, DENIED, SHORTENER, OTHER)


def judge_links(text: str, rules: LinkRules) -> list[Finding]:
    """Return a finding for each link that is not to an allowed host."""
    findings = []
    for host in find_hosts(text):
        name = _rule_for(host, rules)
        if name is not None and (rule := rules.rules[name]).decision is not Decision.ALLOW:
            findings.append(_finding(rule, host, rules.version))
    return findings


def _rule_for(host: Host, rules: LinkRules) -> str | None:
    """Return the id of the rule a link breaks; the gravest first."""
    if host.userinfo is not None:
        return USERINFO
    known = host.ascii
    if host.backslash or known is None or _looks_allowed(host, known, rules.allow):
        return LOOKALIKE
    if rules.deny.covers(known):
        return DENIED
    if rules.shorteners.covers(known):
        return SHORTENER
    return None if rules.allow.covers(known) else OTHER


def _looks_allowed(host: Host, known: str, allow: Hosts) -> bool:
    """Tell whether a host passes for an allowed one: other letters, or the allowed name in front of another one."""
    if host.exact is not None and allow.covers(host.exact):
        return False
    folded = fold(_shown(known)).text
    if allow.covers(known) or allow.covers(folded):
        return True
    return any(f".{name}." in f".{folded}" for name in allow.names)


def _shown(known: str) -> str:
    """Return a host in ASCII as browsers may show it."""
    if "xn--" not in known:
        return known
    try:
        return idna.decode(known)
    except (idna.IDNAError, UnicodeError):
        return known


def _finding(rule: LinkRule, host: Host, version: int) -> Finding:
    return Finding(
        rule=rule.id,
        version=version,
        family=Family.LINK,
        decision=rule.decision,
        severity=severity_of(rule.decision),
        span=host.span,
        message=rule.wording.message,
        advice=rule.wording.advice,
    )
