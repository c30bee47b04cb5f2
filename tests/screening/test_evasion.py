"""What is hidden is found, and who hides it is seen; what only looks odd is left alone."""
# ruff: noqa: RUF001 (letters that look like others stand here on purpose)

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.domain.consent import PermissionState
from govern.domain.messages import Kind
from govern.screening.engine import screen
from govern.screening.findings import (
    Decision,
    Direction,
    Family,
    Finding,
    Input,
    Klass,
    OptOut,
    Screening,
    Via,
    strictness,
)
from govern.screening.policy import Policy
from govern.screening.policy_files import NEGATIVE
from tests.screening.disguises import NUMBERS, WORDS

CLASSES, OPT_OUTS = tuple(Klass), (OptOut.NO, OptOut.DOUBTFUL, OptOut.YES)
KEPT = 0.95
PRIVATE_SALE = "Vente privée : -20 % avec le code ETE20 !"


def dm(policy: Policy, text: str) -> Screening:
    return screen(Input(text=text, kind=Kind.DM, permission=PermissionState.SERVICE_WINDOW), policy)


def post(policy: Policy, text: str) -> Screening:
    return screen(Input(text=text, kind=Kind.POST), policy)


def inbound(policy: Policy, text: str) -> Screening:
    return screen(Input(text=text, kind=Kind.DM, direction=Direction.INBOUND), policy)


def evasion(screening: Screening) -> list[Finding]:
    return [found for found in screening.findings if found.family is Family.EVASION]


def positives(policy: Policy, family: str) -> list[str]:
    """The texts that rules of a family must find."""
    tests = (test for rule, tests in policy.tests.items() if rule.startswith(family) for test in tests)
    return sorted({test.text for test in tests if test.expect not in NEGATIVE})


def share(kept: list[bool]) -> float:
    assert kept
    return sum(kept) / len(kept)


@pytest.mark.parametrize("name", WORDS)
def test_disguised_promotion_has_the_same_class_or_a_stricter_one(policy: Policy, name: str) -> None:
    found = [(text, dm(policy, text).klass) for text in positives(policy, "PRO-")]
    found = [(text, klass) for text, klass in found if klass is not Klass.CLEAN]
    kept = [CLASSES.index(dm(policy, WORDS[name](text)).klass) >= CLASSES.index(klass) for text, klass in found]
    assert share(kept) >= KEPT


@pytest.mark.parametrize("name", WORDS)
def test_disguised_opt_out_is_heard(policy: Policy, name: str) -> None:
    found = [(text, inbound(policy, text).optout) for text in positives(policy, "OPT-")]
    found = [(text, optout) for text, optout in found if optout is not OptOut.NO]
    kept = [OPT_OUTS.index(inbound(policy, WORDS[name](text)).optout) >= OPT_OUTS.index(was) for text, was in found]
    assert share(kept) >= KEPT


@pytest.mark.parametrize("name", NUMBERS)
def test_disguised_personal_data_is_found(policy: Policy, name: str) -> None:
    kept = []
    for text in positives(policy, "PII-"):
        plain, hidden = post(policy, text), post(policy, NUMBERS[name](text))
        types = (Counter(data.type for data in each.personal_data) for each in (plain, hidden))
        kept.append(not next(types) - next(types) and strictness(hidden.decision) >= strictness(plain.decision))
    assert share(kept) >= KEPT


@pytest.mark.parametrize(
    ("text", "via", "quoted"),
    [
        ("V\u200bente priv\u200bée", Via.ZERO_WIDTH, "V\u200bente priv\u200bée"),
        ("Ici, Vеntе рrivéе", Via.HOMOGLYPH, "Vеntе рrivéе"),
        ("𝐕𝐞𝐧𝐭𝐞 𝐩𝐫𝐢𝐯é𝐞 ici", Via.STYLED, "𝐕𝐞𝐧𝐭𝐞 𝐩𝐫𝐢𝐯é𝐞"),
        ("Une v3nt3 pr1vé3", Via.LEET, "v3nt3 pr1vé3"),
        ("Une v e n t e   p r i v é e", Via.SPACED, "v e n t e   p r i v é e"),
    ],
)
def test_disguise_is_named_at_its_place_and_needs_approval(policy: Policy, text: str, via: Via, quoted: str) -> None:
    screening = dm(policy, text)
    (found,) = evasion(screening)
    assert (found.rule, found.via, found.decision) == ("EVA-DISGUISE", via, Decision.NEEDS_APPROVAL)
    assert found.span
    assert text[slice(*found.span)] == quoted
    assert found.points is None
    assert any(hit.rule == "PRO-OFFER-SALE" and hit.via is via for hit in screening.findings)


def test_evasion_adds_no_points(policy: Policy) -> None:
    assert dm(policy, WORDS["zero_width"](PRIVATE_SALE)).points == dm(policy, PRIVATE_SALE).points


def test_three_unseen_characters_in_words_need_approval_and_two_do_not(policy: Policy) -> None:
    three = "Vo\u200bus ê\u2060tes bien arri\ufeffvé"
    (found,) = evasion(post(policy, three))
    assert (found.rule, found.span) == ("EVA-INVISIBLE", (2, three.index("\ufeff") + 1))
    assert not evasion(post(policy, three.replace("\ufeff", "")))


def test_turned_text_needs_approval(policy: Policy) -> None:
    (found,) = evasion(post(policy, "code \u202eomorp\u202c ici"))
    assert (found.rule, found.span, found.decision) == ("EVA-BIDI", (5, 6), Decision.NEEDS_APPROVAL)


@pytest.mark.parametrize(
    "text",
    [
        "Merci à toute la famille 👨‍👩‍👧‍👦 et à l'équipe 🧑🏽‍💻👩‍❤️‍👨",
        "Appuyez sur 1⃣ puis 2️⃣ ou #️⃣",
        "Bienvenue 🇫🇷 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🏳️‍🌈",
        "50\u202f€, l’offre\u00a0: « oui\u00a0»",
        "می‌خواهم نمی‌دانم خانه‌ها",
        "cor\u00adres\u00adpon\u00addance",
        "Привет, как дела? Γεια σου κόσμε",
        "שלום\u200f עולם\u200e",
        "1ᵉʳ, n°\u00a05, m², 3ᵉ, Mᵐᵉ",
        "Votre vol A F 1 2",
        "La Wi-Fi 6, la 5G et le MP3",
    ],
)
def test_ordinary_writing_is_no_evasion(policy: Policy, text: str) -> None:
    for screening in (post(policy, text), dm(policy, text)):
        assert not evasion(screening)
        assert all(found.via is None for found in screening.findings)


def test_customers_may_write_as_they_like(policy: Policy) -> None:
    assert not evasion(inbound(policy, "a\u200bb\u200bc\u200bd \u202e"))


EVERYTHING = st.characters(exclude_categories=[])
TRICKS = st.sampled_from(
    [*"vente privée -20 % stop 0612 @.\n", "\u200b", "\u202e", "\0", "\ud800", "\u0336", "🏴", "€", "𝐯"]
)


@settings(max_examples=150)
@given(st.text(EVERYTHING | TRICKS), st.sampled_from(Kind), st.sampled_from(Direction))
def test_no_text_of_any_plane_is_too_much(policy: Policy, text: str, kind: Kind, direction: Direction) -> None:
    screening = screen(Input(text=text, kind=kind, direction=direction), policy)
    spans = [*(found.span for found in screening.findings), *(data.span for data in screening.personal_data)]
    assert all(0 <= span[0] < span[1] <= len(text) for span in spans if span)
    if any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text):
        assert "LIM-CONTROL" in {found.rule for found in screening.findings}


def test_a_megabyte_is_refused_and_not_read_to_its_end(policy: Policy) -> None:
    screening = post(policy, "Vente privée. " * 75_000)
    assert "LIM-LONG" in {found.rule for found in screening.findings}
    assert screening.decision is Decision.BLOCK
