"""Promotion by rules and by the second opinion: messages that neither the rules nor the models were written from."""

import msgspec
import pytest

from govern.domain.consent import PermissionState
from govern.domain.messages import Kind
from govern.screening.engine import screen
from govern.screening.findings import Decision, Family, Input, Klass, Screening
from govern.screening.model import ModelVerdict
from govern.screening.policy import Policy
from govern.screening.promotional import Verdict, with_opinion

CLEAN, SUSPECTED, PROMOTIONAL = Klass.CLEAN, Klass.SUSPECTED, Klass.PROMOTIONAL
STATES = PermissionState


def dm(policy: Policy, text: str, permission: PermissionState = STATES.SERVICE_WINDOW) -> Screening:
    return screen(Input(text=text, kind=Kind.DM, permission=permission), policy)


CERTAIN = [
    "Hi Zoe! Our garden furniture is 35% off until Sunday. Shop now before it's gone.",
    "Use code HELLO15 for 15% off your first order, this weekend only.",
    "Refer a friend and you both get £30. Share your link today!",
    "Last chance: buy one, get one free on all paint. Ends tonight.",
    "Enter our summer giveaway for a chance to win a scooter. Tag a friend!",
    "Upgrade to Family today and get your first three months free.",
    "Bonjour Zoé, nos salons de jardin sont à -35 % jusqu'à dimanche, commandez vite !",
    "Avec le code BONJOUR15, profitez de 15 % sur votre première commande, ce week-end seulement.",
    "Parrainez un ami et recevez chacun 30 €. Partagez votre lien !",
    "Dernière chance : pour deux pots achetés, le troisième est offert. Plus que quelques heures !",
    "Participez à notre grand jeu de l'été et tentez de gagner une trottinette.",
    "Passez à la formule Famille dès maintenant et profitez de trois mois offerts.",
    "jusqua -50% sur tt le magasin, venez vite on vous attend, offre exclusive !!",
]
SOFT = [
    "Your claim is settled. By the way, did you know our Home Plus cover includes your bicycle too?",
    "We thought of you when the new linen shirts came in. Fancy coming by to try one on?",
    "It's been a while! Your table by the window misses you.",
    "Votre sinistre est réglé. Au fait, saviez-vous que notre formule Maison Plus couvre aussi votre vélo ?",
    "Nous avons pensé à vous en recevant les nouvelles chemises en lin. Passez les essayer, ça vous tente ?",
    "Inscrivez-vous à notre infolettre pour suivre nos nouveautés et nos recettes d'automne.",
]
SERVICE = [
    "Your code HELLO15 had expired, so I've taken the 15% off by hand. Sorry about that.",
    "The free delivery starts at £40 and your basket was £38, that's why postage was added.",
    "We've refunded the £30 and your account is closed, as you asked.",
    "The promotion ended on Sunday, so I can't apply it any more, I'm afraid.",
    "Could you send me a photo of the label on the back of the boiler?",
    "Your appointment moved to Friday at 10. Please bring your passport.",
    "Roads are icy this morning, our vans are running two hours late.",
    "Yes, the small size is back in stock in Cork. Would you like the refund or the exchange?",
    "Votre code BONJOUR15 était expiré, j'ai déduit les 15 % à la main. Désolé.",
    "La livraison est gratuite dès 40 € et votre panier était à 38 €, d'où les frais de port.",
    "Les 30 € sont remboursés et votre compte est clôturé, comme vous l'avez demandé.",
    "La promotion s'est terminée dimanche, je ne peux malheureusement plus l'appliquer.",
    "Pourriez-vous m'envoyer une photo de l'étiquette au dos de la chaudière ?",
    "Votre rendez-vous est déplacé à vendredi 10 h. Merci d'apporter votre passeport.",
    "Il y a du verglas ce matin, nos camions ont deux heures de retard.",
    "bjr le colis est bloqué en douane, faut nous envoyer la facture svp",
]


@pytest.mark.parametrize("text", CERTAIN)
def test_plain_promotion_is_certain(policy: Policy, text: str) -> None:
    given = dm(policy, text)
    assert (given.klass, given.decision) == (PROMOTIONAL, Decision.BLOCK)


@pytest.mark.parametrize("text", SOFT)
def test_soft_promotion_needs_a_second_look_at_least(policy: Policy, text: str) -> None:
    assert dm(policy, text).decision in {Decision.NEEDS_APPROVAL, Decision.BLOCK}


@pytest.mark.parametrize("text", SERVICE)
def test_service_with_the_words_of_promotion_stays_clean(policy: Policy, text: str) -> None:
    given = dm(policy, text)
    assert (given.klass, given.decision) == (CLEAN, Decision.ALLOW)


@pytest.mark.parametrize("text", CERTAIN + SOFT)
def test_service_sentence_before_promotion_does_not_excuse_it(policy: Policy, text: str) -> None:
    language = (
        "Votre colis est arrivé au dépôt ce matin. " if "é" in text or " vous " in text else "Your parcel is here. "
    )
    assert dm(policy, language + text).decision in {Decision.NEEDS_APPROVAL, Decision.BLOCK}


MATRIX = [
    (STATES.UNSOLICITED, Decision.BLOCK, Decision.BLOCK),
    (STATES.OPTED_OUT, Decision.BLOCK, Decision.BLOCK),
    (STATES.SERVICE_WINDOW, Decision.NEEDS_APPROVAL, Decision.BLOCK),
    (STATES.OPTED_IN, Decision.WARN, Decision.NEEDS_APPROVAL),
    (STATES.OPTED_OUT_THEN_WROTE, Decision.BLOCK, Decision.BLOCK),
]
# Found by the model alone: no rule gives it points enough.
CYRILLIC = str.maketrans("aeop", "\u0430\u0435\u043e\u0440")
# The rules find too little and the model is sure.
TWO_WITNESSES = [
    "Our rhubarb menu starts on Saturday. Fancy a table?",
    "Les nouvelles bottines sont en boutique depuis hier. Envie de les essayer ?",
]
MODEL_ONLY = "Your old espresso machine has earned its rest. The one in our window would love a new home."


@pytest.mark.parametrize(("permission", "suspected", "promotional"), MATRIX)
def test_model_alone_leads_to_what_the_matrix_says_of_suspicion(
    policy: Policy, permission: PermissionState, suspected: Decision, promotional: Decision
) -> None:
    given = dm(policy, MODEL_ONLY, permission)
    assert (given.klass, given.decision) == (SUSPECTED, suspected)
    assert dm(policy, CERTAIN[0], permission).decision is promotional


def test_opinion_of_the_model_is_explained_by_spans_and_has_no_points(policy: Policy) -> None:
    findings = [found for found in dm(policy, MODEL_ONLY).findings if found.rule == "PRO-MODEL"]
    assert 1 <= len(findings) <= 5
    for found in findings:
        assert found.family is Family.PROMOTIONAL
        assert found.decision is Decision.ALLOW
        assert found.points == 0
        assert found.span
        assert MODEL_ONLY[slice(*found.span)].strip()


def verdict(klass: Klass, total: int) -> Verdict:
    return Verdict(klass=klass, total=total, strongest=total, findings=(), tells_how_to_stop=False)


@pytest.mark.parametrize("total", [0, 99, 100, 299, 300, 449])
def test_model_must_be_the_less_sure_the_more_points_a_text_has(policy: Policy, total: int) -> None:
    rules = policy.promotional
    needed = rules.model.suspected[min(total // 100, len(rules.model.suspected) - 1)]
    assert with_opinion(verdict(CLEAN, total), ModelVerdict(needed, ((0, 1),)), rules).klass is SUSPECTED
    assert with_opinion(verdict(CLEAN, total), ModelVerdict(needed - 1, ((0, 1),)), rules).klass is CLEAN


@pytest.mark.parametrize("total", [200, 300, 499])
@pytest.mark.parametrize("klass", [CLEAN, SUSPECTED])
def test_rules_and_model_together_make_a_text_promotional(policy: Policy, klass: Klass, total: int) -> None:
    rules = policy.promotional
    needed = rules.model.promotional[min(total // 100, len(rules.model.promotional) - 1)]
    assert with_opinion(verdict(klass, total), ModelVerdict(needed, ((0, 1),)), rules).klass is PROMOTIONAL
    assert with_opinion(verdict(klass, total), ModelVerdict(needed - 1, ((0, 1),)), rules).klass is not PROMOTIONAL


@pytest.mark.parametrize("total", [0, 99])
def test_model_alone_makes_no_text_promotional(policy: Policy, total: int) -> None:
    assert with_opinion(verdict(CLEAN, total), ModelVerdict(100, ((0, 1),)), policy.promotional).klass is SUSPECTED


def test_many_weak_signals_are_no_witness(policy: Policy) -> None:
    weak = msgspec.structs.replace(verdict(CLEAN, 400), strongest=150)
    assert with_opinion(weak, ModelVerdict(100, ((0, 1),)), policy.promotional).klass is SUSPECTED


@pytest.mark.parametrize("text", TWO_WITNESSES)
def test_block_of_two_witnesses_names_the_words_of_both(policy: Policy, text: str) -> None:
    given = dm(policy, text)
    assert (given.klass, given.decision) == (PROMOTIONAL, Decision.BLOCK)
    points = {found.rule: found.points for found in given.findings if found.rule.startswith("PRO-")}
    assert (points.pop("PRO-CLASS") or 0) < policy.promotional.promotional_at / 100
    assert points.pop("PRO-MODEL") == 0
    assert any(points.values())


def test_disguised_text_is_heard_by_both_witnesses(policy: Policy) -> None:
    for text in TWO_WITNESSES:
        assert dm(policy, text.translate(CYRILLIC)).klass is PROMOTIONAL


@pytest.mark.parametrize(("klass", "total"), [(SUSPECTED, 450), (PROMOTIONAL, 700)])
def test_model_lowers_nothing_and_repeats_nothing(policy: Policy, klass: Klass, total: int) -> None:
    for sure in (0, *([100] if klass is PROMOTIONAL else [])):
        found = verdict(klass, total)
        assert with_opinion(found, ModelVerdict(sure, ((0, 1),)), policy.promotional) is found


def test_opinion_without_spans_is_a_finding_about_the_whole_text(policy: Policy) -> None:
    found = with_opinion(verdict(CLEAN, 0), ModelVerdict(100, ()), policy.promotional)
    assert [finding.span for finding in found.findings] == [None]


@pytest.mark.parametrize("text", CERTAIN + SOFT + SERVICE)
def test_same_text_gives_the_same_bytes(policy: Policy, text: str) -> None:
    assert msgspec.json.encode(dm(policy, text)) == msgspec.json.encode(dm(policy, text))


@pytest.mark.parametrize("kind", [Kind.POST, Kind.QUOTE, Kind.REPLY])
def test_model_stops_no_public_text(policy: Policy, kind: Kind) -> None:
    assert screen(Input(text=MODEL_ONLY, kind=kind), policy).decision in {Decision.ALLOW, Decision.WARN}
