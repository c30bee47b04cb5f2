"""What goes out, made from the rows that were approved: the digest and the call must come from the same place."""

from govern.domain.messages import Kind, Message, content_digest
from govern.services.contacts import get_contact
from govern.xapi.client import OutgoingDm, OutgoingPost


def digest_of(message: Message) -> bytes:
    """Return the digest of the rows that would be sent, made anew."""
    return content_digest(
        account=message.account,
        kind=message.kind,
        text=message.revision.text,
        in_reply_to=message.in_reply_to,
        recipient=message.recipient,
    )


async def make_outgoing(message: Message) -> OutgoingPost | OutgoingDm:
    """Return the call to X for an approved message."""
    text = message.revision.text
    if message.kind is Kind.DM and message.contact_id is not None:
        contact = await get_contact(message.contact_id)
        return OutgoingDm(text=text, recipient_id=contact.x_user_id or "")
    if message.kind is Kind.QUOTE:
        return OutgoingPost(text=text, quote_of=message.in_reply_to)
    return OutgoingPost(text=text, in_reply_to=message.in_reply_to)
