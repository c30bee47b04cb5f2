"""Counting, links and escaping."""

import pytest

from govern.sandbox.text import shown, weighted_length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("hello", 5),
        ("e\u0301", 1),
        ("語", 2),
        ("ツイート", 8),
        ("Привет", 6),
        ("🙂", 2),
        ("👍🏽", 2),
        ("👩‍👩‍👧‍👦", 2),
        ("🇫🇷", 2),
        ("1️⃣", 2),
        ("☕️", 2),
        ("https://example.com", 23),
        ("example.com", 23),
        ("see https://example.com/a/very/long/path?with=a&query=too#and-more, now", 23 + 9),
        ("(https://example.com/a_(b))", 25),
        ("mail me@example.com", 19),
        ("end.Then", 8),
        ("v1.2.3", 6),
    ],
)
def test_a_text_weighs_what_x_says(text: str, length: int) -> None:
    assert weighted_length(text) == length


def test_the_same_link_has_the_same_t_co() -> None:
    first, second = shown("https://example.com https://example.com")[1]
    assert first["url"] == second["url"]
    assert first["start"] < second["start"]


def test_positions_hold_in_the_escaped_text() -> None:
    text, urls = shown("<&> example.com & https://example.org/x.")
    assert [text[url["start"] : url["end"]] for url in urls] == [url["url"] for url in urls]
    assert [url["expanded_url"] for url in urls] == ["http://example.com", "https://example.org/x"]
    assert text.startswith("&lt;&amp;&gt; https://t.co/")
    assert text.endswith(".")
