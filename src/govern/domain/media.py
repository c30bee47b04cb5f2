"""Images as values: what X takes of them, what a draft says of one, what a revision has.

Limits are X's own (docs.x.com, media best practices): 5 MB an image, 15 MB a GIF, four images a post, one GIF or one
image of a private message, an alt text of 1,000 characters.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

MAX_IMAGE = 5 * 1024 * 1024
MAX_GIF = 15 * 1024 * 1024
MAX_SIDE = 8_192
"""Pixels; more is no picture for a post, and slow for every browser that shows it."""
MAX_IMAGES = 4
MAX_ALT = 1_000
MAX_UNUSED = 100
"""Images a member may have that no revision uses: what nobody needs does not fill the database."""


class MediaType(StrEnum):
    """What an image is, by its bytes."""

    PNG = "image/png"
    """Without animation."""
    JPEG = "image/jpeg"
    """Turned as it was taken."""
    GIF = "image/gif"
    """Animated or not, it stands alone."""
    WEBP = "image/webp"
    """Without animation: X shows none."""

    @property
    def most_bytes(self) -> int:
        return MAX_GIF if self is MediaType.GIF else MAX_IMAGE


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """An uploaded image as a draft uses it."""

    id: UUID
    alt_text: str


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """An image of a revision. `digest` is the SHA-256 of its bytes."""

    id: UUID
    position: int
    digest: bytes
    media_type: MediaType
    width: int
    height: int
    size: int
    """Bytes."""
    alt_text: str


class Media(msgspec.Struct, frozen=True, kw_only=True):
    """An uploaded image, without its bytes."""

    id: UUID
    digest: bytes
    media_type: MediaType
    width: int
    height: int
    size: int
    uploaded_at: datetime
