"""Images: kept once as they are uploaded, shown to whoever may read a message that has them."""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from govern.access import Access
from govern.database import rows
from govern.domain.actions import COMPANY, Action, Target
from govern.domain.attachments import TooManyUnused, UnknownMedia, check_together
from govern.domain.audit import MediaUploaded, ObjectRef
from govern.domain.ids import uuid7
from govern.domain.images import Picture, read_image
from govern.domain.media import MAX_UNUSED, Attachment, Image, Media, MediaType
from govern.domain.members import Actor
from govern.services import audit
from govern.services.message_views import READABLE, load_message, readable, reading
from govern.services.private_reading import record_shown
from govern.services.screening import WRITE_ACTION
from govern.services.use_case import DoneMeanwhile, use_case
from govern.tables import Media as MediaTable
from govern.tables import RevisionMedia

_MEDIA = "SELECT d.id, d.sha256 AS digest, d.media_type, d.width, d.height, d.size, d.uploaded_at FROM media d"
_MINE = _MEDIA + " WHERE d.uploaded_by = {} AND d.sha256 = {}"
_UNUSED = """
SELECT count(*) AS unused FROM media d
 WHERE d.uploaded_by = {} AND NOT EXISTS (SELECT FROM revision_media u WHERE u.media = d.id)
"""
_USED = """
SELECT m.id FROM revision_media u JOIN revision r ON r.id = u.revision JOIN message m ON m.id = r.message
  JOIN account a ON a.id = m.account WHERE u.media = """
_USABLE = (
    _MEDIA
    + " WHERE d.id = ANY({}) AND (d.uploaded_by = {} OR d.id = ANY({}) OR EXISTS ("
    + _USED
    + "d.id AND "
    + READABLE
    + "))"
)
_WHOSE = "SELECT d.media_type, d.uploaded_by FROM media d WHERE d.id = {}"
_SHOWN_WITH = _USED + "{} AND " + READABLE + " ORDER BY m.kind = 'dm', m.id LIMIT 1"
_CONTENT = "SELECT content FROM media WHERE id = {}"


class MediaFile(msgspec.Struct, frozen=True, kw_only=True):
    """An image as it is served."""

    media_type: MediaType
    content: bytes


async def upload_media(content: bytes, *, actor: Actor, access: Access, now: datetime) -> Media:
    """Keep an image, cleaned of what was written beside the picture, for whoever writes anywhere.

    The same picture from the same member is kept once.

    Raises:
        BadMediaType, MediaTooLarge: X would not take it.
        TooManyUnused: a hundred of theirs are in no message.
    """
    try:
        async with use_case(actor=actor, now=now):
            await _require_writer(actor, access)
            picture = await asyncio.to_thread(read_image, content)
            digest = hashlib.sha256(picture.content).digest()
            if known := rows(await MediaTable.raw(_MINE, actor.member, digest)):
                return msgspec.convert(known[0], Media)
            if rows(await MediaTable.raw(_UNUSED, actor.member))[0]["unused"] >= MAX_UNUSED:
                raise TooManyUnused(limit=MAX_UNUSED, field="media")
            return await _insert(picture, digest, actor=actor, now=now)
    except DoneMeanwhile:  # the same picture twice at once
        return await upload_media(content, actor=actor, access=access, now=now)


async def _require_writer(actor: Actor, access: Access) -> None:
    for action in WRITE_ACTION.values():
        if places := await access.where_can(actor, action):
            await access.require(actor, action, Target(scope=min(places)))
            return
    await access.require(actor, Action.MESSAGE_WRITE_POST, Target(scope=COMPANY))


async def _insert(picture: Picture, digest: bytes, *, actor: Actor, now: datetime) -> Media:
    media = Media(
        id=uuid7(now),
        digest=digest,
        media_type=picture.media_type,
        width=picture.width,
        height=picture.height,
        size=len(picture.content),
        uploaded_at=now,
    )
    await MediaTable.insert(
        MediaTable(
            id=media.id,
            sha256=digest,
            content=picture.content,
            media_type=media.media_type.value,
            width=media.width,
            height=media.height,
            size=media.size,
            uploaded_by=actor.member,
            uploaded_at=now,
        )
    )
    await audit.record(
        MediaUploaded(
            digest=digest.hex(),
            media_type=media.media_type.value,
            width=media.width,
            height=media.height,
            size=media.size,
        ),
        actor=actor,
        now=now,
        object=ObjectRef(kind="media", id=media.id),
        scope=COMPANY,
    )
    return media


async def find_images(
    attached: Sequence[Attachment], *, known: Sequence[Image] = (), actor: Actor, access: Access
) -> tuple[Image, ...]:
    """Return what a draft's images are. `known` are those its message has already.

    Raises:
        UnknownMedia: there is none such, or the actor may not see it; the two answers are the same.
        TooManyMedia: a GIF among others.
    """
    if not attached:
        return ()
    may = await readable(actor, access)
    ids = [each.id for each in attached]
    usable = rows(await MediaTable.raw(_USABLE, ids, actor.member, [each.id for each in known], *may))
    found = {row["id"]: msgspec.convert(row, Media) for row in usable}
    if missing := [each for each in ids if each not in found]:
        raise UnknownMedia(name=str(missing[0]))
    check_together([found[each] for each in ids])
    return tuple(_image(found[each.id], each, position) for position, each in enumerate(attached, start=1))


def _image(media: Media, attached: Attachment, position: int) -> Image:
    return Image(
        id=media.id,
        position=position,
        digest=media.digest,
        media_type=media.media_type,
        width=media.width,
        height=media.height,
        size=media.size,
        alt_text=attached.alt_text,
    )


async def insert_images(revision: UUID, images: Sequence[Image], *, now: datetime) -> None:
    """Write the images of a revision that was just written, in the caller's transaction."""
    for each in images:
        await RevisionMedia.insert(
            RevisionMedia(
                id=uuid7(now), revision=revision, position=each.position, media=each.id, alt_text=each.alt_text
            )
        )


async def list_media(ids: Sequence[UUID], *, actor: Actor, access: Access) -> dict[UUID, Media]:
    """Return those of these images that the actor may see, without their bytes."""
    if not ids:
        return {}
    usable = await MediaTable.raw(_USABLE, list(ids), actor.member, [], *await readable(actor, access))
    return {row["id"]: msgspec.convert(row, Media) for row in rows(usable)}


async def read_media(media_id: UUID, *, actor: Actor, access: Access, now: datetime) -> MediaFile:
    """Return an image with its bytes, for who uploaded it or may read a message that has it.

    One that stands in private messages of others only is shown like they are: it is an entry of the log.

    Raises:
        UnknownMedia: there is none, or the actor may not see it; the two answers are the same.
    """
    async with use_case(actor=actor, now=now):
        found = rows(await MediaTable.raw(_WHOSE, media_id))
        if not found:
            raise UnknownMedia(name=str(media_id))
        if found[0]["uploaded_by"] != actor.member:
            await _require_reader(media_id, actor=actor, access=access, now=now)
        content = rows(await MediaTable.raw(_CONTENT, media_id))[0]["content"]
        return MediaFile(media_type=MediaType(found[0]["media_type"]), content=bytes(content))


async def _require_reader(media_id: UUID, *, actor: Actor, access: Access, now: datetime) -> None:
    with_it = rows(await MediaTable.raw(_SHOWN_WITH, media_id, *await readable(actor, access)))
    if not with_it:
        raise UnknownMedia(name=str(media_id))
    message = await load_message(with_it[0]["id"])
    action = reading(message, actor)
    decision = await access.require(actor, action, Target(scope=message.scope))
    if action is Action.CONVERSATION_READ_DM:
        await record_shown([message], actor=actor, now=now, decision=decision)
