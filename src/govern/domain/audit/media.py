"""What happens to images: they are uploaded, and handed to X before the message that has them."""

from typing import Annotated, ClassVar
from uuid import UUID

from govern.domain.audit.fields import Code, Count, Named, Recorded, Sha256, XId


class MediaUploaded(Recorded, frozen=True, kw_only=True):
    """Somebody uploaded an image; `digest` is of the bytes that were kept. Object: the image."""

    NAME: ClassVar = "media.uploaded"
    EN: ClassVar = "{actor} uploaded an image ({media_type}, {width} x {height})"
    FR: ClassVar = "{actor} a téléversé une image ({media_type}, {width} x {height})"
    digest: Sha256
    media_type: Code
    width: Count
    height: Count
    size: Count


class PublicationMediaUploaded(Recorded, frozen=True, kw_only=True):
    """X holds an image of an approved revision, with its alt text. Object: the message; refs: publication and image."""

    NAME: ClassVar = "publication.media_uploaded"
    EN: ClassVar = "{actor} handed an image of {object} to X"
    FR: ClassVar = "{actor} a remis à X une image de {object}"
    media: Annotated[UUID, Named("media")]
    digest: Sha256
    x_media_id: XId


ACTIONS: tuple[type[Recorded], ...] = (MediaUploaded, PublicationMediaUploaded)
