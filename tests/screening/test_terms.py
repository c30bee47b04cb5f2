"""Both matchers find the same, whatever the terms and the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.screening.normalise import fold
from govern.screening.terms import Matching, NativeMatcher, PureMatcher, Term, TermHit, matcher, parse_term

LETTERS = st.text(alphabet="abé0", min_size=1, max_size=3)
TERMS = st.lists(st.tuples(LETTERS, st.booleans()), min_size=1, max_size=3)
RULES = st.lists(st.tuples(st.sampled_from("XYZ"), TERMS), max_size=8)
TEXTS = st.text(alphabet="abé0 '-.\n", max_size=60)


def term(words: list[tuple[str, bool]]) -> Term:
    return parse_term(" ".join(word + ("*" if is_stem else "") for word, is_stem in words))


@given(RULES, TEXTS)
def test_native_and_pure_matcher_give_the_same_hits(rules: list[tuple[str, list[tuple[str, bool]]]], text: str) -> None:
    terms = [(rule, term(words)) for rule, words in rules]
    folded = fold(text).text
    assert NativeMatcher(terms).find(folded) == PureMatcher(terms).find(folded)


@pytest.mark.parametrize("matching", Matching)
def test_hits_come_by_place_then_rule_and_the_longest_of_a_rule_wins(matching: Matching) -> None:
    terms = [("B", "vente"), ("A", "vente privée"), ("A", "vente"), ("C", "priv*"), ("A", "privée sur place")]
    found = matcher(((rule, parse_term(text)) for rule, text in terms), matching).find("vente - privees, vente-privee")
    assert found == [
        TermHit(0, 5, "A"),
        TermHit(0, 5, "B"),
        TermHit(8, 15, "C"),
        TermHit(17, 29, "A"),
        TermHit(17, 22, "B"),
        TermHit(23, 29, "C"),
    ]


@pytest.mark.parametrize("matching", Matching)
def test_matcher_without_terms_and_text_without_words_find_nothing(matching: Matching) -> None:
    assert matcher([], matching).find("une vente") == []
    assert matcher([("A", parse_term("vente"))], matching).find(" . ") == []
