"""Pictures are what their bytes say, and go out without what was written beside them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.domain.attachments import BadMediaType, MediaTooLarge
from govern.domain.images import read_image
from govern.domain.images.picture import orientation_of
from govern.domain.media import MAX_GIF, MAX_IMAGE, MediaType
from tests.pictures import (
    EXIF_TURNED,
    JFIF,
    PLACE,
    chunk,
    exif,
    extended,
    gif,
    jpeg,
    lossless,
    png,
    riff,
    segment,
    webp,
)

LOSSY = riff(b"VP8 ", b"\0\0\0\x9d\x01\x2a\x08\0\x06\0\0\0")
ANIMATED = (0x02, riff(b"ANIM", bytes(6)), riff(b"ANMF", bytes(16)))
WHOLE = {
    MediaType.PNG: png(),
    MediaType.JPEG: jpeg(),
    MediaType.GIF: gif(),
    MediaType.WEBP: webp(),
}
NOTED = {
    "png text": png(extra=(chunk(b"tEXt", b"Comment\0" + PLACE),)),
    "png compressed text": png(extra=(chunk(b"zTXt", PLACE), chunk(b"iTXt", PLACE))),
    "png exif and time": png(extra=(chunk(b"eXIf", PLACE), chunk(b"tIME", PLACE))),
    "png behind its end": png() + PLACE,
    "jpeg exif": jpeg(extra=(exif(),)),
    "jpeg xmp": jpeg(extra=(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + PLACE),)),
    "jpeg iptc": jpeg(extra=(segment(0xED, b"Photoshop 3.0\0" + PLACE),)),
    "jpeg comment": jpeg(extra=(segment(0xFE, PLACE),)),
    "jpeg thumbnail": jpeg(extra=(segment(0xE0, b"JFXX\0" + PLACE),)),
    "jpeg behind its end": jpeg(behind=PLACE),
    "gif comment": gif(extra=b"\x21\xfe" + bytes((len(PLACE),)) + PLACE + b"\0"),
    "gif xmp": gif(extra=b"\x21\xff\x0bXMP DataXMP" + bytes((len(PLACE),)) + PLACE + b"\0"),
    "gif behind its end": gif(behind=PLACE),
    "webp exif and xmp": webp(extended(0x0C), lossless(), riff(b"EXIF", PLACE), riff(b"XMP ", PLACE)),
    "webp of no extension": webp(lossless(), riff(b"EXIF", PLACE)),
    "webp behind its end": webp() + PLACE,
}


@pytest.mark.parametrize("media_type", list(MediaType))
def test_a_clean_picture_stays_as_it_is_to_the_byte(media_type: MediaType) -> None:
    read = read_image(WHOLE[media_type])
    assert (read.media_type, read.width, read.height) == (media_type, 8, 6)
    assert read.content == WHOLE[media_type]


@pytest.mark.parametrize("noted", list(NOTED))
def test_what_is_written_beside_the_picture_is_left_out(noted: str) -> None:
    assert PLACE in NOTED[noted]
    read = read_image(NOTED[noted])
    assert PLACE not in read.content
    assert read_image(read.content).content == read.content


def test_a_picture_taken_sideways_stays_so_and_nothing_else_is_kept_of_the_camera() -> None:
    turned = read_image(jpeg(8, 6, extra=(exif(),)))
    assert (turned.width, turned.height) == (6, 8)
    assert len(turned.content) == len(jpeg()) + 36
    at = turned.content.index(b"Exif\0\0") + 6
    assert orientation_of(turned.content[at:]) == 6
    upright = EXIF_TURNED.replace(b"\x06\0", b"\x01\0")
    assert b"Exif" not in read_image(jpeg(extra=(exif(upright),))).content


def test_a_webp_taken_sideways_stays_so() -> None:
    turned = read_image(webp(extended(0x08), lossless(), riff(b"EXIF", EXIF_TURNED + PLACE)))
    assert (turned.width, turned.height) == (6, 8)
    assert PLACE not in turned.content
    assert read_image(turned.content) == turned


def test_colours_are_kept() -> None:
    profile = segment(0xE2, b"ICC_PROFILE\0\x01\x01sRGB")
    adobe = segment(0xEE, b"Adobe\0\x64\0\0\0\0\x01")
    for whole in (jpeg(extra=(profile, adobe)), png(extra=(chunk(b"gAMA", bytes(4)), chunk(b"iCCP", b"x\0\0y")))):
        assert read_image(whole).content == whole


def test_an_animated_png_becomes_its_first_picture() -> None:
    moving = png(extra=(chunk(b"acTL", bytes(8)), chunk(b"fcTL", bytes(26))))
    assert read_image(moving).content == png()


def test_sizes_of_lossy_and_extended_webp() -> None:
    assert [
        (each.width, each.height) for each in map(read_image, (webp(LOSSY), webp(extended(0, 300, 200), LOSSY)))
    ] == [
        (8, 6),
        (300, 200),
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"this is no image",
        b"%PDF-1.7",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"BM" + bytes(60),
        b"\0\0\0\x18ftypmp42" + bytes(40),
        webp(extended(ANIMATED[0]), *ANIMATED[1:]),
        webp(extended(ANIMATED[0]), lossless()),
        png()[:-20],
        png().replace(b"IDAT", b"IDAX"),
        png(extra=(chunk(b"ABCD", b""),)),
        b"\x89PNG\r\n\x1a\n" + chunk(b"IEND", b""),
        png(0, 6),
        jpeg()[:-2],
        jpeg()[:30],
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8" + JFIF + b"\xff\xd8\xff\xd9",
        gif()[:-1],
        gif(frames=0),
        b"GIF88a" + gif()[6:],
        gif().replace(b"\x2c", b"\x2d"),
        webp()[:-4],
        webp(lossless(), LOSSY),
        webp(LOSSY, extended()),
        webp(riff(b"ALPH", b"")),  # codespell:ignore alph
    ],
)
def test_what_is_no_whole_picture_of_the_four_types_is_refused(content: bytes) -> None:
    with pytest.raises(BadMediaType) as refused:
        read_image(content)
    assert refused.value.code == "media.bad_type"


def test_more_bytes_or_pixels_than_x_takes_are_refused() -> None:
    padded = png(extra=(chunk(b"iCCP", bytes(MAX_IMAGE)),))
    for content in (padded, png(8193, 1), bytes(MAX_GIF + 1)):
        with pytest.raises(MediaTooLarge) as refused:
            read_image(content)
        assert refused.value.code == "media.too_large"
    large = gif(extra=b"".join(CONTROL_AND_FRAME for _ in range(280_000)))
    assert MAX_IMAGE < len(large) < MAX_GIF
    assert read_image(large).media_type is MediaType.GIF


CONTROL_AND_FRAME = gif()[-24:-1]


def test_what_only_its_notes_make_too_large_goes() -> None:
    assert read_image(jpeg(extra=(segment(0xFE, bytes(60_000)),) * 90)).content == jpeg()


@given(st.sampled_from(list(MediaType)), st.data())
def test_a_damaged_picture_is_refused_or_read_and_never_anything_else(
    media_type: MediaType, data: st.DataObject
) -> None:
    whole = bytearray(WHOLE[media_type])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    for content in (bytes(whole), cut):
        try:
            read = read_image(content)
        except (BadMediaType, MediaTooLarge):
            continue
        assert read_image(read.content).content == read.content
