"""Images on their way to X: what it must hold before a message that has them may leave, and for how long that counts."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal
from uuid import UUID

import msgspec

from govern.database import rows
from govern.domain.audit import ObjectRef, PublicationMediaUploaded
from govern.domain.ids import uuid7
from govern.domain.media import MediaType
from govern.domain.members import PUBLISHER
from govern.domain.messages import Event, Kind, Message, can
from govern.domain.publications import Hold
from govern.services import audit
from govern.services.credentials import mark_auth_lost
from govern.services.message_views import load_message, lock_message, message_ref
from govern.services.passing import hold_publication
from govern.services.use_case import use_case
from govern.tables import Media, MediaUpload, Publication
from govern.xapi.client import OutgoingImage, Uploaded
from govern.xapi.credentials import Keys

USED_WITHIN = timedelta(hours=1)
"""X keeps an upload for a day; what is older than this is uploaded anew."""
_LEAST = timedelta(seconds=1)
SPARE = timedelta(minutes=1)
"""An upload that ends sooner does not count: the send itself takes its time."""

_HELD = """
SELECT DISTINCT ON (u.position) u.media, p.x_media_id::text AS x_media_id
  FROM revision_media u JOIN media_upload p ON p.media = u.media AND p.publication = {} AND p.use_before > {}
 WHERE u.revision = {} ORDER BY u.position, p.use_before DESC
"""
_BYTES = "SELECT content FROM media WHERE id = {}"
_OPEN = "SELECT id FROM publication WHERE id = {} AND closed_at IS NULL"
_CATEGORIES: Mapping[tuple[bool, bool], Literal["tweet_image", "tweet_gif", "dm_image", "dm_gif"]] = MappingProxyType(
    {
        (False, False): "tweet_image",
        (False, True): "tweet_gif",
        (True, False): "dm_image",
        (True, True): "dm_gif",
    }
)
"""What X calls an upload, by whether it is for a private message and whether it is a GIF."""


class MediaNeeded(msgspec.Struct, frozen=True, kw_only=True):
    """A publication that may go, but for the images that X does not hold. Nothing was written."""

    publication: UUID
    message: UUID
    account: UUID
    credentials: Keys
    x_user_id: str | None


class MediaMissing(Exception):
    """X does not hold all images of the publication whose claim was begun: the claim is undone."""

    def __init__(self, needed: MediaNeeded) -> None:
        super().__init__(f"images of publication {needed.publication}")
        self.needed = needed


class Stuck(msgspec.Struct, frozen=True, kw_only=True):
    """Why an image is not with X: what to tell, when to try again, and which tokens X refused."""

    hold: Hold
    reason: str
    again_at: datetime
    key_version: int | None = None


async def held_by_x(publication: UUID, message: Message, *, now: datetime) -> tuple[str, ...] | None:
    """Return the ids under which X holds the message's images, in their order; None unless it holds all, for a while."""
    images = message.revision.images
    if not images:
        return ()
    found = await MediaUpload.raw(_HELD, publication, now + SPARE, message.revision.id)
    ids = {row["media"]: row["x_media_id"] for row in rows(found)}
    return tuple(ids[each.id] for each in images) if len(ids) == len(images) else None


async def read_missing(needed: MediaNeeded, *, now: datetime) -> list[tuple[UUID, OutgoingImage]]:
    """Return the images that X must be given, with their bytes, each with its id."""
    message = await load_message(needed.message)
    found = await MediaUpload.raw(_HELD, needed.publication, now + SPARE, message.revision.id)
    held = {row["media"] for row in rows(found)}
    return [
        (
            each.id,
            OutgoingImage(
                content=bytes(rows(await Media.raw(_BYTES, each.id))[0]["content"]),
                digest=each.digest,
                media_type=each.media_type.value,
                alt_text=each.alt_text,
                category=_CATEGORIES[(message.kind is Kind.DM, each.media_type is MediaType.GIF)],
            ),
        )
        for each in message.revision.images
        if each.id not in held
    ]


async def record_upload(needed: MediaNeeded, media: UUID, digest: bytes, uploaded: Uploaded, *, now: datetime) -> None:
    """Note that X holds an image of a publication, with its alt text."""
    async with use_case(actor=PUBLISHER, now=now):
        message = await load_message(needed.message)
        await MediaUpload.insert(
            MediaUpload(
                id=uuid7(now),
                publication=needed.publication,
                media=media,
                x_media_id=int(uploaded.media_id),
                uploaded_at=now,
                use_before=now + min(USED_WITHIN, max(uploaded.lives, _LEAST)),
            )
        )
        await audit.record(
            PublicationMediaUploaded(media=media, digest=digest.hex(), x_media_id=uploaded.media_id),
            actor=PUBLISHER,
            now=now,
            object=message_ref(message),
            refs=_refs(needed, [media]),
            scope=message.scope,
        )


async def hold_for_media(needed: MediaNeeded, stuck: Stuck, *, now: datetime) -> None:
    """Let a publication wait whose images X did not take; nothing of it is out."""
    async with use_case(actor=PUBLISHER, now=now):
        message = await lock_message(needed.message)
        waits = rows(await Publication.raw(_OPEN, needed.publication)) and can(message.state, Event.CLAIM)
        if waits:  # else somebody took it back meanwhile
            await hold_publication(
                needed.publication, message, stuck.hold, stuck.reason, wake_at=stuck.again_at, now=now
            )
        if stuck.hold is Hold.AUTH:
            await mark_auth_lost(needed.account, version=stuck.key_version, actor=PUBLISHER, now=now)


def _refs(needed: MediaNeeded, media: Sequence[UUID]) -> tuple[ObjectRef, ...]:
    return (
        ObjectRef(kind="publication", id=needed.publication),
        *(ObjectRef(kind="media", id=each) for each in media),
    )
