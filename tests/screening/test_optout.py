"""What counts as "stop writing to me", and what only sounds like it."""

import json
import sys
import tomllib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import FrameType

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.domain.messages import Kind
from govern.screening.engine import screen
from govern.screening.findings import Decision, Direction, Family, Input, OptOut, Screening
from govern.screening.model import ModelVerdict
from govern.screening.normalise import View, fold
from govern.screening.optout import OptOutRules, judge
from govern.screening.optout_file import OptOutFile, compiled
from govern.screening.policy import Policy

HERE = Path(__file__).parent
FILE = HERE.parents[1] / "policies" / "screening" / "optout.toml"
CASES = [json.loads(line) for line in (HERE / "optout_cases.jsonl").read_text(encoding="utf-8").splitlines()]


def read(text: str) -> OptOutFile:
    return msgspec.convert(tomllib.loads(text, parse_float=Decimal), OptOutFile)


@pytest.fixture(scope="module")
def file() -> OptOutFile:
    return read(FILE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def rules(file: OptOutFile) -> OptOutRules:
    return compiled(file)


def said(text: str, policy: Policy, *, kind: Kind = Kind.DM) -> Screening:
    return screen(Input(text=text, kind=kind, direction=Direction.INBOUND), policy)


def test_own_cases_are_many_and_in_both_languages() -> None:
    assert len(CASES) >= 250
    for lang in ("en", "fr"):
        labels = [case["label"] for case in CASES if case["lang"] == lang]
        assert min(labels.count("optout"), labels.count("other")) >= 70


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_rules_alone_reach_their_marks_on_own_cases(lang: str, rules: OptOutRules) -> None:
    answers = [(case["label"], judge(fold(case["text"]), rules).optout) for case in CASES if case["lang"] == lang]
    stops = [answer for label, answer in answers if label == "optout"]
    others = [answer for label, answer in answers if label == "other"]
    assert sum(answer is not OptOut.NO for answer in stops) >= 0.95 * len(stops)
    assert sum(answer is OptOut.YES for answer in stops) >= 0.8 * len(stops)
    assert sum(answer is not OptOut.NO for answer in others) <= 0.02 * len(others)


@pytest.mark.parametrize(
    "text",
    [
        "stop",
        "Quit!",
        "END",
        "revoke",
        "opt out",
        "Cancel",
        "unsubscribe",
        "@brand STOP 🙏",
        "stopppp",
        "stop stop stop",
        "hi, stop please, thanks",
        "désabonner",
        "Arrêtez svp",
        "STOP PUB",
    ],
)
def test_whole_message_that_is_a_keyword_says_stop_for_certain(text: str, rules: OptOutRules) -> None:
    assert judge(fold(text), rules).optout is OptOut.YES


@pytest.mark.parametrize(
    "text",
    [
        "cancel my order",
        "stop the transfer",
        "bus stop",
        "arrêtez le prélèvement",
        "résilier mon abonnement",
        "annuler ma commande",
        "unsubscribe me from the magazine subscription I pay",
        "When does the sale end?",
        "I can't stop laughing",
        "Don't stop sending me your recipes",
        "",
        "🙂",
        "...",
    ],
)
def test_keyword_about_another_thing_says_nothing(text: str, rules: OptOutRules) -> None:
    assert judge(fold(text), rules).optout is OptOut.NO


@pytest.mark.parametrize(
    "text", ["s t o p", "S.T.O.P", "\uff33\uff34\uff2f\uff30", "st0p", "s\u200btop", "u n s u b s c r i b e"]
)
def test_stop_in_disguise_is_still_stop(text: str, policy: Policy) -> None:
    screening = said(text, policy)
    assert screening.optout is OptOut.YES
    assert all(finding.via for finding in screening.findings if finding.family is Family.OPT_OUT)


@pytest.mark.parametrize("kind", list(Kind))
def test_stop_counts_wherever_it_is_written(kind: Kind, policy: Policy) -> None:
    assert said("Please unsubscribe me", policy, kind=kind).optout is OptOut.YES


@pytest.mark.parametrize(
    "text", ["That was the ninth one. Please stop.", "Je ne vous connais pas. Arrêtez svp.", "\U0001f6ab messages"]
)
def test_sentence_or_sign_that_is_nothing_but_a_stop_is_certain(text: str, rules: OptOutRules) -> None:
    assert judge(fold(text), rules).optout is OptOut.YES


@pytest.mark.parametrize("text", ["My parcel is at the wrong house. Stop.", "Arrêtez ! Vous êtes trop mignons."])
def test_lone_stop_beside_another_matter_is_not_certain(text: str, rules: OptOutRules) -> None:
    assert judge(fold(text), rules).optout is not OptOut.YES


def test_certain_stop_needs_nobody_and_a_doubtful_one_asks_a_person(policy: Policy) -> None:
    certain, doubtful = said("Stop messaging me", policy), said("Résilier", policy)
    assert (certain.optout, certain.decision) == (OptOut.YES, Decision.ALLOW)
    assert (doubtful.optout, doubtful.decision) == (OptOut.DOUBTFUL, Decision.ADVISE)
    (finding,) = (found for found in doubtful.findings if found.family is Family.OPT_OUT)
    assert finding.advice
    assert finding.advice.code == "ask_a_person"


@pytest.mark.parametrize(
    "text",
    ["I object to direct marketing", "Supprimez toutes mes données", "I withdraw my consent to your messages"],
)
def test_legal_request_is_a_stop_that_a_person_must_still_answer(text: str, policy: Policy) -> None:
    screening = said(text, policy)
    assert (screening.optout, screening.decision) == (OptOut.YES, Decision.ADVISE)
    assert "handle_request" in {found.advice.code for found in screening.findings if found.advice}


def test_span_is_where_the_words_stand_in_the_text_as_written(rules: OptOutRules) -> None:
    text = "Bonjour 👋 — merci d’arrêter de m’écrire !"
    spans = [found.span for found in judge(fold(text), rules).findings]
    assert {text[slice(*span)] for span in spans if span} == {"arrêter de m’écrire"}


def test_we_are_never_told_to_stop_by_our_own_text(policy: Policy) -> None:
    screening = screen(Input(text="STOP", kind=Kind.DM), policy)
    assert screening.optout is OptOut.NO


def test_sure_model_makes_a_text_doubtful_and_never_certain(rules: OptOutRules) -> None:
    verdict = judge(fold("Roses are red"), rules, lambda _: ModelVerdict(100, ((0, 5),)))
    assert verdict.optout is OptOut.DOUBTFUL
    assert [(found.rule, found.span, found.decision) for found in verdict.findings] == [
        ("OPT-MODEL", (0, 5), Decision.ADVISE)
    ]


def test_model_must_be_surer_where_another_matter_is_named(rules: OptOutRules) -> None:
    between = (rules.model.doubtful + rules.model.doubtful_beside_service) // 2

    def asked(text: str) -> OptOut:
        return judge(fold(text), rules, lambda _: ModelVerdict(between, ())).optout

    assert asked("Roses are red") is OptOut.DOUBTFUL
    assert asked("My parcel is red") is OptOut.NO


@pytest.mark.parametrize(
    ("text", "hundredths", "said"),
    [
        ("Très peu pour moi, vos offres", 100, OptOut.YES),  # a rule doubts, the model does not
        ("Très peu pour moi, vos offres", 50, OptOut.DOUBTFUL),
        ("Très peu pour moi, vos offres", 0, OptOut.NO),
        ("Take me off your list", 0, OptOut.DOUBTFUL),  # a rule is certain, the model is not
        ("stop", 0, OptOut.YES),  # a keyword is not weighed
        ("How do I get fewer of these?", 100, OptOut.DOUBTFUL),  # less is not nothing
        (
            "Whoever runs these, note that I have withdrawn",
            100,
            OptOut.YES,
        ),  # loose words count beside a sure model only
        ("Whoever runs these, note that I have withdrawn", 60, OptOut.NO),
    ],
)
def test_rules_and_model_are_weighed_together(text: str, hundredths: int, said: OptOut, rules: OptOutRules) -> None:
    assert judge(fold(text), rules, lambda _: ModelVerdict(hundredths, ())).optout is said


def test_stop_that_the_model_confirms_needs_nobody(rules: OptOutRules) -> None:
    verdict = judge(fold("Très peu pour moi, vos offres"), rules, lambda _: ModelVerdict(100, ()))
    assert {(found.decision, found.advice) for found in verdict.findings} == {(Decision.ALLOW, None)}


def test_model_is_not_asked_where_a_keyword_has_spoken(rules: OptOutRules) -> None:
    asked: list[str] = []

    def score(view: View) -> ModelVerdict:
        asked.append(view.text)
        return ModelVerdict(0, ())

    judge(fold("stop"), rules, score)
    assert asked == []
    judge(fold("hello"), rules, score)
    assert asked == ["hello"]


def test_slips_of_the_pen_are_read_in_long_words_only(rules: OptOutRules) -> None:
    assert judge(fold("unsubcsribe"), rules).optout is OptOut.YES
    assert judge(fold("desinscritpion"), rules).optout is OptOut.YES
    assert judge(fold("Your massages are great for my back"), rules).optout is OptOut.NO
    assert judge(fold("shop"), rules).optout is OptOut.NO


@given(st.text(max_size=200))
def test_no_text_is_too_odd_to_be_judged(text: str) -> None:
    verdict = judge(fold(text), _RULES)
    assert all(0 <= found.span[0] < found.span[1] <= len(text) for found in verdict.findings if found.span)


_RULES = compiled(read(FILE.read_text(encoding="utf-8")))


SEEDS = ["stop ", "how do i stop all ", "why stop your messages code ", "plus ", "a", "@", "stop. "]


@pytest.mark.parametrize("seed", SEEDS)
def test_work_grows_with_the_text_and_no_faster(seed: str, rules: OptOutRules) -> None:
    short, long = fold((seed * 1250)[:1250]), fold((seed * 10_000)[:10_000])
    assert _calls(lambda: judge(long, rules)) <= 10 * _calls(lambda: judge(short, rules))


def _calls(work: Callable[[], object]) -> int:
    """Count the calls of functions: a busy machine changes times, not these."""
    count = 0

    def counted(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count
