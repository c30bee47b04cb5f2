"""Reading messages: one query gives a message with its current revision, its screening and its sending."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.actions import Action, Target
from govern.domain.approvals import Approval
from govern.domain.audit import Change, ObjectRef
from govern.domain.conversations import ANSWERING
from govern.domain.drafts import check_storable
from govern.domain.ids import parse_message_number
from govern.domain.media import Image
from govern.domain.members import Actor
from govern.domain.messages import ChangedMeanwhile, Kind, Message, Revision, State
from govern.domain.reply_levels import level_of
from govern.errors import N_, Denied, NotFound
from govern.services.contacts import lock_contact
from govern.services.conversation_clock import stop_clock
from govern.services.private_reading import private_to_others, record_shown
from govern.services.use_case import about, use_case
from govern.tables import Approval as ApprovalTable
from govern.tables import Message as MessageTable
from govern.tables import Publication
from govern.tables import Revision as RevisionTable

IMAGES = """
       (SELECT jsonb_agg(jsonb_build_object('id', d.id, 'position', u.position, 'digest', encode(d.sha256, 'base64'),
                'media_type', d.media_type, 'width', d.width, 'height', d.height, 'size', d.size,
                'alt_text', u.alt_text) ORDER BY u.position)
          FROM revision_media u JOIN media d ON d.id = u.media WHERE u.revision = r.id) AS images
"""
"""The images of a revision, without their bytes."""
_MESSAGE = """
SELECT m.id, m.number, a.handle AS account, a.id AS account_id, a.scope, m.kind, m.state,
       coalesce(m.author, '00000000-0000-0000-0000-000000000000') AS author, coalesce(au.name, 'govern') AS author_name,
       coalesce(au.email, '') AS author_email, c.handle AS recipient, m.contact AS contact_id,
       m.in_reply_to::text AS in_reply_to, m.approvals_required, m.approval_rule, m.deadline_at, m.scheduled_at, m.zone,
       m.wall_time, m.fold, m.tz_version, m.version, m.created_at, m.updated_at, m.confirms, m.withdrawn_for, m.reply_level,
       r.id AS revision_id, r.number AS revision_number, r.text, r.digest,
       coalesce(r.editor, '00000000-0000-0000-0000-000000000000') AS editor, coalesce(ed.name, 'govern') AS editor_name,
       r.edit_and_approve, r.paid_partnership, r.ai_written, r.created_at AS revised_at,
"""
_REST = """,
       s.decision, s.findings, s.permission,
       (SELECT count(*) FROM approval ap WHERE ap.revision = r.id AND ap.verdict = 'approved'
           AND ap.withdrawn_at IS NULL) AS approvals,
       p.due_at, p.not_after, p.hold, p.hold_reason, p.failure, p.x_id::text AS x_id
  FROM message m
  JOIN account a ON a.id = m.account
  LEFT JOIN member au ON au.id = m.author
  JOIN revision r ON r.message = m.id AND r.number = m.current_revision
  LEFT JOIN member ed ON ed.id = r.editor
  LEFT JOIN contact c ON c.id = m.contact
  LEFT JOIN LATERAL (SELECT decision, findings, permission FROM screening
                      WHERE revision = r.id ORDER BY created_at DESC, id DESC LIMIT 1) s ON true
  LEFT JOIN LATERAL (SELECT due_at, not_after, hold, hold_reason, failure, x_id FROM publication
                      WHERE message = m.id ORDER BY created_at DESC, id DESC LIMIT 1) p ON true
"""
VIEW = _MESSAGE + IMAGES + _REST
READABLE = "a.scope = ANY({}) AND (m.kind <> 'dm' OR m.author = {} OR a.scope = ANY({}))"
"""What a reader may find in a list, with the values of `readable`: a DM only where DMs are read, or if it is one's own."""
_BY_ID = VIEW + " WHERE m.id = {}"
_BY_NUMBER = VIEW + " WHERE m.number = {}"
_WHOSE_BY_ID = "SELECT id, contact FROM message WHERE id = {}"
_WHOSE_BY_NUMBER = "SELECT id, contact FROM message WHERE number = {}"
_LOCK = "SELECT id FROM message WHERE id = {} FOR NO KEY UPDATE"
_APPROVALS = """
SELECT ap.id, r.number AS revision, ap.approver, m.name AS approver_name, ap.verdict, ap.reason, ap.created_at,
       ap.withdrawn_at
  FROM approval ap JOIN revision r ON r.id = ap.revision JOIN member m ON m.id = ap.approver
 WHERE ap.message = {} ORDER BY r.number, ap.created_at, ap.id
"""
_REVISION = """
SELECT r.id, r.number, r.text, r.digest, coalesce(r.editor, '00000000-0000-0000-0000-000000000000') AS editor,
       coalesce(m.name, 'govern') AS editor_name, r.edit_and_approve, r.paid_partnership, r.ai_written, r.created_at,
"""
_OF_MESSAGE = """
  FROM revision r LEFT JOIN member m ON m.id = r.editor WHERE r.message = {} ORDER BY r.number
"""
_REVISIONS = _REVISION + IMAGES + _OF_MESSAGE
_ATTEMPTS = """
SELECT t.id, t.started_at, t.finished_at, t.worker, t.connected, t.outcome, t.reason, t.x_id::text AS x_id, t.status,
       t.resolved, t.resolved_reason, t.resolved_at
  FROM attempt t JOIN publication p ON p.id = t.publication WHERE p.message = {} ORDER BY t.started_at, t.id
"""


class UnknownMessage(NotFound):
    code = "message.unknown"
    template = N_("There is no message {name}.")


class AttemptView(msgspec.Struct, frozen=True, kw_only=True):
    """One try to hand a message to X."""

    id: UUID
    started_at: datetime
    finished_at: datetime | None
    worker: str
    connected: bool | None
    """Whether a connection stood: before that, nothing can have left."""
    outcome: str | None
    reason: str | None
    x_id: str | None
    status: int | None
    resolved: str | None
    resolved_reason: str | None
    resolved_at: datetime | None


async def load_message(message_id: UUID | str) -> Message:
    """Return a message by id or number, without asking who wants to know; for the services themselves.

    Raises:
        UnknownMessage
    """
    number = _is_number(message_id)
    found = rows(
        await MessageTable.raw(_BY_ID, _uuid(message_id))
        if number is None
        else await MessageTable.raw(_BY_NUMBER, _number(number))
    )
    if not found:
        raise UnknownMessage(name=str(message_id)[:40])
    return to_message(found[0])


async def _whose(message_id: UUID | str) -> dict[str, Any]:
    """Return id and contact, which a message keeps for life: what is to be locked, before it is read whole."""
    number = _is_number(message_id)
    found = rows(
        await MessageTable.raw(_WHOSE_BY_ID, _uuid(message_id))
        if number is None
        else await MessageTable.raw(_WHOSE_BY_NUMBER, _number(number))
    )
    if not found:
        raise UnknownMessage(name=str(message_id)[:40])
    return found[0]


def _is_number(message_id: UUID | str) -> str | None:
    return message_id if isinstance(message_id, str) and message_id[:2].upper() == "M-" else None


async def lock_message(message_id: UUID | str) -> Message:
    """Lock a message's row until the end of the transaction, then read it.

    Of a DM the person's row is locked first: whoever writes of their right to be left alone comes before or after.

    Raises:
        UnknownMessage
    """
    found = await _whose(message_id)
    if found["contact"] is not None:
        await lock_contact(found["contact"])
    await MessageTable.raw(_LOCK, found["id"])
    message = await load_message(found["id"])  # what another transaction committed while we waited for the lock
    about(message_ref(message))
    return message


async def change_message(message: Message, now: datetime, **values: object) -> None:
    """Write columns of the message's row and raise its version; whom it answers waits no more once it is out.

    Raises:
        ChangedMeanwhile: somebody else wrote it since it was read.
    """
    columns: dict[Any, Any] = {**values, "version": message.version + 1, "updated_at": now}
    written = (
        await MessageTable.update(columns)
        .where((MessageTable.id == message.id) & (MessageTable.version == message.version))
        .returning(MessageTable.id)
    )
    if not written:
        raise ChangedMeanwhile
    if values.get("state") in ANSWERING:
        await stop_clock(message, now=now)


async def get_message(message_id: UUID | str, *, actor: Actor, access: Access, now: datetime) -> Message:
    """Return one message, by id or number. Reading a DM of somebody else is an entry of the log.

    Raises:
        UnknownMessage: there is none, or the actor may not read it; the two answers are the same.
    """
    message = await load_message(message_id)
    try:
        async with use_case(actor=actor, now=now):
            about(message_ref(message))
            wanted = reading(message, actor)
            decision = await access.require(actor, wanted, Target(scope=message.scope))
            if wanted is Action.CONVERSATION_READ_DM:
                await record_shown([message], actor=actor, now=now, decision=decision)
    except Denied as denied:
        raise UnknownMessage(name=str(message_id)[:40]) from denied
    return message


def reading(message: Message, actor: Actor) -> Action:
    """Return the right by which the actor may read a message: a private one of somebody else's has its own."""
    return Action.CONVERSATION_READ_DM if private_to_others([message], actor) else Action.MESSAGE_READ


async def readable(actor: Actor, access: Access) -> tuple[list[str], UUID | None, list[str]]:
    """Return the values of `READABLE` for an actor."""
    scopes = await access.where_can(actor, Action.MESSAGE_READ)
    private = await access.where_can(actor, Action.CONVERSATION_READ_DM)
    return sorted(scopes), actor.member, sorted(private)


async def list_revisions(message_id: UUID) -> list[Revision]:
    """Return every revision of a message the caller has read."""
    found = rows(await RevisionTable.raw(_REVISIONS, message_id))
    return [msgspec.convert({**row, "images": to_images(row["images"])}, Revision) for row in found]


async def list_approvals(message_id: UUID) -> list[Approval]:
    """Return every verdict on a message the caller has read."""
    return [msgspec.convert(row, Approval) for row in rows(await ApprovalTable.raw(_APPROVALS, message_id))]


async def list_attempts(message_id: UUID) -> list[AttemptView]:
    """Return every try to send a message the caller has read."""
    return [msgspec.convert(row, AttemptView) for row in rows(await Publication.raw(_ATTEMPTS, message_id))]


def to_message(row: dict[str, object]) -> Message:
    """Build the value from a row of `VIEW`."""
    revision = {
        "id": row["revision_id"],
        "number": row["revision_number"],
        "text": row["text"],
        "digest": row["digest"],
        "editor": row["editor"],
        "editor_name": row["editor_name"],
        "edit_and_approve": row["edit_and_approve"],
        "paid_partnership": row["paid_partnership"],
        "ai_written": row["ai_written"],
        "created_at": row["revised_at"],
        "images": to_images(row["images"]),
    }
    findings = msgspec.json.decode(str(row["findings"])) if row["findings"] else ()
    failure, kind = row["failure"] or row["hold_reason"], Kind(str(row["kind"]))
    level = row["reply_level"] or level_of(kind, None)  # of before there were levels
    return msgspec.convert(
        {**row, "reply_level": level, "revision": revision, "findings": findings, "failure": failure}, Message
    )


def to_images(listed: object) -> tuple[Image, ...]:
    """Build the images of a revision from what `IMAGES` gives."""
    return msgspec.json.decode(str(listed), type=tuple[Image, ...]) if listed else ()


def pattern(text: str) -> str:
    """Return the LIKE pattern of texts that contain this one.

    Raises:
        TextUnstorable: it holds a character no stored text has.
    """
    check_storable(text, field="q")
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def message_ref(message: Message) -> ObjectRef:
    """Name a message and its current revision in an entry."""
    return ObjectRef(kind="message", id=message.id, rev=message.revision.number)


def state_change(message: Message, state: State) -> dict[str, Change]:
    """Say in an entry from where to where a message went; nothing if it stayed."""
    if message.state is state:
        return {}
    return {"state": Change(before=message.state.value, after=state.value)}


def _number(text: str) -> int:
    try:
        return parse_message_number(text)
    except NotFound:
        raise UnknownMessage(name=text[:40]) from None


def _uuid(text: UUID | str) -> UUID:
    if isinstance(text, UUID):
        return text
    try:
        return UUID(text)
    except ValueError:
        raise UnknownMessage(name=text[:40]) from None
