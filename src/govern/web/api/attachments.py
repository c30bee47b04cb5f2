"""Images as programs name them in a message."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import msgspec

from govern.domain.media import Attachment

AltText = Annotated[str, msgspec.Meta(max_length=10_000)]


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
