"""Texts with letters apart and with signs for letters, read as they are meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.screening.normalise import fold
from govern.screening.views import MIN_HIDDEN, read

WORDS = frozenset({"vente", "privee", "le", "soldes", "livraison", "offerte", "stop", "see", "the"})


def freed(text: str) -> str:
    return read(fold(text), WORDS).freed.text


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("s o l d e s", "soldes"),
        ("V E N T E   P R I V É E", "vente privee"),
        ("v e n t e p r i v e e", "vente privee"),
        ("nos s.o.l.d.e.s ici", "nos soldes ici"),
        ("s-o-l-d-e-s, s_o_l_d_e_s", "soldes, soldes"),
        ("p l u s   d e   - 2 0 %   i c i", "plus de -20% ici"),
        ("F I N", "fin"),
        ("s o l d e s   i c i   e t   l à", "soldes ici et la"),
        ("pr0m0", "promo"),
        ("$0LD3$", "soldes"),
        ("pr!x c@ssé", "prix casse"),
        ("1ivra1son", "livraison"),
        ("c'est 0ff3rt !", "c'est offert !"),
        ("s 0 l d 3 s", "soldes"),
    ],
)
def test_disguised_words_are_read_as_they_are_meant(text: str, meant: str) -> None:
    assert freed(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "Options A, B, C et D",
        "à 5 km d'ici",
        "1 2 3 4 5",
        "la 5g et la 4k",
        "24h/24, 7j/7",
        "9,99€ ou $15",
        "le 1er et le 2nd, 3ème",
        "@pr0m0 #s0ldes",
        "jean@mail4u.example",
        "www.pr0mo.example et pr0mo.example",
        "Super !!!",
        "c'est top!!!",
        "06 39 98 01 02",
        "100 mbps pour 20 euros",
    ],
)
def test_plain_texts_have_no_further_view(text: str) -> None:
    view = fold(text)
    assert read(view, WORDS).freed is view


def test_numbers_are_words_only_among_many_words_in_disguise() -> None:
    few, many = "t0p $33", "t0p b0n pr1x $33"
    assert MIN_HIDDEN == 3
    assert freed(few) == "top $33"
    assert freed(many) == "top bon prix see"


def test_leet_view_has_the_length_of_the_folded_one() -> None:
    view = fold("L3$ pr0m0$ d'été")
    decoded = read(view, WORDS).decoded
    assert decoded is not None
    assert len(decoded.text) == len(view.text)


def test_span_of_letters_apart_covers_all_of_them() -> None:
    text = "nos s o l d e s ici"
    view = read(fold(text), WORDS).freed
    start = view.text.index("soldes")
    begin, end = view.span(start, start + 6)
    assert text[begin:end] == "s o l d e s"


@given(st.text(st.characters() | st.sampled_from("soldes 0134$@.-  ")), st.data())
def test_every_span_of_every_view_lies_in_the_original(text: str, data: st.DataObject) -> None:
    reading = read(fold(text), WORDS)
    for view in (reading.joined, reading.decoded):
        if view is not None:
            start = data.draw(st.integers(0, len(view.text) - 1))
            begin, end = view.span(start, data.draw(st.integers(start + 1, len(view.text))))
            assert 0 <= begin < end <= len(text)
