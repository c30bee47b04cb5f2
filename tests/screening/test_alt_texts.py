"""What is said of an image is screened as the text is."""

import pytest

from govern.domain.consent import PermissionState
from govern.domain.messages import Kind
from govern.screening.alt_texts import REWRITE
from govern.screening.engine import screen
from govern.screening.findings import Decision, Input, Klass, Screening
from govern.screening.policy import Policy

FINE = "The workshop opens at ten on Saturday."
CARD = "Pay with 4111 1111 1111 1111"
OFFER = "-50% on all shoes today only, buy now with code SUMMER!"


def screened(policy: Policy, *alt_texts: str, text: str = FINE, kind: Kind = Kind.POST) -> Screening:
    permission = PermissionState.SERVICE_WINDOW if kind is Kind.DM else None
    return screen(Input(text=text, kind=kind, permission=permission, alt_texts=alt_texts), policy)


@pytest.mark.parametrize("said", [CARD, f"{CARD} and {OFFER}"])
def test_what_blocks_in_a_text_blocks_in_an_alt_text(policy: Policy, said: str) -> None:
    in_text = screened(policy, text=said)
    in_alt_text = screened(policy, "A parcel", said)
    assert in_text.decision is in_alt_text.decision is Decision.BLOCK
    rules = {found.rule for found in in_text.findings if found.decision is Decision.BLOCK}
    assert rules <= {found.rule for found in in_alt_text.findings}


def test_a_finding_says_which_image_in_both_languages_and_nothing_of_its_text(policy: Policy) -> None:
    found = next(each for each in screened(policy, "A parcel", CARD).findings if each.decision is Decision.BLOCK)
    assert found.message.en.startswith("Alt text of image 2: ")
    assert found.message.fr.startswith("Texte alternatif de l'image 2 : ")
    assert found.span is None
    assert "4111" not in found.message.en + found.message.fr
    assert found.advice is None or found.advice.code == REWRITE


def test_promotion_in_the_alt_text_of_a_private_message_needs_the_right_to_promote(policy: Policy) -> None:
    in_text = screened(policy, text=OFFER, kind=Kind.DM)
    in_alt_text = screened(policy, OFFER, kind=Kind.DM)
    assert in_text.decision is in_alt_text.decision is Decision.BLOCK
    assert in_text.klass is in_alt_text.klass is Klass.PROMOTIONAL


def test_each_rule_is_said_once_of_an_image(policy: Policy) -> None:
    twice = screened(policy, f"{CARD}, or 5500 0000 0000 0004")
    rules = [found.rule for found in twice.findings if found.decision is Decision.BLOCK]
    assert len(rules) == len(set(rules))


def test_fine_alt_texts_change_nothing(policy: Policy) -> None:
    assert screened(policy, "A parcel on a table", "Two people who laugh") == screened(policy)
