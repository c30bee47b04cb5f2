"""Handles, slugs and the scopes made of them."""

import pytest

from govern.domain.accounts import SLUG, UnknownHandle, account_scope, brand_scope, parse_handle


@pytest.mark.parametrize(
    ("text", "handle"),
    [("Help", "Help"), ("@Help", "Help"), (" @help_2 ", "help_2"), ("_", "_"), ("a" * 15, "a" * 15)],
)
def test_handle_is_read_with_or_without_its_at(text: str, handle: str) -> None:
    assert parse_handle(text) == handle


@pytest.mark.parametrize("text", ["", "@", "@@Help", "a b", "a-b", "é", "a" * 16, "Help\n@x", "account:Help", "a%"])
def test_what_x_does_not_allow_is_no_handle(text: str) -> None:
    with pytest.raises(UnknownHandle) as refused:
        parse_handle(text)
    assert refused.value.code == "account.bad_handle"


def test_long_text_that_is_no_handle_is_not_repeated_in_full() -> None:
    with pytest.raises(UnknownHandle) as refused:
        parse_handle("x" * 10_000)
    assert len(refused.value.detail) < 150


def test_scopes_say_what_they_are() -> None:
    assert account_scope("Help") == "account:Help"
    assert brand_scope("care") == "brand:care"


@pytest.mark.parametrize(
    ("slug", "fits"),
    [("care", True), ("9-lives", True), ("a" * 39, True), ("a" * 40, False), ("-a", False), ("A", False), ("", False)],
)
def test_slug_is_short_plain_and_small(slug: str, fits: bool) -> None:
    assert (SLUG.fullmatch(slug) is not None) is fits
