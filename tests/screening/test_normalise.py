"""The folded view and what is found in it. Look-alike letters stand here on purpose."""
# ruff: noqa: RUF001

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.screening.disguise import disguise
from govern.screening.findings import Via
from govern.screening.normalise import fold
from govern.screening.patterns import Pattern
from govern.screening.terms import PureMatcher, parse_term


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Été À MOITIÉ PRIX", "ete a moitie prix"),
        ("l’offre – d\u00a0été", "l'offre - d ete"),
        ("a  \t b\r\nc", "a b \nc"),
        ("so\u200bldes", "soldes"),
        ("𝐒𝐨𝐥𝐝𝐞𝐬", "soldes"),
        ("ｐｒｏｍｏ", "promo"),
        ("рrоmо", "promo"),
        ("привет", "привет"),
        ("cœur", "coeur"),
        ("٣ ４", "3 4"),
        ("e\u0301te\u0301", "ete"),
        ("a\u3164b", "a b"),
        ("50\u202f€", "50 €"),
    ],
)
def test_folds(text: str, folded: str) -> None:
    assert fold(text).text == folded


def test_plain_text_keeps_its_positions() -> None:
    assert fold("Hello World").origins is None


def test_span_points_into_the_original_with_its_marks() -> None:
    text = "👍 un e\u0301te\u0301 ici"
    view = fold(text)
    start = view.text.index("ete")
    begin, end = view.span(start, start + 3)
    assert text[begin:end] == "e\u0301te\u0301"


def test_span_of_a_ligature_covers_it_whole() -> None:
    view = fold("é ﬁn")
    assert view.span(view.text.index("i"), view.text.index("i") + 1) == (2, 3)


@given(st.text(), st.data())
def test_every_span_of_the_view_lies_in_the_original(text: str, data: st.DataObject) -> None:
    view = fold(text)
    if view.text:
        start = data.draw(st.integers(0, len(view.text) - 1))
        begin, end = view.span(start, data.draw(st.integers(start + 1, len(view.text))))
        assert 0 <= begin < end <= len(text)


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str) -> None:
    once = fold(text).text
    assert fold(once).text == once


@pytest.mark.parametrize(
    ("original", "via"),
    [
        ("promo", None),
        ("été", None),
        ("1\u202f000 €", None),
        ("pro\u200bmo", Via.ZERO_WIDTH),
        ("рromo", Via.HOMOGLYPH),
        ("𝐩romo", Via.STYLED),
        ("coupe-vent\u00ad", None),
    ],
)
def test_names_the_disguise(original: str, via: Via | None) -> None:
    assert disguise(original) is via


def hits(text: str, *terms: str) -> list[str]:
    view = fold(text)
    matcher = PureMatcher(("rule", parse_term(term)) for term in terms)
    return [text[slice(*view.span(hit.start, hit.end))] for hit in matcher.find(view.text)]


def test_terms_match_whole_words_only() -> None:
    assert hits("Une promotion en promo", "promo") == ["promo"]


def test_stems_take_endings_of_up_to_five_letters() -> None:
    assert hits("rembourser, remboursement, remboursements", "rembours*") == ["rembourser", "remboursement"]


def test_words_of_a_term_may_be_joined_by_blank_apostrophe_or_dash_but_not_by_a_stop() -> None:
    assert hits("Avant-première. Avant. Première", "avant première") == ["Avant-première"]


def test_longest_term_of_a_rule_wins() -> None:
    assert hits("une vente privée", "vente", "vente privée") == ["vente privée"]


def test_no_terms_find_nothing() -> None:
    assert hits("une vente privée") == []


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("(a", "RE2 rejects"),
        ("a(?=b)", "RE2 rejects"),
        (r"(a)\1", "RE2 rejects"),
        ("été", "accents"),
        (r"\S", "capitals"),
        ("a" * 501, "500"),
        ("a{2,101}", "100"),
        ("(?P<x>a)(?P<x>b)", "twice"),
    ],
)
def test_bad_patterns_are_refused_with_their_reason(source: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Pattern(source)


def test_patterns_give_positions_in_code_points() -> None:
    assert list(Pattern(r"\d+ ?€").find("voilà 😀 20 € et 3€")) == [(8, 12), (16, 18)]
