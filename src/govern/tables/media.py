from piccolo.columns import UUID, BigInt, Bytea, ForeignKey, Integer, Text, Timestamptz, Varchar
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from govern.domain.media import MediaType
from govern.tables.checks import length, one_of
from govern.tables.member import Member
from govern.tables.message import Revision
from govern.tables.publication import Publication


class Media(Table, tablename="media"):
    """An uploaded image, cleaned, found by its content. Insert only.

    Whoever uploads bytes that are there gets a row of their own: nobody learns from an upload what others have.
    """

    id = UUID(primary_key=True, default=None, null=False)
    sha256 = Bytea(default=None, null=False)
    content = Bytea(default=None, null=False)
    media_type = Varchar(length=10, default=None, null=False)
    width = Integer(default=None, null=False)
    height = Integer(default=None, null=False)
    size = Integer(default=None, null=False)
    uploaded_by = ForeignKey(Member, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    uploaded_at = Timestamptz(default=None, null=False)

    media_content_unique = Unique(["uploaded_by", "sha256"])
    media_type_check = one_of("media_type", MediaType)
    media_sha256_check = Check("sha256 = sha256(content)")
    media_size_check = Check("size = octet_length(content) AND size BETWEEN 1 AND 15728640")
    media_side_check = Check("width BETWEEN 1 AND 8192 AND height BETWEEN 1 AND 8192")


class RevisionMedia(Table, tablename="revision_media"):
    """An image of a revision with its alt text; the revision's digest covers both. Insert only."""

    id = UUID(primary_key=True, default=None, null=False)
    revision = ForeignKey(Revision, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    position = Integer(default=None, null=False)
    media = ForeignKey(Media, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    alt_text = Text(default=None, null=False)

    revision_media_position_unique = Unique(["revision", "position"])
    revision_media_media_unique = Unique(["revision", "media"])
    revision_media_position_check = Check("position BETWEEN 1 AND 4")
    revision_media_alt_text_check = length("alt_text", 1, 1000)


class MediaUpload(Table, tablename="media_upload"):
    """An image that X holds for a publication, with its alt text, for a while. Insert only; the newest counts."""

    id = UUID(primary_key=True, default=None, null=False)
    publication = ForeignKey(
        Publication, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None
    )
    media = ForeignKey(Media, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    x_media_id = BigInt(default=None, null=False)
    uploaded_at = Timestamptz(default=None, null=False)
    use_before = Timestamptz(default=None, null=False)

    media_upload_use_check = Check("use_before > uploaded_at")
