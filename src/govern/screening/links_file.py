"""The shape of the links in `lexicon.toml`: lists of hosts, and what is said of the links that are on none of them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import idna

from govern.screening.findings import Advice, Decision, Message, Wording
from govern.screening.links import DENIED, LOOKALIKE, OTHER, RULES, SHORTENER, USERINFO, Hosts, LinkRule, LinkRules
from govern.screening.policy_files import InlineTest, RuleId, Strict

Outbound = Literal["allow", "warn", "needs_approval", "block"]


class LinkWords(Strict, frozen=True):
    """What is said of a link, and the tests of its rule."""

    id: RuleId
    message: Message
    test: tuple[InlineTest, ...]
    advice: Advice | None = None


class LinksTable(Strict, frozen=True):
    """Hosts by list, and what other links, shorteners and look-alikes lead to; denied hosts and userinfo always block."""

    allow: tuple[str, ...]
    deny: tuple[str, ...]
    shortener_hosts: tuple[str, ...]
    other: Outbound
    shorteners: Outbound
    lookalikes: Literal["warn", "needs_approval", "block"]
    rule: tuple[LinkWords, ...]

    def decisions(self) -> Mapping[str, Decision]:
        """Return the decision of every rule of links."""
        return {
            USERINFO: Decision.BLOCK,
            DENIED: Decision.BLOCK,
            LOOKALIKE: Decision(self.lookalikes),
            SHORTENER: Decision(self.shorteners),
            OTHER: Decision(self.other),
        }


def faults(table: LinksTable) -> Iterator[tuple[str, str]]:
    """Yield the rule and the reason of everything that is wrong with the links."""
    ids = {rule.id for rule in table.rule}
    for missing in sorted(set(RULES) - ids):
        yield missing, "the rule is missing"
    for unknown in sorted(ids - set(RULES)):
        yield unknown, f"links have the rules {', '.join(RULES)}, and no other"
    lists = {"allow": table.allow, "deny": table.deny, "shortener_hosts": table.shortener_hosts}
    for name, hosts in lists.items():
        for host in hosts:
            if _ascii(host) is None:
                yield "links", f"{name}: {host!r} is not a host name in small letters"
    for host in set(table.allow) & {*table.deny, *table.shortener_hosts}:
        yield "links", f"{host!r} is allowed and denied"


def _ascii(host: str) -> str | None:
    bare = host.removeprefix("*.")
    try:
        encoded = idna.encode(bare).decode()
    except idna.IDNAError:
        return None
    return encoded if bare == bare.lower() and "." in bare else None


def _hosts(names: Iterable[str]) -> Hosts:
    return Hosts(
        whole=frozenset(_ascii(name) or name for name in names if not name.startswith("*.")),
        under=frozenset(_ascii(name) or name for name in names if name.startswith("*.")),
    )


def compiled(table: LinksTable, version: int) -> LinkRules:
    """Return the links as the engine wants them."""
    decisions = table.decisions()
    return LinkRules(
        version=version,
        allow=_hosts(table.allow),
        deny=_hosts(table.deny),
        shorteners=_hosts(table.shortener_hosts),
        rules={
            words.id: LinkRule(id=words.id, decision=decisions[words.id], wording=Wording(words.message, words.advice))
            for words in table.rule
        },
    )
