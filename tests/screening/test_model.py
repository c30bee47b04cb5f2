"""The second opinion: sums of integers over n-grams, the best stretch of a text, and the words that speak for it."""

import sys
from collections.abc import Callable
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.screening.model import MAX_SPANS, Model, ModelFile, Weights, compiled, score
from govern.screening.model_grams import grams_of, idea_lookup, sentences, united
from govern.screening.normalise import fold
from govern.screening.policy import Policy

IDEAS: dict[str, tuple[str, ...]] = {"gift": ("gift*", "cadeau*"), "money": ("refund*", "euro")}


def small(bias: int = 0, word: dict[str, int] | None = None, idea: dict[str, int] | None = None) -> Model:
    return compiled(ModelFile(1, bias, IDEAS, Weights(word or {}, {}, idea or {})))


def hundredths(text: str, model: Model) -> int:
    return score(fold(text), model).hundredths


def quoted(text: str, model: Model) -> list[str]:
    return [text[start:end] for start, end in score(fold(text), model).spans]


@pytest.mark.parametrize(("log_odds", "sure"), [(-9000, 0), (0, 50), (-1100, 25), (1100, 75), (2200, 90), (9000, 100)])
def test_thousandths_of_log_odds_become_hundredths_of_probability(log_odds: int, sure: int) -> None:
    assert hundredths("nothing known", small(bias=log_odds)) == sure


def test_text_of_blanks_scores_nothing() -> None:
    for text in ("", "   ", "\n\n"):
        assert score(fold(text), small(bias=9000)) == score(fold(""), small())


def test_weight_of_a_kind_is_its_sum_over_the_square_root_of_its_number() -> None:
    weights = {"alpha": 1000, "beta": 1000, "gamma": 1000, "delta": 1000}
    assert hundredths("alpha", small(word=weights)) == 73
    assert hundredths("alpha beta gamma delta", small(word=weights)) == 88  # 4,000 over the root of 4
    assert hundredths("alpha alpha alpha", small(word=weights)) == 73  # once is enough


def test_unknown_words_do_not_water_a_score_down() -> None:
    model = small(word={"alpha": 1500})
    assert hundredths("alpha " + "unknown " * 30, model) == hundredths("alpha", model)


def test_idea_holds_for_every_word_that_stands_for_it_in_both_languages() -> None:
    model = small(idea={"gift": 1500})
    assert {hundredths(text, model) for text in ("gift", "Gifts!", "un cadeau", "CADEAUX")} == {82}
    assert hundredths("a present", model) == 50


def test_two_ideas_of_one_sentence_are_an_idea_of_their_own() -> None:
    model = small(idea={"gift+money": 1500})
    assert hundredths("A gift of one euro", model) == 82
    assert hundredths("The gift went back to the shop. We sent one euro to your card.", model) == 50


def test_service_around_a_sales_sentence_does_not_hide_it() -> None:
    sales = "Our gifts are waiting for you in the shop."
    service = "Your refund was sent to your bank this morning. "
    model = small(word={"gifts": 3000, "refund": -1000, "bank": -1000, "sent": -1000, "morning": -1000})
    assert hundredths(service + sales, model) < 50  # two sentences are one stretch
    assert (
        hundredths("The parcel is at the depot now. " * 40 + sales + " We close at six on working days.", model) >= 90
    )
    assert hundredths((service * 20) + "We close at six on working days. " + sales, model) >= 90


def test_spans_are_whole_words_of_the_original_strongest_first_and_never_one_within_another() -> None:
    model = small(word={"free": 2000, "free gift": 2500, "today": 1500, "parcel": -3000})
    text = "Your FREE  gift arrives today."
    assert quoted(text, model) == ["FREE  gift", "today"]
    assert quoted("Votre c\u200badeau gratuit", small(idea={"gift": 3000})) == ["c\u200badeau"]


def test_sentence_alone_counts_only_where_the_model_says_so_and_for_less() -> None:
    text = "The parcel is at the depot now. Gifts for every single guest tonight!"
    weights = Weights({"gifts": 3000, "parcel": -3000, "depot": -3000}, {}, {})
    scored = {
        alone: hundredths(text, compiled(ModelFile(1, 0, IDEAS, weights, alone))) for alone in (None, 0, 1000, 9000)
    }
    assert scored == {None: 15, 0: 95, 1000: 88, 9000: 15}


def test_no_more_than_five_spans_are_given_and_none_where_the_model_is_sure_of_nothing() -> None:
    words = ["one", "two", "three", "four", "five", "six", "seven"]
    assert len(quoted(" ".join(words), small(word=dict.fromkeys(words, 2000)))) == MAX_SPANS
    assert quoted("one", small(bias=-4000, word={"one": 10})) == []


def test_short_sentences_go_with_the_one_before() -> None:
    text = fold("Yes. Your parcel is at the depot now. Ok! We close at six on working days.").text
    assert [text[start:end].strip() for start, end in sentences(text)] == [
        "yes. your parcel is at the depot now. ok!",
        "we close at six on working days.",
    ]


def test_grams_hold_words_letters_ideas_and_shape_with_every_digit_as_zero() -> None:
    grams = grams_of("save 25 euro today?", idea_lookup(IDEAS))
    assert {"save", "00", "save 00", "<question>", "<first> save"} <= grams.word
    assert {" sa", "ave", "00 eu"} <= grams.letter
    assert grams.idea == {"money"}
    assert united([grams, grams]) == grams


@pytest.fixture(scope="module")
def both(policy: Policy) -> tuple[Model, Model]:
    return policy.promotion_model, policy.opt_out_model


@given(text=st.text(max_size=300))
def test_every_text_has_a_score_and_spans_within_it(both: tuple[Model, Model], text: str) -> None:
    for model in both:
        verdict = score(fold(text), model)
        assert 0 <= verdict.hundredths <= 100
        assert len(verdict.spans) <= MAX_SPANS
        assert all(0 <= start < end <= len(text) for start, end in verdict.spans)
        assert list(verdict.spans) == sorted(verdict.spans)
        assert verdict == score(fold(text), model)


@pytest.mark.parametrize(
    "plain",
    [
        "Passez nous voir samedi, une dégustation vous attend et le café est pour nous.",
        "Our new autumn range has just landed, come and take a look this weekend.",
    ],
)
def test_promotion_keeps_its_score_without_accents_in_capitals_and_in_fancy_letters(policy: Policy, plain: str) -> None:
    model = policy.promotion_model
    before = hundredths(plain, model)
    assert before >= 50
    without = plain.translate(str.maketrans("éèêàç", "eeeac"))
    fancy = "".join(chr(ord(each) - 97 + 0x1D41A) if "a" <= each <= "z" else each for each in plain)
    full = "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in plain)
    for other in (without, plain.upper(), fancy, full, "\u200b".join(plain)):
        assert hundredths(other, model) == before


def _calls(run: Callable[[], object]) -> int:
    count = 0

    def counted(frame: FrameType, event: str, arg: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        run()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("unit", ["offre ", "a", "0 ", "gift. ", "free! \n", "é", "x. y. ", "ab?"])
def test_work_grows_with_the_length_only(policy: Policy, unit: str) -> None:
    def work(length: int) -> int:
        view = fold(unit * (length // len(unit)))
        return _calls(lambda: score(view, policy.promotion_model))

    assert work(8_000) <= 9 * work(1_000) + 200
