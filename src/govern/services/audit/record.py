"""Writing entries: in the transaction of the change they record, or not at all."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
import structlog

from govern import __version__
from govern.database import in_transaction, rows
from govern.domain import audit
from govern.domain.actions import Decision
from govern.domain.audit import BadEntry, Change, Entry, EntryObject, ObjectRef, Recorded, entry_object
from govern.domain.ids import uuid7
from govern.domain.members import Actor, ActorKind
from govern.services.audit.openings import seal_fields
from govern.services.audit.receipts import Receipt, keep_receipt
from govern.settings import current
from govern.tables import AuditEntry, AuditOpening
from govern.tlog.canonical import NotCanonicalError, encode, leaf_hash

# By column, since only these two are granted: nobody chooses an arrival or a transaction id.
_APPEND = "INSERT INTO audit.entry (entry, leaf_hash) VALUES ({}, {}) RETURNING arrival"


async def record(
    action: Recorded,
    *,
    actor: Actor,
    now: datetime,
    object: ObjectRef,  # noqa: A002 - the entry's own word
    scope: str,
    refs: Sequence[ObjectRef] = (),
    change: Mapping[str, Change] | None = None,
    outcome: audit.Outcome | None = None,
    decision: Decision | None = None,
    request_id: str | None = None,
) -> Receipt:
    """Append one entry, in the caller's transaction: once per change, last but the outbox.

    `outcome` is the action's own unless given. `decision` is the access decision that let it happen.

    Raises:
        BadEntry: a field breaks its limits, or a personal field has no subject among the objects.
        RuntimeError: there is no transaction, so change and entry could part.
    """
    if not in_transaction():
        raise RuntimeError("audit.record needs the transaction of the change it records")
    entry_id = uuid7(now)
    public, personal = audit.split_fields(action)
    objects = (entry_object(object), *_with_owner(refs, actor))
    kinds = audit.personal_fields(type(action))
    subjects = {field: audit.subject_of(kinds[field], objects) for field in personal}
    promises, openings = await seal_fields(entry_id, personal, subjects)
    audit.check_size(objects[1:], change or {})
    text = _text(
        Entry(
            log=current().audit_origin,
            id=entry_id,
            at=audit.time_text(now),
            action=action.NAME,
            outcome=outcome or action.OUTCOME,
            actor=audit.ActorRef(kind=actor.kind, id=actor.id, via=actor.via, factors=actor.factors),
            object=objects[0],
            refs=objects[1:],
            scope=scope,
            data=public,
            change=dict(change or {}),
            commit={field: b64encode(promise).decode() for field, promise in promises.items()},
            ctx=_context(decision, request_id),
        )
    )
    return await _append(entry_id, text, openings)


def _with_owner(refs: Sequence[ObjectRef], actor: Actor) -> tuple[EntryObject, ...]:
    """Add the member whose rights an API token used: the actor's id names the token only."""
    named = tuple(entry_object(each) for each in refs)
    if actor.kind is not ActorKind.TOKEN or actor.member is None:
        return named
    owner = entry_object(ObjectRef("member", actor.member))
    return named if owner in named else (*named, owner)


def _context(decision: Decision | None, request_id: str | None) -> audit.Context:
    bound = structlog.contextvars.get_contextvars()
    request, job = request_id or bound.get("request"), bound.get("job")
    context = audit.Context(
        request=str(request)[:80] if request else None, job=str(job)[:80] if job else None, govern=__version__
    )
    if decision is None:
        return context
    via = audit.Granted(role=decision.via_role, scope=decision.via_scope, grant=decision.via_grant)
    return msgspec.structs.replace(
        context,
        rule=decision.rule,
        digest=decision.digest or None,
        version=None if decision.version is None else str(decision.version),
        via=None if via == audit.Granted() else via,
    )


def _text(entry: Entry) -> str:
    try:
        values = msgspec.to_builtins(entry)
        msgspec.convert(values, Entry)
        return encode(values)
    except (NotCanonicalError, msgspec.ValidationError, TypeError) as error:
        raise BadEntry(reason=f"{entry.action}: {error}") from error


async def _append(entry_id: UUID, text: str, openings: Sequence[AuditOpening]) -> Receipt:
    leaf = leaf_hash(text)
    written = rows(await AuditEntry.raw(_APPEND, text, leaf))
    if openings:
        await AuditOpening.insert(*openings)
    receipt = Receipt(entry_id=entry_id, arrival=written[0]["arrival"], leaf_hash=leaf)
    keep_receipt(receipt)
    return receipt
