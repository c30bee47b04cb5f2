"""From text to findings. Look-alike letters stand here on purpose."""
# ruff: noqa: RUF001

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.domain.consent import PermissionState
from govern.domain.messages import Kind
from govern.screening.engine import screen
from govern.screening.findings import Decision, Direction, Facts, Family, Finding, Input, Klass, Screening, Via
from govern.screening.policy import Policy

CLEAN = "Votre colis arrive demain avant midi."
SUSPECTED = "Your old espresso machine has earned its rest. The one in our window would love a new home."
PROMOTIONAL = "Vente privée : -20 % avec le code ETE20 !"
WITH_STOP = PROMOTIONAL + " Répondez STOP pour ne plus recevoir d'offres."

ALLOW, WARN, APPROVAL, BLOCK = Decision.ALLOW, Decision.WARN, Decision.NEEDS_APPROVAL, Decision.BLOCK
STATES = PermissionState


def dm(policy: Policy, text: str, permission: PermissionState | None = STATES.SERVICE_WINDOW) -> Screening:
    return screen(Input(text=text, kind=Kind.DM, permission=permission, facts=Facts(account="acme")), policy)


def finding(screening: Screening, rule: str) -> Finding:
    (found,) = [found for found in screening.findings if found.rule == rule]
    return found


@pytest.mark.parametrize(
    ("permission", "clean", "suspected", "promotional", "with_stop"),
    [
        (None, BLOCK, BLOCK, BLOCK, BLOCK),
        (STATES.UNSOLICITED, BLOCK, BLOCK, BLOCK, BLOCK),
        (STATES.OPTED_OUT, BLOCK, BLOCK, BLOCK, BLOCK),
        (STATES.SERVICE_WINDOW, ALLOW, APPROVAL, BLOCK, BLOCK),
        (STATES.OPTED_IN, ALLOW, WARN, APPROVAL, ALLOW),
        (STATES.OPTED_OUT_THEN_WROTE, ALLOW, BLOCK, BLOCK, BLOCK),
    ],
)
def test_matrix_decides_cell_by_cell(  # type: ignore[no-untyped-def]
    policy: Policy, permission, clean, suspected, promotional, with_stop
) -> None:
    for text, klass, decision in (
        (CLEAN, Klass.CLEAN, clean),
        (SUSPECTED, Klass.SUSPECTED, suspected),
        (PROMOTIONAL, Klass.PROMOTIONAL, promotional),
        (WITH_STOP, Klass.PROMOTIONAL, with_stop),
    ):
        screening = dm(policy, text, permission)
        assert (screening.klass, screening.decision) == (klass, decision), text


@pytest.mark.parametrize(("kind", "decision"), [(Kind.POST, ALLOW), (Kind.QUOTE, ALLOW), (Kind.REPLY, WARN)])
def test_public_messages_may_promote_and_replies_warn(policy: Policy, kind: Kind, decision: Decision) -> None:
    screening = screen(Input(text=PROMOTIONAL, kind=kind), policy)
    assert (screening.klass, screening.decision) == (Klass.PROMOTIONAL, decision)


def test_unsolicited_says_why_and_what_to_do_in_both_languages(policy: Policy) -> None:
    found = finding(dm(policy, CLEAN, None), "DM-UNSOLICITED")
    assert found.family is Family.PERMISSION
    assert found.span is None
    assert found.message.en.startswith("This person has not written to @acme in the last 24 hours")
    assert "@acme" in found.message.fr
    assert found.advice
    assert found.advice.code == "invite_to_write"
    assert "@acme" in found.advice.fr


def test_words_need_no_account_name(policy: Policy) -> None:
    found = finding(screen(Input(text="x", kind=Kind.DM), policy), "DM-UNSOLICITED")
    assert "this account" in found.message.en
    assert "{" not in found.message.en + found.message.fr


def test_hits_point_at_their_words_and_add_up_to_the_total(policy: Policy) -> None:
    screening = dm(policy, PROMOTIONAL)
    hits = [found for found in screening.findings if found.span]
    assert "Vente privée" in {PROMOTIONAL[slice(*found.span)] for found in hits if found.span}
    assert sum(found.points or 0 for found in hits) == screening.points == finding(screening, "PRO-CLASS").points


def test_service_sentence_lowers_itself(policy: Policy) -> None:
    assert dm(policy, "Comme demandé, la vente privée est finie.").klass is Klass.CLEAN
    assert finding(dm(policy, "Comme demandé, la vente privée est finie."), "PRO-SERVICE-ASKED").points == -3.5


def test_two_words_for_one_discount_are_excused_once(policy: Policy) -> None:
    screening = dm(policy, "Comme demandé, la vente privée et les soldes d'été sont finies.")
    assert (screening.klass, screening.points) == (Klass.CLEAN, 0)  # 3.5, and a quarter of 3.5, of which 4 are excused


def test_service_sentence_does_not_excuse_the_sales_sentence_after_it(policy: Policy) -> None:
    assert (
        dm(policy, "Votre remboursement est parti. Vente privée : -20 % avec le code ETE20 !").klass
        is Klass.PROMOTIONAL
    )


def test_repeated_signal_counts_once(policy: Policy) -> None:
    assert dm(policy, "Vente privée, vente privée, vente privée").points == 3.5


@pytest.mark.parametrize(
    ("text", "via"),
    [
        ("V\u200bente priv\u200bée", Via.ZERO_WIDTH),
        ("Vеntе рrivéе", Via.HOMOGLYPH),
        ("𝐕𝐞𝐧𝐭𝐞 𝐩𝐫𝐢𝐯é𝐞", Via.STYLED),
        ("VENTE PRIVEE", None),
    ],
)
def test_disguised_words_are_found_and_their_disguise_is_named(policy: Policy, text: str, via: Via | None) -> None:
    found = finding(dm(policy, text), "PRO-OFFER-SALE")
    assert found.via is via
    assert found.span == (0, len(text))


def test_inbound_is_not_judged(policy: Policy) -> None:
    screening = screen(Input(text=PROMOTIONAL, kind=Kind.DM, direction=Direction.INBOUND), policy)
    assert (screening.decision, screening.klass, screening.findings) == (ALLOW, Klass.CLEAN, ())


def test_weighted_length_over_the_limit_blocks_and_marks_the_rest(policy: Policy) -> None:
    found = finding(screen(Input(text="a" * 300, kind=Kind.POST), policy), "X-LENGTH")
    assert (found.decision, found.span) == (BLOCK, (280, 300))
    assert "300" in found.message.en
    assert found.advice
    assert "20" in found.advice.fr


def test_length_limit_is_a_fact_of_the_account(policy: Policy) -> None:
    long = Input(text="a" * 300, kind=Kind.POST, facts=Facts(length_limit=25_000))
    assert screen(long, policy).decision is ALLOW


def test_leading_handles_of_a_reply_count_nothing(policy: Policy) -> None:
    text = "@acme @other_one " + "a" * 280
    assert screen(Input(text=text, kind=Kind.REPLY), policy).decision is ALLOW
    assert screen(Input(text=text, kind=Kind.POST), policy).decision is BLOCK
    assert finding(screen(Input(text=text + "b", kind=Kind.REPLY), policy), "X-LENGTH").span == (297, 298)


@pytest.mark.parametrize(("kind", "limit"), [(Kind.DM, 10_000), (Kind.POST, 25_000)])
def test_only_so_much_is_read(policy: Policy, kind: Kind, limit: int) -> None:
    permission, facts = STATES.SERVICE_WINDOW, Facts(length_limit=25_000)
    fits = Input(text="a" * limit, kind=kind, permission=permission, facts=facts)
    assert screen(fits, policy).decision is ALLOW
    long = msgspec.structs.replace(fits, text="a" * limit + "!")
    assert finding(screen(long, policy), "LIM-LONG").span == (limit, limit + 1)
    assert screen(long, policy).decision is BLOCK
    inbound = msgspec.structs.replace(long, direction=Direction.INBOUND)
    assert screen(inbound, policy).decision is Decision.ADVISE


def test_nul_character_blocks(policy: Policy) -> None:
    screening = dm(policy, "ab\0c")
    assert (screening.decision, finding(screening, "LIM-CONTROL").span) == (BLOCK, (2, 3))


def test_of_too_many_findings_the_strictest_stay(policy: Policy) -> None:
    screening = dm(policy, "Vente privée. " * 200, STATES.UNSOLICITED)
    assert len(screening.findings) == 101
    assert {"DM-UNSOLICITED", "PRO-CLASS", "LIM-MANY"} <= {found.rule for found in screening.findings}
    assert screening.decision is BLOCK


def test_findings_are_sorted_and_json_keys_are_in_order(policy: Policy) -> None:
    screening = dm(policy, PROMOTIONAL)
    starts = [found.span[0] if found.span else -1 for found in screening.findings]
    assert starts == sorted(starts)
    plain = msgspec.json.decode(msgspec.json.encode(screening))
    assert list(plain) == ["decision", "class", "optout", "personal_data", "findings", "policy_digest"]
    assert list(plain["findings"][0]) == [
        *("rule", "version", "family", "decision", "severity", "points", "span", "via", "message", "advice")
    ]
    assert msgspec.convert(plain, Screening) == screening


def test_findings_never_quote_the_text(policy: Policy) -> None:
    text = "Vente privée zanzibar42 : -20 % avec le code ETE20 !"
    encoded = msgspec.json.encode(dm(policy, text, None).findings)
    assert b"zanzibar42" not in encoded
    assert b"ETE20" not in encoded


@settings(max_examples=60)
@given(st.text(st.characters() | st.sampled_from("vente privée -20 % code.!?«»\n")), st.sampled_from(Kind))
def test_any_text_gives_the_same_valid_answer_twice(policy: Policy, text: str, kind: Kind) -> None:
    first = screen(Input(text=text, kind=kind, permission=STATES.SERVICE_WINDOW), policy)
    assert first == screen(Input(text=text, kind=kind, permission=STATES.SERVICE_WINDOW), policy)
    assert all(0 <= found.span[0] < found.span[1] <= len(text) for found in first.findings if found.span)


@settings(max_examples=60)
@given(st.text(), st.sampled_from([None, STATES.UNSOLICITED, STATES.OPTED_OUT]))
def test_no_text_makes_an_unsolicited_message_pass(
    policy: Policy, text: str, permission: PermissionState | None
) -> None:
    assert dm(policy, text, permission).decision is BLOCK


SERVICE = [
    "Bonjour Julie, votre commande 4417 est partie hier soir, elle arrive demain avant 18 h.",
    "Le code promo que vous avez reçu ne fonctionne que sur l'appli, je viens de vous en envoyer un autre.",
    "Votre réduction de 15 % a bien été appliquée, le nouveau total est de 42 €.",
    "Je suis désolé, l'offre s'est terminée dimanche et je ne peux plus l'appliquer.",
    "Les frais de retour sont pour nous, l'étiquette est dans le colis.",
    "Votre rendez-vous est confirmé pour mardi 14 h, pensez à apporter votre carte grise.",
    "Your 20% discount was missing, I've added it and refunded £8.40.",
    "Please reset your password here: https://brand.example/reset",
    "Your free trial converts to a paid plan on 3 May unless you cancel in Settings.",
    "Yes, the blue one is in stock in Leeds. Do you want me to reserve it for you?",
    "Return postage is on us, the label is in the box.",
    "You can bring a friend to the appointment, there is plenty of room.",
]
PROMOTION = [
    "Bonjour ! Cette semaine, -25 % sur toute la boutique avec le code PRINTEMPS.",
    "Notre nouvelle collection est arrivée, venez la découvrir avant tout le monde.",
    "Plus que deux jours pour profiter de nos offres, commandez vite !",
    "Parrainez un ami et recevez 20 € chacun.",
    "Saviez-vous que notre assurance couvre aussi votre vélo ?",
    "Save 30% this weekend only, shop now!",
    "Refer a friend and you both get £20.",
    "We've just launched our summer range and thought of you.",
    "Upgrade to Premium today and get two months free.",
    "Join us on Saturday for the opening of our new shop, there'll be cake.",
]


@pytest.mark.parametrize("text", SERVICE)
def test_service_answers_pass(policy: Policy, text: str) -> None:
    assert dm(policy, text).decision is ALLOW


@pytest.mark.parametrize("text", PROMOTION)
def test_promotion_is_held_back_in_a_service_window(policy: Policy, text: str) -> None:
    assert dm(policy, text).decision in {APPROVAL, BLOCK}
