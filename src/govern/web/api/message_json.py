"""A message as programs read it."""

from datetime import datetime
from uuid import UUID

import msgspec

from govern.domain.ids import message_number
from govern.domain.media import Image, MediaType
from govern.domain.messages import Kind, Message, ReplyLevel, State, WithdrawnFor
from govern.domain.reply_levels import WHO_SEES, audience
from govern.screening.findings import Finding


class ImageJson(msgspec.Struct, kw_only=True):
    """An image of a revision; its bytes are at `/api/v1/media/{id}`, and their SHA-256 is part of the digest."""

    id: UUID
    alt_text: str
    sha256: str
    media_type: MediaType
    width: int
    height: int
    size: int


class AudienceJson(msgspec.Struct, kw_only=True):
    """Who will see it, in both languages."""

    en: str
    fr: str


class RevisionJson(msgspec.Struct, kw_only=True):
    """The current revision; `digest` is what approvals bind to, in hexadecimal."""

    number: int
    text: str
    digest: str
    paid_partnership: bool
    ai_written: bool
    media: list[ImageJson]


class ApprovalsJson(msgspec.Struct, kw_only=True):
    """How many approvals the revision has and needs, by which rule of `approval.toml`, until when."""

    given: int
    required: int
    rule: str | None
    deadline_at: datetime | None


class MessageJson(msgspec.Struct, kw_only=True):
    """A message with its current revision and what screening said of it."""

    id: UUID
    number: str
    account: str
    kind: Kind
    state: State
    author: str
    """The author's e-mail address."""
    author_name: str
    recipient: str | None
    contact: UUID | None
    """Of a DM: the person it goes to."""
    in_reply_to: str | None
    reply_level: ReplyLevel | None
    """Of a reply or a quote."""
    audience: AudienceJson
    revision: RevisionJson
    decision: str | None
    """Of screening: allow, warn, needs_approval, block; null before it was submitted."""
    permission: str | None
    """Of a DM: why it may be written, or not."""
    findings: tuple[Finding, ...]
    approvals: ApprovalsJson
    scheduled_at: datetime | None
    zone: str | None
    wall_time: str | None
    """What the clocks of `zone` show at `scheduled_at`."""
    fold: int | None
    """Of a wall time that happens twice: 0 the first, 1 the second."""
    due_at: datetime | None
    not_after: datetime | None
    """When it is too late to go out."""
    hold: str | None
    failure: str | None
    withdrawn_for: WithdrawnFor | None
    """Why the service itself took it back."""
    confirms: UUID | None
    """The opt-out it confirms: nobody wrote it."""
    x_id: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class MessagesJson(msgspec.Struct, kw_only=True):
    """One page of messages, newest first."""

    items: list[MessageJson]
    next_cursor: str | None


def message_json(message: Message) -> MessageJson:
    """Return a message as programs read it."""
    return MessageJson(
        id=message.id,
        number=message_number(message.number),
        account=message.account,
        kind=message.kind,
        state=message.state,
        author=message.author_email,
        author_name=message.author_name,
        recipient=message.recipient,
        contact=message.contact_id,
        in_reply_to=message.in_reply_to,
        reply_level=message.reply_level,
        audience=AudienceJson(**WHO_SEES[audience(message.kind, message.reply_level)]),
        revision=RevisionJson(
            number=message.revision.number,
            text=message.revision.text,
            digest=message.revision.digest.hex(),
            paid_partnership=message.revision.paid_partnership,
            ai_written=message.revision.ai_written,
            media=[_image(each) for each in message.revision.images],
        ),
        decision=message.decision,
        permission=message.permission,
        findings=msgspec.convert(message.findings, tuple[Finding, ...]),
        approvals=ApprovalsJson(
            given=message.approvals,
            required=message.approvals_required,
            rule=message.approval_rule,
            deadline_at=message.deadline_at,
        ),
        scheduled_at=message.scheduled_at,
        zone=message.zone,
        wall_time=message.wall_time,
        fold=message.fold,
        due_at=message.due_at,
        not_after=message.not_after,
        hold=message.hold,
        failure=message.failure,
        withdrawn_for=message.withdrawn_for,
        confirms=message.confirms,
        x_id=message.x_id,
        version=message.version,
        created_at=message.created_at,
        updated_at=message.updated_at,
    )


def _image(image: Image) -> ImageJson:
    return ImageJson(
        id=image.id,
        alt_text=image.alt_text,
        sha256=image.digest.hex(),
        media_type=image.media_type,
        width=image.width,
        height=image.height,
        size=image.size,
    )
