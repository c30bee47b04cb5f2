"""Warnings: the author sees each of them before a revision is handed in, and says so."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from govern.database import rows
from govern.domain.audit import WarningsAcknowledged
from govern.domain.ids import uuid7
from govern.domain.members import Actor
from govern.domain.messages import Message
from govern.errors import N_, Conflict
from govern.screening.findings import Decision, Finding, Screening, Span
from govern.services import audit
from govern.services.message_views import message_ref
from govern.tables import Acknowledgement

_KNOWN = "SELECT rule, span_start, span_end FROM acknowledgement WHERE revision = {} AND member = {}"
_SEEN = """
SELECT k.rule, k.span_start, k.span_end, m.name, k.created_at FROM acknowledgement k JOIN member m ON m.id = k.member
 WHERE k.revision = {} ORDER BY k.created_at, k.id
"""
_INSERT = """
INSERT INTO acknowledgement (id, revision, rule, span_start, span_end, member, created_at)
VALUES ({}, {}, {}, {}, {}, {}, {}) ON CONFLICT DO NOTHING
"""


class Acknowledged(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A warning somebody has seen: the rule, and where in the text; None: about the whole text."""

    rule: str
    span: Span | None = None

    def __str__(self) -> str:
        return f"{self.rule}:{self.span[0]}-{self.span[1]}" if self.span else self.rule


class SeenBy(msgspec.Struct, frozen=True, kw_only=True):
    """Who acknowledged a warning, and when."""

    warning: Acknowledged
    name: str
    at: datetime


class Unacknowledged(Conflict):
    """Data: `findings`, those still to be acknowledged, as the engine gives them."""

    code = "screening.unacknowledged"
    template = N_("Screening warns of {count} thing(s) in this text: {rules}. See each of them, then hand it in again.")


def warnings_of(screening: Screening) -> tuple[Finding, ...]:
    """Return what the author must acknowledge."""
    return tuple(found for found in screening.findings if found.decision is Decision.WARN)


async def list_acknowledged(revision: UUID) -> list[SeenBy]:
    """Return who acknowledged which warning of a revision the caller has read, oldest first."""
    found = rows(await Acknowledgement.raw(_SEEN, revision))
    return [SeenBy(warning=_warning(row), name=row["name"], at=row["created_at"]) for row in found]


async def acknowledge(
    message: Message, screening: Screening, given: Iterable[Acknowledged], *, actor: Actor, now: datetime
) -> None:
    """Keep which warnings of the current revision the actor has seen, in the caller's transaction.

    Raises:
        Unacknowledged: there are others; nothing is kept.
    """
    warnings = {Acknowledged(found.rule, found.span): found for found in warnings_of(screening)}
    if not warnings:
        return
    known, seen = await _known(message, actor), set(given)
    missing = [found for which, found in warnings.items() if which not in seen | known]
    if missing:
        rules = ", ".join(dict.fromkeys(found.rule for found in missing))
        raise Unacknowledged(count=len(missing), rules=rules, findings=msgspec.to_builtins(missing))
    new = [which for which in warnings if which not in known]
    if new:
        await _keep(message, new, actor=actor, now=now)


async def _keep(message: Message, seen: list[Acknowledged], *, actor: Actor, now: datetime) -> None:
    for which in seen:
        start, end = which.span or (None, None)
        await Acknowledgement.raw(_INSERT, uuid7(now), message.revision.id, which.rule, start, end, actor.member, now)
    await audit.record(
        WarningsAcknowledged(revision=message.revision.number, warnings=tuple(str(which) for which in seen)),
        actor=actor,
        now=now,
        object=message_ref(message),
        scope=message.scope,
    )


async def _known(message: Message, actor: Actor) -> set[Acknowledged]:
    found = rows(await Acknowledgement.raw(_KNOWN, message.revision.id, actor.member))
    return {_warning(row) for row in found}


def _warning(row: Mapping[str, Any]) -> Acknowledged:
    return Acknowledged(row["rule"], None if row["span_start"] is None else (row["span_start"], row["span_end"]))
