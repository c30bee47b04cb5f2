"""Private messages that somebody who did not write them is shown: each showing is an entry of the log."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from govern.database import transaction
from govern.domain.actions import Decision
from govern.domain.audit import ConversationDmRead, ObjectRef
from govern.domain.members import Actor
from govern.domain.messages import Kind, Message
from govern.services import audit

_PER_ENTRY = 25
"""Messages in one entry: with their contacts, half as many as it has room for."""


def private_to_others(messages: Iterable[Message], actor: Actor) -> list[Message]:
    """Return the DMs among the messages that the actor did not write."""
    return [each for each in messages if each.kind is Kind.DM and each.author != actor.member]


def without_private_text(messages: Iterable[Message], actor: Actor) -> list[Message]:
    """Return the messages, the DMs of others without their text: for lists that only say what there is."""
    listed = list(messages)
    private = {each.id for each in private_to_others(listed, actor)}
    return [
        msgspec.structs.replace(each, revision=msgspec.structs.replace(each.revision, text="", images=()))
        if each.id in private
        else each
        for each in listed
    ]


async def record_listed(messages: Sequence[Message], *, actor: Actor, now: datetime) -> None:
    """Record that a list showed private messages, if it did, in a transaction of its own."""
    private = private_to_others(messages, actor)
    if private:
        async with transaction():
            await record_shown(private, actor=actor, now=now)


async def record_shown(
    private: Sequence[Message], *, actor: Actor, now: datetime, decision: Decision | None = None
) -> None:
    """Record that private messages are shown, in the caller's transaction: an entry per account and 25 messages."""
    by_account: dict[tuple[str, UUID], list[Message]] = defaultdict(list)
    for message in private:
        by_account[(message.scope, message.account_id)].append(message)
    for (scope, account), shown in by_account.items():
        for start in range(0, len(shown), _PER_ENTRY):
            part = shown[start : start + _PER_ENTRY]
            await audit.record(
                ConversationDmRead(messages=len(part)),
                actor=actor,
                now=now,
                object=ObjectRef(kind="account", id=account),
                refs=_refs(part),
                scope=scope,
                decision=decision,
            )


def _refs(messages: Sequence[Message]) -> list[ObjectRef]:
    named = [ObjectRef(kind="message", id=each.id, rev=each.revision.number) for each in messages]
    contacts = {each.contact_id for each in messages if each.contact_id}
    return [*named, *(ObjectRef(kind="contact", id=contact) for contact in sorted(contacts))]
