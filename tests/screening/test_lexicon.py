"""What compliance forbids, and what a paid post must say."""

import time
from pathlib import Path

import pytest

from govern.domain.messages import Kind
from govern.screening.engine import screen
from govern.screening.findings import Decision, Facts, Family, Finding, Input
from govern.screening.lexicon import judge_disclosures, judge_lexicon
from govern.screening.normalise import fold
from govern.screening.policy import Policy, load_policy
from govern.screening.policy_source import PolicyError

POLICIES = Path(__file__).parents[2] / "policies"
LEXICON = (POLICIES / "screening" / "lexicon.toml").read_text(encoding="utf-8")
RULE = """
[[rule]]
id = "LEX-TRY-001"
title = "A try"
reference = "Code civil, art. 1240"
severity = "low"
decision = "warn"
terms.fr = ["mot interdit"]
terms.en = ["forbidden word"]
message = { en = "Forbidden.", fr = "Interdit." }
test = [ { text = "Un mot interdit", expect = "warn", span = "mot interdit" }, { text = "Un mot", expect = "allow" } ]
"""


def loaded(folder: Path, lexicon: str) -> Policy:
    for path in [*POLICIES.rglob("*.toml"), *POLICIES.rglob("models/*.json")]:
        target = folder / path.relative_to(POLICIES)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "screening" / "lexicon.toml").write_text(lexicon, encoding="utf-8")
    return load_policy(folder)


def judged(policy: Policy, text: str, kind: Kind = Kind.POST, **given: object) -> list[Finding]:
    view = fold(text)
    asked = Input(text=text, kind=kind, **given)  # type: ignore[arg-type]
    return judge_lexicon(asked, view, policy.matcher.find(view.text), policy.lexicon)


FORBIDDEN = [
    ("LEX-FIN-001", "Nos fonds offrent des gains garantis, foncez"),
    ("LEX-FIN-001", "PERFORMANCES GARANTIES chaque année"),
    ("LEX-FIN-001", "our savers get guaranteed returns, every time"),
    ("LEX-FIN-002", "un investissement sans risque pour vos enfants"),
    ("LEX-FIN-003", "Get rich quick with us"),
    ("LEX-FIN-004", "You can now buy bitcoin in the app"),
    ("LEX-FIN-005", "prêt accordé même fiché Banque de France"),
    ("LEX-FIN-006", "Honestly I'd recommend investing in our tech fund"),
    ("LEX-FIN-007", "Donnez-moi votre mot de passe et je m'en occupe"),
    ("LEX-FIN-007", "could you confirm your PIN please"),
    ("LEX-ASS-001", "vous serez remboursé quoi qu'il arrive"),
    ("LEX-SAN-001", "ce thé prévient le cancer"),
    ("LEX-SAN-002", "drop 2 dress sizes by June"),
    ("LEX-ALC-001", "champagne offert pour les dix premiers"),
    ("LEX-TAB-001", "Des puffs jetables à tous les goûts"),
    ("LEX-COM-001", "On est les moins chers du marché"),
    ("LEX-COM-002", "Britain's best network"),
    ("LEX-COM-003", "Les autres banques vous mentent"),
    ("LEX-COM-004", "RT pour gagner deux places"),
    ("LEX-ENV-001", "une livraison zéro émission"),
    ("LEX-ENV-002", "a planet-friendly T-shirt"),
    ("LEX-INS-001", "T'es débile ?"),
    ("LEX-DIS-001", "Go back to where you came from"),
    ("LEX-AGR-001", "You'll regret this"),
    ("LEX-RES-001", "we accept full responsibility for the fire"),
]


@pytest.mark.parametrize(("rule", "text"), FORBIDDEN)
def test_finds_what_is_forbidden_however_it_is_said(policy: Policy, rule: str, text: str) -> None:
    assert rule in {found.rule for found in judged(policy, text)}


ORDINARY = [
    "Bonjour, le taux garanti de votre livret est affiché dans l'espace client.",
    "Your guarantee covers the screen for two years.",
    "Attention aux arnaques : personne ne peut vous promettre de doubler votre mise.",
    "Ne communiquez jamais votre code secret, même à un conseiller.",
    "Please never share your one-time password with anybody.",
    "Vous pouvez réinitialiser votre mot de passe dans l'application.",
    "Le pédestre et le vélo passent par le même chemin, la salopette est en rayon.",
    "The green card stays valid until May.",
    "Votre bouteille de vin a été remplacée.",
    "The best way to reach us is by phone.",
    "Le meilleur moyen de nous joindre est le chat.",
    "Nous sommes désolés pour la gêne, un technicien passe demain.",
    "The concert moved to another venue, your tickets stay valid.",
    "Prenez soin de vous et bon rétablissement !",
    "It may treat each order separately.",
    "Le carton est recyclé à 80 %, le film plastique à 30 %.",
    "Notre concurrent direct n'est pas concerné par cette panne.",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_leaves_ordinary_answers_alone(policy: Policy, text: str) -> None:
    assert [found.rule for found in judged(policy, text)] == []


@pytest.mark.parametrize(
    ("text", "excused"),
    [
        ("Aucun rendement garanti", True),
        ("Il n'y a jamais, chez personne, de rendement garanti", True),
        ("Aucun souci. Rendement garanti !", False),
        ("Aucun souci : rendement garanti !", False),
        ("Pas de frais cachés et surtout toujours un beau rendement garanti", False),
        ("A guaranteed return? No such luck.", False),
        ("A guaranteed return is not what this is", True),
    ],
)
def test_words_nearby_in_the_sentence_take_a_hit_away(policy: Policy, text: str, excused: bool) -> None:
    assert (judged(policy, text) == []) is excused


def test_finding_has_the_words_of_its_rule(policy: Policy) -> None:
    text = "Un été au rendement garanti !"
    (found,) = judged(policy, text)
    assert (found.family, found.decision, found.severity) == (Family.LEXICON, Decision.BLOCK, "high")
    assert found.span
    assert text[slice(*found.span)] == "rendement garanti"
    assert found.advice
    assert found.advice.code == "state_risk"


def test_rule_counts_where_it_applies(tmp_path: Path) -> None:
    applies = 'applies = { kinds = ["post"], accounts = ["acme"], languages = ["fr"] }\nterms.fr'
    policy = loaded(tmp_path, LEXICON + RULE.replace("terms.fr", applies, 1))
    text, acme = "Un mot interdit", Facts(account="ACME")
    assert judged(policy, text, facts=acme)
    assert judged(policy, text, facts=acme, lang="fr")
    assert not judged(policy, text, facts=acme, lang="en")
    assert not judged(policy, text, Kind.DM, facts=acme)
    assert not judged(policy, text, facts=Facts(account="zen"))
    assert not judged(policy, text)


def test_hits_of_one_rule_do_not_nest(tmp_path: Path) -> None:
    policy = loaded(tmp_path, LEXICON + RULE.replace("message", 'pattern = "mot interdit ici"\nmessage', 1))
    text = "Un mot interdit ici, un mot interdit là"
    assert [text[slice(*found.span or (0, 0))] for found in judged(policy, text)] == [
        "mot interdit ici",
        "mot interdit",
    ]


@pytest.mark.parametrize(
    ("text", "speaks"),
    [
        ("De belles chaussures", True),
        ("De belles chaussures #pub", False),
        ("#Publicité De belles chaussures", False),
        ("#PARTENARIATREMUNERE De belles chaussures", False),
        ("De belles chaussures #publique #adidas", True),
        ("pub: de belles chaussures", True),
        ("x" * 190 + " #ad", False),
        ("x" * 198 + " #ad", True),
    ],
)
def test_paid_post_says_so_at_its_beginning(policy: Policy, text: str, speaks: bool) -> None:
    paid = Input(text=text, kind=Kind.POST, facts=Facts(paid_partnership=True, length_limit=25_000))
    found = judge_disclosures(paid, text, policy.lexicon)
    assert [each.decision for each in found] == [Decision.NEEDS_APPROVAL] * speaks
    assert judge_disclosures(Input(text=text, kind=Kind.POST), text, policy.lexicon) == []


def test_lexicon_counts_for_every_outbound_kind_and_never_for_a_customer(policy: Policy) -> None:
    for kind in Kind:
        assert screen(Input(text="Un rendement garanti !", kind=kind), policy).decision is Decision.BLOCK
    inbound = Input(text="On m'a promis un rendement garanti !", kind=Kind.DM, direction="inbound")  # type: ignore[arg-type]
    assert [found.rule for found in screen(inbound, policy).findings if found.family is Family.LEXICON] == []


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('reference = "Code civil, art. 1240"', "", "reference"),
        ('reference = "Code civil, art. 1240"', 'reference = " "', "LEX-TRY-001: its title or its reference is empty"),
        ('terms.en = ["forbidden word"]\n', "", "LEX-TRY-001: its terms must be given in 'en' and 'fr'"),
        ('decision = "warn"', 'decision = "advise"', "decision"),
        ('decision = "warn"', 'decision = "warn"\nunless = { near = [], within_words = 4 }', "'unless' names no words"),
        ('decision = "warn"', 'decision = "warn"\nunless = { near = ["!"], within_words = 4 }', "is empty"),
        ('decision = "warn"', 'decision = "warn"\napplies = { accounts = ["@Acme"] }', "must be in small letters"),
        ('decision = "warn"', 'decision = "warn"\napplies = { acounts = ["acme"] }', "acounts"),
        ('fr = "Interdit."', 'de = "Verboten."', "de"),
        ('decision = "warn"', 'decision = "warn"\npattern = "(?=mot)"', "RE2 rejects"),
        ('"LEX-TRY-001"', '"LEX-FIN-001"', "LEX-FIN-001: the id is used twice"),
    ],
)
def test_faulty_rule_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    assert old in RULE
    with pytest.raises(PolicyError, match=reason) as refused:
        loaded(tmp_path, LEXICON + RULE.replace(old, new, 1))
    assert "screening/lexicon.toml" in refused.value.detail


def test_disclosure_without_hashtag_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="'ad' is not a hashtag"):
        loaded(tmp_path, LEXICON.replace('"#ad"', '"ad"', 1))


@pytest.mark.parametrize(
    "piece", ["rendement garanti ", "pas ", "a", "envoyez nous votre ", "concurrents ", "à gagner. "]
)
def test_time_grows_with_the_length_only(policy: Policy, piece: str) -> None:
    def best(length: int) -> float:
        text = (piece * length)[:length]
        times = []
        for _ in range(3):
            start = time.perf_counter()
            judged(policy, text)
            times.append(time.perf_counter() - start)
        return min(times)

    assert best(10_000) < 20 * best(1_250) + 0.01
