"""The digest that an approval binds to: every part of what goes out, and nothing else."""

import hashlib
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from govern.domain.content import content_digest
from govern.domain.media import Image, MediaType
from govern.domain.messages import Kind, ReplyLevel

PARTS: dict[str, object] = {
    "account": "Help",
    "kind": Kind.REPLY,
    "text": "On its way.",
    "in_reply_to": "17",
    "recipient": None,
}


def digest(**changes: object) -> bytes:
    return content_digest(**(PARTS | changes))  # type: ignore[arg-type]  # each part has its type above


def image(content: bytes = b"a", alt_text: str = "A parcel") -> Image:
    return Image(
        id=UUID(int=1),
        position=1,
        digest=hashlib.sha256(content).digest(),
        media_type=MediaType.PNG,
        width=1,
        height=1,
        size=1,
        alt_text=alt_text,
    )


@pytest.mark.parametrize(
    "change",
    [
        {"account": "News"},
        {"kind": Kind.QUOTE},
        {"text": "On its way"},
        {"text": "On its way.\u200b"},
        {"in_reply_to": "18"},
        {"in_reply_to": None},
        {"recipient": "marion"},
        {"made_with_ai": True},
        {"reply_level": ReplyLevel.EVERYONE},
        {"images": [image()]},
    ],
)
def test_digest_changes_with_every_part_an_approval_binds_to(change: dict[str, object]) -> None:
    assert digest(**change) != digest()
    assert len(digest(**change)) == 32


def test_digest_tells_an_absent_part_from_an_empty_one() -> None:
    assert digest(recipient=None) != digest(recipient="")
    assert digest(in_reply_to=None) != digest(in_reply_to="")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"recipient": "ab", "text": "c"}, {"recipient": "a", "text": "bc"}),
        ({"in_reply_to": "1", "recipient": "23"}, {"in_reply_to": "12", "recipient": "3"}),
        ({"recipient": None, "text": "x"}, {"recipient": "", "text": "-1:x"}),
        ({"recipient": "a", "text": "1:b"}, {"recipient": "a1:", "text": "b"}),
        ({"made_with_ai": True}, {"text": "On its way.12:made_with_ai"}),
        ({"images": [image(b"a"), image(b"b")]}, {"images": [image(b"b"), image(b"a")]}),
        ({"images": [image(alt_text="A")]}, {"images": [image(alt_text="a")]}),
        ({"images": [image()]}, {"images": [image(), image()]}),
        ({"images": [image(alt_text="x5:image")]}, {"images": [image(alt_text="x")]}),
    ],
)
def test_digest_cannot_be_matched_by_moving_text_between_parts(
    one: dict[str, object], other: dict[str, object]
) -> None:
    assert digest(**one) != digest(**other)


def test_digest_takes_a_handle_as_x_does_in_any_case() -> None:
    assert digest(kind=Kind.DM, in_reply_to=None, recipient="Marion_L") == digest(
        kind=Kind.DM, in_reply_to=None, recipient="marion_l"
    )


words = st.text(max_size=12)


@given(st.tuples(words, words | st.none(), words | st.none()), st.tuples(words, words | st.none(), words | st.none()))
def test_digests_agree_only_where_all_parts_do(
    one: tuple[str, str | None, str | None], other: tuple[str, str | None, str | None]
) -> None:
    def of(parts: tuple[str, str | None, str | None]) -> bytes:
        return digest(text=parts[0], in_reply_to=parts[1], recipient=parts[2])

    def read(parts: tuple[str, str | None, str | None]) -> tuple[str, str | None, str | None]:
        return parts[0], parts[1], parts[2].lower() if parts[2] is not None else None

    assert (of(one) == of(other)) == (read(one) == read(other))


def test_what_has_no_later_part_has_the_digest_it_always_had() -> None:
    before = hashlib.sha256(b"govern/content/v1" + b"4:Help" + b"5:reply" + b"2:17" + b"-" + b"11:On its way.").digest()
    assert digest() == digest(reply_level=ReplyLevel.OPEN) == digest(reply_level=ReplyLevel.PRIVATE) == before


def test_where_an_image_was_kept_is_no_part_of_what_was_approved() -> None:
    assert digest(images=[image()]) == digest(images=[replace(image(), id=UUID(int=2), position=3)])
