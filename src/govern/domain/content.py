"""The digest of what goes out: what an approval binds to, made again from the stored rows before anything leaves."""

import hashlib
from collections.abc import Sequence

from govern.domain.media import Image
from govern.domain.messages import Kind, ReplyLevel


def content_digest(
    *,
    account: str,
    kind: Kind,
    text: str,
    in_reply_to: str | None,
    recipient: str | None,
    made_with_ai: bool = False,
    reply_level: ReplyLevel | None = None,
    images: Sequence[Image] = (),
) -> bytes:
    """Return the SHA-256 that an approval binds to: account, kind, target and text, each with its length in front.

    After them come those of the later parts that there are, each behind its name: that a machine wrote the text, that
    a reply goes to everyone (the one level that changes what goes out), then of each image its SHA-256 and its alt
    text. What has none of them has the digest it always had. A missing part counts as absent, not as empty.
    X takes handles in any case, and tells us a person's own spelling only once they wrote: it counts in small letters.
    """
    recipient = recipient.lower() if recipient is not None else None
    digest = hashlib.sha256(b"govern/content/v1")
    parts = [None if part is None else part.encode() for part in (account, kind.value, in_reply_to, recipient, text)]
    if made_with_ai:
        parts += [b"made_with_ai"]
    if kind is Kind.REPLY and reply_level is ReplyLevel.EVERYONE:
        parts += [b"reply_level", reply_level.value.encode()]
    for each in images:
        parts += [b"image", each.digest, each.alt_text.encode()]
    for data in parts:
        digest.update(b"-" if data is None else str(len(data)).encode() + b":" + data)
    return digest.digest()
