"""Matching what X shows: true for all X does to a text of ours, false for any other text."""

import unicodedata
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from govern.domain.matching import MARGIN, Seen, Sought, floor_of, matches
from govern.xapi.answers import Post, to_own_post
from govern.xapi.client import OwnPost
from govern.xapi.snowflake import snowflake_floor, snowflake_time

AT = datetime(2026, 11, 22, 13, tzinfo=UTC)
LINKS = (
    "https://example.com/a?b=1&c=2",
    "http://Example.org",
    "example.com/Path",
    "www.Example.net?x=<1>",
    "t.example",
)
SPACES = st.sampled_from([" ", "\n", "\n\n", " — ", ", "])
plain = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n", exclude_characters="/.@:"), max_size=40
)
texts = st.lists(st.one_of(plain, st.sampled_from(LINKS)), min_size=1, max_size=6).flatmap(
    lambda parts: st.lists(SPACES, min_size=len(parts), max_size=len(parts)).map(
        lambda spaces: "".join(part + space for part, space in zip(parts, spaces, strict=True))
    )
)


def shown(sought: Sought, *, lead: str = "", quoted: str = "77") -> Seen:
    """Do to a text what X does: normal form, t.co, escapes, mentions in front, links behind; then read it as we do."""
    text = unicodedata.normalize("NFC", sought.text).strip()
    urls = []
    for number, link in enumerate(sorted(LINKS, key=len, reverse=True)):
        short = f"https://t.co/link{number}"
        address = link if "://" in link else f"http://{link}"
        scheme, _, rest = address.partition("://")
        host, slash, path = rest.partition("/")
        urls.append({"url": short, "expanded_url": f"{scheme}://{host.lower()}{slash}{path}"})
        text = text.replace(link, short)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if sought.quote_of is not None:
        urls.append({"url": "https://t.co/quoted", "expanded_url": f"https://x.com/Marion/status/{sought.quote_of}"})
        text += " https://t.co/quoted"
    if sought.media:
        urls.append({"url": "https://t.co/photo", "expanded_url": "https://x.com/Help/status/9/photo/1"})
        text += " https://t.co/photo"
    refs = [("replied_to", sought.in_reply_to), ("quoted", sought.quote_of)]
    post = {
        "id": "99",
        "text": (lead + text).strip(),
        "author_id": "11",
        "referenced_tweets": [{"type": kind, "id": x_id} for kind, x_id in refs if x_id],
        "entities": {"urls": urls},
        "attachments": {"media_keys": [f"3_{n}" for n in range(sought.media)]},
    }
    return of(to_own_post(msgspec.convert(post, Post)))


def of(post: OwnPost) -> Seen:
    return Seen(
        x_id=post.x_id,
        text=post.text,
        at=post.created_at,
        links=post.links,
        in_reply_to=post.in_reply_to,
        quote_of=post.quote_of,
        media=post.media,
    )


slow = settings(deadline=None)
"""It is a busy machine that is slow here, not the text."""
soughts = st.builds(
    Sought,
    text=texts,
    in_reply_to=st.sampled_from([None, "17"]),
    quote_of=st.sampled_from([None, "18"]),
    media=st.integers(0, 4),
)


@slow
@given(soughts, st.sampled_from(["", "@marion ", "@marion @Help_2 "]))
@example(Sought(text="AT&T &amp; <b>"), "")
@example(Sought(text="Cafe\u0301"), "")
@example(Sought(text="@marion thanks", in_reply_to="17"), "")
@example(Sought(text="see Example.org", media=1), "")
@example(Sought(text="", media=2), "")
def test_what_x_makes_of_a_text_is_that_text(sought: Sought, lead: str) -> None:
    assert matches(sought, shown(sought, lead=lead if sought.in_reply_to else ""))


def same(one: str, other: str) -> bool:
    """Whether two texts are one and the same for X: their forms, and how their links are typed."""

    def bare(text: str) -> str:
        found = unicodedata.normalize("NFC", text).strip()
        for link in LINKS:
            address = link.partition("://")[2] or link
            found = found.replace(link, address.lower() if "/" not in address else address)
        return found

    return bare(one) == bare(other)


@slow
@given(soughts, texts)
def test_any_other_text_is_another_post(sought: Sought, other: str) -> None:
    assume(not same(sought.text, other))
    assert not matches(sought, shown(msgspec.structs.replace(sought, text=other)))


@slow
@given(soughts, plain.map(str.strip).filter(bool), st.data())
def test_a_single_character_makes_another_post(base: Sought, text: str, data: st.DataObject) -> None:
    sought = msgspec.structs.replace(base, text=text)
    at = data.draw(st.integers(0, len(text) - 1))
    other = text[:at] + ("b" if text[at] == "a" else "a") + text[at + 1 :]
    assume(not same(text, other))
    assert not matches(sought, shown(msgspec.structs.replace(sought, text=other)))


BASE = Sought(text="On its way.", in_reply_to="17")


@pytest.mark.parametrize(
    "change",
    [
        {"in_reply_to": None},
        {"in_reply_to": "18"},
        {"quote_of": "17"},
        {"media": 1},
        {"in_reply_to": None, "quote_of": "17"},
    ],
)
def test_same_text_elsewhere_is_another_post(change: dict[str, object]) -> None:
    assert matches(BASE, shown(BASE))
    assert not matches(BASE, shown(msgspec.structs.replace(BASE, **change)))


def test_what_the_other_side_of_a_thread_wrote_is_never_ours() -> None:
    assert not matches(Sought(text="Hello"), msgspec.structs.replace(shown(Sought(text="Hello")), ours=False))


@pytest.mark.parametrize(
    ("ours", "seen"),
    [
        ("@ben hello", "@marion hello"),
        ("hello", "hello https://example.com/a"),
        ("hello https://example.com/a", "hello"),
        ("see https://example.com/A", "see https://example.com/a"),
        ("see https://example.com/a", "see https://example.org/a"),
        ("Hello", "hello"),
        ("a.*b", "a123b"),
    ],
)
def test_nearly_the_same_is_not_the_same(ours: str, seen: str) -> None:
    links = tuple(part for part in seen.split() if "://" in part)
    found = Seen(x_id="1", text=seen, at=AT, links=links, in_reply_to="17")
    assert not matches(Sought(text=ours, in_reply_to="17"), found)


def test_link_typed_without_its_scheme_or_in_another_case_is_the_same() -> None:
    seen = Seen(x_id="1", text="see http://example.com/ now", at=AT, links=("http://example.com/",))
    for typed in ("example.com", "EXAMPLE.com/", "https://Example.Com"):
        assert matches(Sought(text=f"see {typed} now"), seen)


def test_long_text_of_many_links_is_matched_at_once() -> None:
    text = " ".join(["word", *LINKS] * 400)
    assert matches(Sought(text=text), shown(Sought(text=text)))
    assert not matches(Sought(text=text + "!"), shown(Sought(text=text)))


@given(
    st.datetimes(datetime(2011, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),
    st.timedeltas(timedelta(minutes=-20), timedelta(minutes=20)),
    st.timedeltas(timedelta(0), timedelta(minutes=10)),
)
def test_nothing_made_after_the_attempt_began_is_below_the_floor(
    started: datetime, behind: timedelta, later: timedelta
) -> None:
    made = snowflake_floor(started - behind + later)
    floor = floor_of(started, behind)
    assert int(made) + 1 > int(snowflake_floor(floor))
    assert floor <= started - MARGIN
    assert snowflake_time(snowflake_floor(floor)) <= floor
