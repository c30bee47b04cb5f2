"""What X takes of a draft's images, and the errors of those it does not take."""

from collections.abc import Sequence
from uuid import UUID

from govern.domain.drafts import check_storable
from govern.domain.media import MAX_ALT, MAX_IMAGES, Attachment, Media, MediaType
from govern.domain.messages import Kind
from govern.errors import N_, Conflict, Invalid, NotFound


class MediaTooLarge(Invalid):
    code = "media.too_large"
    template = N_("{what} is too large: X takes up to {limit}.")


class BadMediaType(Invalid):
    """Also of what breaks off or contradicts itself: such an image looks different to each who reads it."""

    code = "media.bad_type"
    template = N_("This is no image X takes: PNG, JPEG, GIF or WebP (still), whole and unbroken.")


class AltTextRequired(Invalid):
    code = "media.alt_required"
    template = N_("Image {position} needs an alt text: what people see who cannot see it.")


class AltTextTooLong(Invalid):
    code = "media.alt_too_long"
    template = N_("The alt text of image {position} has {length} characters; X takes {limit}.")


class TooManyMedia(Invalid):
    code = "media.too_many"
    template = N_("X takes at most four images in a post, and one in a private message; a GIF stands alone.")


class MediaTwice(Invalid):
    code = "media.twice"
    template = N_("Image {position} is there twice. Remove one.")


class UnknownMedia(NotFound):
    code = "media.unknown"
    template = N_("There is no such image.")


class TooManyUnused(Conflict):
    code = "media.too_many_unused"
    template = N_("{limit} of your images are in no message. Use one of them, or ask for another member's help.")


def check_attachments(kind: Kind, attached: Sequence[Attachment]) -> None:
    """Check the images of a draft, as far as that needs no look at them.

    Raises:
        TooManyMedia, MediaTwice, AltTextRequired, AltTextTooLong, TextUnstorable
    """
    if len(attached) > (1 if kind is Kind.DM else MAX_IMAGES):
        raise TooManyMedia(field="media")
    seen = set[UUID]()
    for position, each in enumerate(attached, start=1):
        if each.id in seen:
            raise MediaTwice(position=position, field="media")
        seen.add(each.id)
        check_alt_text(each.alt_text, position=position)


def check_alt_text(text: str, *, position: int) -> None:
    """Check the alt text of one image.

    Raises:
        AltTextRequired, AltTextTooLong, TextUnstorable
    """
    if not text.strip():
        raise AltTextRequired(position=position, field="media")
    if len(text) > MAX_ALT:
        raise AltTextTooLong(position=position, length=len(text), limit=MAX_ALT, field="media")
    check_storable(text, field="media")


def check_together(found: Sequence[Media]) -> None:
    """Check that these images may stand in one message: a GIF stands alone.

    Raises:
        TooManyMedia
    """
    if len(found) > 1 and any(each.media_type is MediaType.GIF for each in found):
        raise TooManyMedia(field="media")
