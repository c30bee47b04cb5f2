"""What X would refuse, said before X does."""

from pathlib import Path

import pytest

from govern.domain.messages import Kind
from govern.screening.engine import screen
from govern.screening.findings import Decision, Facts, Finding, Input, Tier
from govern.screening.policy import Policy, load_policy
from govern.screening.policy_source import PolicyError
from govern.screening.x_rules import CHECKED, find_overlength, judge_for_x

POLICIES = Path(__file__).parents[2] / "policies"


def judged(policy: Policy, text: str, kind: Kind, facts: Facts) -> dict[str, Finding]:
    return {found.rule: found for found in judge_for_x(Input(text=text, kind=kind, facts=facts), text, policy.x)}


@pytest.mark.parametrize("rule", ["X-SUMMONED", "X-QUOTE", "X-CASHTAG", "X-PRIVACY"])
@pytest.mark.parametrize("kind", Kind)
def test_rule_without_its_fact_is_silent(policy: Policy, rule: str, kind: Kind) -> None:
    assert rule not in judged(policy, "$ACME $ZEN", kind, Facts())


@pytest.mark.parametrize(
    ("tier", "summoned", "blocks"),
    [
        (Tier.SELF_SERVE, False, True),
        (Tier.SELF_SERVE, True, False),
        (Tier.SELF_SERVE, None, False),
        (Tier.ENTERPRISE, False, False),
    ],
)
def test_reply_nobody_asked_for_is_blocked_on_a_self_serve_app(
    policy: Policy, tier: Tier, summoned: bool | None, blocks: bool
) -> None:
    found = judged(policy, "Bonjour", Kind.REPLY, Facts(app_tier=tier, summoned=summoned))
    assert (found.get("X-SUMMONED") is not None) is blocks
    assert all(each.decision is Decision.BLOCK for each in found.values())


def test_second_cashtag_is_marked(policy: Policy) -> None:
    text = "Results: $ACME up, $ZEN down, $TOO"
    found = judged(policy, text, Kind.POST, Facts(app_tier=Tier.SELF_SERVE))["X-CASHTAG"]
    assert found.span
    assert text[slice(*found.span)] == "$ZEN"
    assert "{" not in found.message.en + found.message.fr


@pytest.mark.parametrize(
    ("facts", "blocks"),
    [
        (Facts(ai_written=True), True),
        (Facts(ai_written=True, ai_approved=True), False),
        (Facts(automated=True), False),
        (Facts(automated=2), True),
        (Facts(), False),
    ],
)
def test_machines_reply_once_and_with_approval(policy: Policy, facts: Facts, blocks: bool) -> None:
    assert ("X-AI" in judged(policy, "Bonjour", Kind.REPLY, facts)) is blocks
    assert "X-AI" not in judged(policy, "Bonjour", Kind.POST, facts)


def test_link_says_its_price_and_never_stands_in_the_way(policy: Policy) -> None:
    found = judged(policy, "Voir https://www.brand.com/aide", Kind.POST, Facts())["X-COST"]
    assert found.decision is Decision.ALLOW
    assert "13 times" in found.message.en
    assert "X-COST" not in judged(policy, "Voir https://www.brand.com/aide", Kind.DM, Facts())


def test_privacy_link_is_known_by_its_words(policy: Policy) -> None:
    facts = Facts(privacy_link_sent=False)
    assert "X-PRIVACY" in judged(policy, "Bonjour", Kind.DM, facts)
    assert "X-PRIVACY" not in judged(policy, "Bonjour brand.example/Vie-Privée", Kind.DM, facts)
    assert "X-PRIVACY" in judged(policy, "Nous protégeons votre vie privée", Kind.DM, facts)


def test_every_image_without_a_description_counts(policy: Policy) -> None:
    found = judged(policy, "Bonjour", Kind.POST, Facts(images_without_alt=3))["X-ALT"]
    assert (found.decision, found.span) == (Decision.WARN, None)
    assert "3" in found.message.fr


def test_short_urls_can_weigh_more_than_their_letters() -> None:
    given = Input(text="a.co " * 50, kind=Kind.POST)
    over = find_overlength(given, given.text)
    assert over
    assert over.length == 50 * 24


def test_rules_of_x_are_part_of_every_screening(policy: Policy) -> None:
    quote = Input(text="À lire.", kind=Kind.QUOTE, facts=Facts(app_tier=Tier.SELF_SERVE))
    assert screen(quote, policy).decision is Decision.BLOCK


def test_every_check_has_its_words(policy: Policy) -> None:
    assert policy.x.rules.keys() == CHECKED


def test_fault_of_a_key_names_its_own_line(tmp_path: Path) -> None:
    text = (POLICIES / "x.toml").read_text(encoding="utf-8").replace("dm_day = 1_440", "dm_day = 0", 1)
    line = text.splitlines().index("dm_day = 0") + 1
    with pytest.raises(PolicyError, match=f"x.toml, line {line}: limits.dm_day: "):
        load_policy(copied(tmp_path, text))


def copied(tmp_path: Path, x_toml: str) -> Path:
    """Copy the shipped policies, with another `x.toml`."""
    for path in POLICIES.rglob("*.toml"):
        target = tmp_path / path.relative_to(POLICIES)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(x_toml if path.name == "x.toml" else path.read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('id = "X-QUOTE"', 'id = "X-QOUTE"', "X-QUOTE: the rule is missing"),
        ('id = "X-QUOTE"', 'id = "X-QOUTE"', "X-QOUTE: the engine has no such check"),
        ("[tiers.enterprise]", "[tiers.free]", "free"),
        ("post = 15_000", "post = 0", "prices.post: a post must cost something"),
        ("read_dm = 10_000", "read_dm = -1", r"x.toml, line \d+: prices.read_dm: a price is"),
        ("dm = 15_000", 'dm = "15"', r"x.toml, line \d+: Expected `int`, got `str` - at `\$.prices.dm`"),
        ("as_of = 2026-04-20", "as_of = 20", "prices.as_of"),
        ("media_metadata = 5_000\n", "", r"line \d+: Object missing required field `media_metadata`"),
        ("company = 5_000", "company = -5", r"line \d+: ceilings.company: it must be from 0"),
        ("company = 5_000", "compagny = 5_000", r"line \d+: Object contains unknown field `compagny`"),
        (
            "answers_reserve_percent = 10",
            "answers_reserve_percent = 101",
            "ceilings.answers_reserve_percent: it must be",
        ),
        ("warn_percent = 80", "warn_percent = 0", "ceilings.warn_percent: it must be 1 to 100"),
        ("dm_app_day = 1_440", "dm_app_day = 0", r"line \d+: limits.dm_app_day: it must be from 1"),
        ("answers_percent = 20", "answers_percent = 100", "limits.answers_percent: it must be 0 to 99"),
        ('"rgpd"', '"RGPD"', "privacy_words: 'RGPD' must be in small letters"),
        ('decision = "warn"', 'decision = "advise"', "'advise' is for inbound messages"),
        ("max_cashtags", "max_cashtag", "max_cashtag"),
    ],
)
def test_faulty_file_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    text = (POLICIES / "x.toml").read_text(encoding="utf-8").replace(old, new, 1)
    with pytest.raises(PolicyError, match=reason):
        load_policy(copied(tmp_path, text))
