"""Parts of a message as programs name them: its revision, its images, who will see an answer."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import msgspec

from govern.domain.media import Attachment
from govern.domain.messages import ReplyLevel

Level = Annotated[
    ReplyLevel,
    msgspec.Meta(
        description="Of a reply, who will see it: `private` invites to a DM, `everyone` is a post that begins with `.@` "
        "and the handle; a quote is for everyone"
    ),
]
Revision = Annotated[int, msgspec.Meta(ge=1, le=1_000_000, description="The revision you read.")]
AltText = Annotated[str, msgspec.Meta(max_length=10_000)]


class RevisionInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which revision is meant."""

    revision: Revision


class AttachmentInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An uploaded image, with what people read who do not see it: 1 to 1,000 characters."""

    id: UUID
    alt_text: AltText


Attachments = Annotated[
    tuple[AttachmentInput, ...],
    msgspec.Meta(max_length=10, description="Up to four images in their order; one GIF, or one image of a DM, alone"),
]


def attachments(given: Sequence[AttachmentInput]) -> tuple[Attachment, ...]:
    return tuple(Attachment(id=each.id, alt_text=each.alt_text) for each in given)
