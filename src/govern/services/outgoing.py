"""What goes out, made from the rows that were approved: the digest and the call must come from the same place."""

from collections.abc import Sequence

from msgspec.structs import replace

from govern.database import rows
from govern.domain.content import content_digest
from govern.domain.messages import Kind, Message
from govern.domain.reply_levels import is_dot_reply
from govern.services.contacts import get_contact
from govern.tables import RevisionMedia
from govern.xapi.client import OutgoingDm, OutgoingPost

# The hash is taken of the bytes that are there now, not of what was noted when they were uploaded.
_BYTES = """
SELECT u.position, sha256(d.content) AS digest FROM revision_media u JOIN media d ON d.id = u.media WHERE u.revision = {}
"""


async def digest_of(message: Message) -> bytes:
    """Return the digest of the rows that would be sent, made anew, down to the bytes of the images."""
    found = rows(await RevisionMedia.raw(_BYTES, message.revision.id)) if message.revision.images else []
    read = {row["position"]: bytes(row["digest"]) for row in found}
    return content_digest(
        account=message.account,
        kind=message.kind,
        text=message.revision.text,
        in_reply_to=message.in_reply_to,
        recipient=message.recipient,
        made_with_ai=message.revision.ai_written,
        reply_level=message.reply_level,
        images=[replace(each, digest=read[each.position]) for each in message.revision.images],
    )


async def make_outgoing(message: Message, media_ids: Sequence[str] = ()) -> OutgoingPost | OutgoingDm:
    """Return the call to X for an approved message; `media_ids` are its images, as X holds them.

    A reply to everyone goes out as a post of its own: X shows replies to those who follow both sides only.
    """
    text = message.revision.text
    if message.kind is Kind.DM and message.contact_id is not None:
        contact = await get_contact(message.contact_id)
        return OutgoingDm(text=text, recipient_id=contact.x_user_id or "", media_id=media_ids[0] if media_ids else None)
    post = OutgoingPost(text=text, media_ids=tuple(media_ids), made_with_ai=message.revision.ai_written)
    if message.kind is Kind.QUOTE:
        return replace(post, quote_of=message.in_reply_to)
    return post if is_dot_reply(message.kind, message.reply_level) else replace(post, in_reply_to=message.in_reply_to)
