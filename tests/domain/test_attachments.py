"""What X takes of a draft's images, and who will see an answer."""

from uuid import UUID

import pytest

from govern.domain.attachments import (
    AltTextRequired,
    AltTextTooLong,
    MediaTwice,
    TooManyMedia,
    check_attachments,
)
from govern.domain.drafts import TextUnstorable
from govern.domain.media import Attachment
from govern.domain.messages import Kind, ReplyLevel
from govern.domain.reply_levels import (
    WHO_SEES,
    DotReplyNeeded,
    LevelNotAllowed,
    audience,
    check_dot_reply,
    is_dot_reply,
    level_of,
)
from govern.errors import GovernError


def some(*alt_texts: str) -> list[Attachment]:
    return [Attachment(id=UUID(int=at), alt_text=text) for at, text in enumerate(alt_texts)]


@pytest.mark.parametrize(
    ("kind", "count", "taken"),
    [(Kind.POST, 4, True), (Kind.POST, 5, False), (Kind.REPLY, 4, True), (Kind.DM, 1, True), (Kind.DM, 2, False)],
)
def test_four_images_stand_in_a_post_and_one_in_a_private_message(kind: Kind, count: int, taken: bool) -> None:
    images = some(*["A parcel"] * count)
    if taken:
        check_attachments(kind, images)
    else:
        with pytest.raises(TooManyMedia):
            check_attachments(kind, images)


@pytest.mark.parametrize(
    ("alt_text", "wrong"),
    [
        ("", AltTextRequired),
        (" \n\t", AltTextRequired),
        ("a" * 1001, AltTextTooLong),
        ("a\0b", TextUnstorable),
    ],
)
def test_each_image_has_an_alt_text_that_x_takes(alt_text: str, wrong: type[GovernError]) -> None:
    check_attachments(Kind.POST, some("a" * 1000, "é" * 1000))
    with pytest.raises(wrong) as refused:
        check_attachments(Kind.POST, some("A parcel", alt_text))
    assert refused.value.data["field"] == "media"
    assert refused.value.data.get("position", 2) == 2


def test_an_image_stands_once_in_a_message() -> None:
    with pytest.raises(MediaTwice):
        check_attachments(Kind.POST, [*some("A parcel"), *some("The same")])


def test_a_reply_is_open_unless_said_and_a_quote_is_for_everyone() -> None:
    assert level_of(Kind.REPLY, None) is ReplyLevel.OPEN
    assert {level_of(Kind.REPLY, each) for each in ReplyLevel} == set(ReplyLevel)
    assert level_of(Kind.QUOTE, None) is level_of(Kind.QUOTE, ReplyLevel.EVERYONE) is ReplyLevel.EVERYONE
    assert level_of(Kind.POST, None) is level_of(Kind.DM, None) is None
    for kind, level in ((Kind.QUOTE, ReplyLevel.OPEN), (Kind.POST, ReplyLevel.OPEN), (Kind.DM, ReplyLevel.PRIVATE)):
        with pytest.raises(LevelNotAllowed):
            level_of(kind, level)


def test_a_reply_to_everyone_names_whom_it_answers_behind_a_dot() -> None:
    everyone = (Kind.REPLY, ReplyLevel.EVERYONE)
    assert is_dot_reply(*everyone)
    check_dot_reply(".@Marion we are on it", *everyone, handle="marion")
    check_dot_reply("@marion we are on it", Kind.REPLY, ReplyLevel.OPEN, handle="marion")
    check_dot_reply("See what Marion asks", Kind.QUOTE, ReplyLevel.EVERYONE, handle="marion")
    for text in ("@marion we are on it", "We are on it", ".@leo we are on it", ".@marion_l we are on it"):
        with pytest.raises(DotReplyNeeded, match=r"\.@marion"):
            check_dot_reply(text, *everyone, handle="marion")


def test_who_sees_it_is_said_for_each_kind_and_level_in_both_languages() -> None:
    said = {
        audience(kind, level_of(kind, level))
        for kind in Kind
        for level in (*ReplyLevel, None)
        if kind is Kind.REPLY or level is None
    }
    assert said == set(WHO_SEES)
    assert all(words["en"] and words["fr"] and words["en"] != words["fr"] for words in WHO_SEES.values())
