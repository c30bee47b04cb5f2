"""Images: kept once and clean, shown to who may see a message with them, and part of what is approved."""

import hashlib
from uuid import uuid4

import asyncpg
import pytest

from govern.database import rows
from govern.domain.attachments import BadMediaType, MediaTooLarge, TooManyMedia, TooManyUnused, UnknownMedia
from govern.domain.media import MAX_UNUSED, Attachment, MediaType
from govern.domain.members import Actor
from govern.domain.messages import Kind, Message
from govern.services.copying import copy_message
from govern.services.media import list_media, read_media, upload_media
from govern.services.message_views import list_revisions
from govern.services.messages import revise_message
from govern.tables import Media, RevisionMedia
from tests.asserts import actions, assert_audited, assert_denied, assert_nothing_changed, assert_refused, race
from tests.factories import NOW, make_image, receive_dm
from tests.pictures import PLACE, exif, gif, jpeg, png
from tests.services.conftest import LATER, Office


async def upload(office: Office, by: Actor, content: bytes | None = None) -> Attachment:
    return await make_image(by, content, access=office.access)


async def read(office: Office, image: Attachment, by: Actor) -> bytes:
    return (await read_media(image.id, actor=by, access=office.access, now=LATER)).content


async def revise(office: Office, message: Message, by: Actor, *images: Attachment) -> Message:
    return await revise_message(
        message.id,
        text=message.revision.text,
        revision=message.revision.number,
        images=images,
        actor=by,
        access=office.access,
        now=LATER,
    )


async def test_an_image_is_kept_without_what_the_camera_wrote_and_its_upload_is_recorded(office: Office) -> None:
    media = await upload_media(jpeg(extra=(exif(),)), actor=office.people.ana, access=office.access, now=NOW)
    (row,) = rows(await Media.select())
    assert PLACE not in row["content"]
    assert row["sha256"] == hashlib.sha256(row["content"]).digest() == media.digest
    assert (media.media_type, media.width, media.height, media.size) == (MediaType.JPEG, 6, 8, len(row["content"]))
    entry = await assert_audited(
        "media.uploaded", digest=media.digest.hex(), media_type="image/jpeg", width=6, height=8
    )
    assert entry["object"] == {"kind": "media", "id": str(media.id)}


async def test_the_same_picture_of_one_member_is_kept_once_and_another_member_learns_nothing(office: Office) -> None:
    people, content = office.people, png()
    results = await race(*[upload_media(content, actor=people.ana, access=office.access, now=NOW) for _ in range(3)])
    assert len({str(result) for result in results}) == 1, results
    assert (await actions()).count("media.uploaded") == 1
    theirs = await upload_media(content, actor=people.noa, access=office.access, now=NOW)
    assert theirs.id != results[0].id  # type: ignore[attr-defined]  # race gives what each returned
    assert (await actions()).count("media.uploaded") == 2


@pytest.mark.parametrize(("content", "wrong"), [(b"%PDF-1.7", BadMediaType), (png(9000, 1), MediaTooLarge)])
async def test_what_x_would_not_take_is_not_kept(
    office: Office, owner: asyncpg.Connection, content: bytes, wrong: type[BadMediaType] | type[MediaTooLarge]
) -> None:
    async with assert_refused(wrong, owner):
        await upload(office, office.people.ana, content)


async def test_who_writes_nowhere_uploads_nothing(office: Office, owner: asyncpg.Connection) -> None:
    for by in (office.people.vera, office.people.ada, office.people.cleo):
        async with assert_denied(owner, by, "message.write_post"):
            await upload(office, by)


async def test_nobody_fills_the_database_with_images_of_no_message(office: Office, owner: asyncpg.Connection) -> None:
    used = await upload(office, office.people.ana)
    await office.write(office.people.ana, images=[used])
    for _ in range(MAX_UNUSED):
        await upload(office, office.people.ana)
    async with assert_refused(TooManyUnused, owner):
        await upload(office, office.people.ana)
    await upload(office, office.people.bo)


async def test_an_image_is_seen_by_who_uploaded_it_and_who_may_read_a_message_with_it(office: Office) -> None:
    people = office.people
    image = await upload(office, people.ana, png())
    assert await read(office, image, people.ana) == png()
    for by in (people.vera, people.noa):
        with pytest.raises(UnknownMedia):
            await read(office, image, by)
    await office.write(people.ana, images=[image])
    assert await read(office, image, people.vera) == png()
    assert await read(office, image, people.mia) == png()
    said = set()
    for which in (image, Attachment(id=uuid4(), alt_text="")):
        with pytest.raises(UnknownMedia) as refused:
            await read(office, which, people.noa)
        said.add((refused.value.code, str(refused.value).replace(str(which.id), "")))
    assert len(said) == 1


async def test_an_image_of_a_private_message_is_seen_by_who_reads_those_and_that_is_recorded(office: Office) -> None:
    people = office.people
    await receive_dm(people.help)
    image = await upload(office, people.leo)
    await office.write(people.leo, kind=Kind.DM, recipient="marion", text="Your parcel.", images=[image])
    await read(office, image, people.leo)
    assert "conversation.dm_read" not in await actions()
    with pytest.raises(UnknownMedia):
        await read(office, image, people.vera)
    await read(office, image, people.mia)
    await assert_audited("conversation.dm_read", actor=people.mia.id, messages=1)


async def test_nobody_puts_an_image_into_a_message_that_they_may_not_see(
    office: Office, owner: asyncpg.Connection
) -> None:
    image = await upload(office, office.people.noa)
    for which in (image, Attachment(id=uuid4(), alt_text="A parcel")):
        async with assert_refused(UnknownMedia, owner):
            await office.write(office.people.ana, images=[which])
    assert await list_media([image.id], actor=office.people.ana, access=office.access) == {}


async def test_a_gif_stands_alone(office: Office, owner: asyncpg.Connection) -> None:
    moving, still = await upload(office, office.people.ana, gif()), await upload(office, office.people.ana)
    async with assert_refused(TooManyMedia, owner):
        await office.write(office.people.ana, images=[still, moving])
    alone = await office.write(office.people.ana, images=[moving])
    assert alone.revision.images[0].media_type is MediaType.GIF


async def test_images_come_with_their_revision_in_their_order_and_its_entry_names_them(office: Office) -> None:
    images = [await make_image(office.people.ana, access=office.access, alt_text=f"Picture {at}") for at in (1, 2, 3)]
    message = await office.write(office.people.ana, images=images[::-1], submit=False)
    assert [(each.position, each.alt_text) for each in message.revision.images] == [
        (1, "Picture 3"),
        (2, "Picture 2"),
        (3, "Picture 1"),
    ]
    digests = [each.digest.hex() for each in message.revision.images]
    await assert_audited("message.drafted", digest=message.revision.digest.hex(), images=digests)


async def test_another_alt_text_order_or_number_of_images_is_another_revision(
    office: Office, owner: asyncpg.Connection
) -> None:
    ana = office.people.ana
    one, two = [await upload(office, ana) for _ in range(2)]
    message = await office.write(ana, images=[one, two], submit=False)
    async with assert_nothing_changed(owner):
        assert await revise(office, message, ana, one, two) == message
    seen = {message.revision.digest}
    for images in ([two, one], [one], [], [one, Attachment(id=two.id, alt_text="Another text")]):
        message = await revise(office, message, ana, *images)
        assert [(each.id, each.alt_text) for each in message.revision.images] == [
            (each.id, each.alt_text) for each in images
        ]
        seen.add(message.revision.digest)
    assert len(seen) == 5
    assert [len(each.images) for each in await list_revisions(message.id)] == [2, 2, 1, 0, 2]


async def test_a_new_text_an_edit_by_the_approver_and_a_copy_keep_the_images(office: Office) -> None:
    people = office.people
    image = await upload(office, people.ana)
    message = await office.write(people.ana, images=[image])
    approved = await office.approve(message, people.mia, text="The workshop opens at eleven.")
    assert approved.revision.number == 2
    assert approved.revision.images == message.revision.images
    await office.undo(approved, people.mia)
    revised = await office.revise(approved, "It opens at noon.", people.ana)
    assert revised.revision.images == message.revision.images
    copy = await copy_message(message.id, actor=people.bo, access=office.access, now=LATER)
    assert copy.revision.images == message.revision.images


async def test_a_committed_revision_gains_and_loses_no_image(office: Office, owner: asyncpg.Connection) -> None:
    image = await upload(office, office.people.ana)
    message = await office.write(office.people.ana, images=[image])
    other = await upload(office, office.people.ana)
    for statement in (
        f"INSERT INTO revision_media (id, revision, position, media, alt_text) SELECT gen_random_uuid(),"
        f" revision, 2, '{other.id}', 'x' FROM revision_media",
        "UPDATE revision_media SET alt_text = 'x'",
        "DELETE FROM revision_media",
        "UPDATE media SET content = 'x'",
        "DELETE FROM media",
    ):
        async with assert_nothing_changed(owner):
            with pytest.raises(asyncpg.PostgresError):
                await owner.execute(statement)
    assert len(rows(await RevisionMedia.select())) == len(message.revision.images) == 1
