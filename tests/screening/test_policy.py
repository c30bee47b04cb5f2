import json
import tomllib
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from govern.screening.findings import Decision
from govern.screening.inline_tests import run_inline_tests
from govern.screening.policy import Policy, load_policy
from govern.screening.policy_source import PolicyError

POLICIES = Path(__file__).parents[2] / "policies"
PROMOTIONAL = (POLICIES / "screening" / "promotional.toml").read_text(encoding="utf-8")
CONSENT = (POLICIES / "consent.toml").read_text(encoding="utf-8")
HEAD = PROMOTIONAL[: PROMOTIONAL.index("[[signal]]")]

SIGNAL = """
[[signal]]
id = "PRO-TRY"
category = "offer"
weight = 3.0
message = { en = "An offer.", fr = "Une offre." }
terms.en = ["big sale"]
terms.fr = ["grande vente"]
pattern = "offre"
test = [
  { text = "A big sale!", expect = "hit", span = "big sale" },
  { text = "Hello", expect = "miss" },
]
"""


def write(folder: Path, signals: str = SIGNAL, head: str = HEAD) -> Path:
    copytree(POLICIES, folder, ignore=ignore_patterns("access", "cases"), dirs_exist_ok=True)
    (folder / "screening" / "promotional.toml").write_text(head + signals, encoding="utf-8")
    return folder


def test_shipped_policy_passes_its_own_tests(policy: Policy) -> None:
    assert run_inline_tests(policy) == []


def test_shipped_policy_has_a_broad_set_of_signals(policy: Policy) -> None:
    assert len(policy.promotional.signals) >= 40
    assert policy.digest.startswith("sha256:")
    assert len(policy.digest) == 71


def test_policy_without_signals_loads(tmp_path: Path) -> None:
    assert load_policy(write(tmp_path, "")).promotional.signals == {}


def test_comment_changes_no_digest_and_a_weight_does(tmp_path: Path) -> None:
    first = load_policy(write(tmp_path)).digest
    assert load_policy(write(tmp_path, "# why not\n" + SIGNAL)).digest == first
    assert load_policy(write(tmp_path, SIGNAL.replace("3.0", "2.0"))).digest != first


def test_failing_inline_test_is_reported(tmp_path: Path) -> None:
    policy = load_policy(write(tmp_path, SIGNAL.replace('"Hello"', '"Une offre"')))
    (failure,) = run_inline_tests(policy)
    assert (failure.rule, failure.expected, failure.got) == ("PRO-TRY", "miss", "hit: offre")


LINE = HEAD.count("\n") + 2


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("weight = 3.0", "weight = 3.0\nwieght = 2", f"line {LINE + 4}: .*unknown field `wieght`"),
        ('fr = "Une offre."', 'de = "Ein Angebot."', f"line {LINE + 4}: .*unknown field `de`"),
        (', fr = "Une offre."', "", f"line {LINE + 4}: .*missing required field `fr`"),
        ('category = "offer"', 'category = "ofer"', f"line {LINE + 1}: PRO-TRY: there is no category 'ofer'"),
        ("weight = 3.0", "weight = 0", "PRO-TRY: points must be above 0"),
        ("weight = 3.0", "weight = nan", "PRO-TRY: points must be above 0"),
        ('terms.fr = ["grande vente"]\n', "", "PRO-TRY: its terms must be given in 'en' and 'fr'"),
        ('"big sale"]', '"ab"]', "PRO-TRY: a term has fewer than 3 letters"),
        ('"big sale"]', '""]', "PRO-TRY: a term has fewer than 3 letters"),
        ('"big sale"]', '"big sal*"]', "PRO-TRY: a stem has fewer than 4 letters"),
        ('"big sale"]', '"brand.example"]', "PRO-TRY: the term 'brand example' is a name that a policy file allows"),
        ('pattern = "offre"', 'pattern = "(offre"', "PRO-TRY: RE2 rejects the pattern"),
        ('pattern = "offre"', 'pattern = "offre(?=s)"', "PRO-TRY: RE2 rejects the pattern"),
        ('pattern = "offre"', 'pattern = "(o)ffre\\\\1"', "PRO-TRY: RE2 rejects the pattern"),
        ('pattern = "offre"', 'pattern = "o{1,101}ffre"', "PRO-TRY: the pattern repeats over 100 times"),
        ('pattern = "offre"', f'pattern = "{"o" * 501}"', "PRO-TRY: the pattern is over 500 characters"),
        ('pattern = "offre"', 'pattern = "Offre"', "PRO-TRY: the pattern has capitals"),
        ('pattern = "offre"', 'pattern = "privé"', "PRO-TRY: the pattern has capitals, accents"),
        ('pattern = "offre"', 'pattern = "(?P<a>o)(?P<a>f)"', "PRO-TRY: the pattern uses a group name twice"),
        ('{ text = "A big sale!", expect = "hit", span = "big sale" },', "", "no inline test that expects a 'hit'"),
        ('{ text = "Hello", expect = "miss" },', "", "no inline test that expects a 'miss'"),
        ('span = "big sale"', 'span = "small sale"', "the span 'small sale' of a test is not in its text"),
        ('"PRO-TRY"', '"pro try"', f"line {LINE + 1}: "),
        ("[[signal]]", "[[signal", r"screening/promotional\.toml: .*line"),
    ],
)
def test_faulty_signal_is_refused_by_file_line_and_rule(tmp_path: Path, old: str, new: str, reason: str) -> None:
    assert old in SIGNAL
    with pytest.raises(PolicyError, match=reason) as refused:
        load_policy(write(tmp_path, SIGNAL.replace(old, new, 1)))
    assert "screening/promotional.toml" in refused.value.detail


def test_signal_without_terms_and_pattern_is_refused(tmp_path: Path) -> None:
    lines = [line for line in SIGNAL.splitlines() if not line.startswith(("terms", "pattern"))]
    with pytest.raises(PolicyError, match="neither terms nor a pattern"):
        load_policy(write(tmp_path, "\n".join(lines)))


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ("[90, 80]", "the model alone makes no text promotional: the first number must be 'never'"),
        ('["never", 80, 90]', "the more points a text has, the less sure the model may be"),
        ('["never", 80, "never"]', "the more points a text has, the less sure the model may be"),
        ('["seldom", 80]', "promotional"),
        ("[]", "promotional"),
    ],
)
def test_model_may_not_make_a_text_promotional_alone_nor_by_more_where_rules_found_more(
    tmp_path: Path, steps: str, reason: str
) -> None:
    head = "".join(
        f"promotional = {steps}\n" if line.startswith('promotional = ["never"') else line
        for line in HEAD.splitlines(keepends=True)
    )
    assert head != HEAD
    with pytest.raises(PolicyError, match=reason):
        load_policy(write(tmp_path, head=head))


def test_same_id_twice_is_refused(tmp_path: Path) -> None:
    again = LINE + 1 + SIGNAL.count("\n")
    with pytest.raises(PolicyError, match=f"line {again}: PRO-TRY: the id is used twice$"):
        load_policy(write(tmp_path, SIGNAL + SIGNAL))


def test_same_id_in_two_files_is_refused_and_both_are_named(tmp_path: Path) -> None:
    taken = next(iter(tomllib.loads((POLICIES / "x.toml").read_text(encoding="utf-8"))["rule"]))["id"]
    said = rf"x\.toml, line \d+: {taken}: the id is used twice, the other time in screening/promotional\.toml"
    with pytest.raises(PolicyError, match=said):
        load_policy(write(tmp_path, SIGNAL.replace("PRO-TRY", taken)))


@pytest.mark.parametrize("name", ["promotion", "opt_out"])
def test_model_is_part_of_the_digest_and_a_faulty_one_is_refused(tmp_path: Path, name: str) -> None:
    file = write(tmp_path) / "screening" / "models" / f"{name}.json"
    before, parsed = load_policy(tmp_path).digest, json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(parsed | {"bias": parsed["bias"] + 1}), encoding="utf-8")
    assert load_policy(tmp_path).digest != before
    for faulty in ("{", json.dumps(parsed | {"bias": "much"})):
        file.write_text(faulty, encoding="utf-8")
        with pytest.raises(PolicyError, match=rf"screening/models/{name}\.json: "):
            load_policy(tmp_path)


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as refused:
        load_policy(write(tmp_path, SIGNAL.replace('"offer"', '"ofer"').replace("3.0", "99")))
    assert len(refused.value.detail.splitlines()) == 2


@pytest.mark.parametrize("permission", ["unsolicited", "opted_out"])
@pytest.mark.parametrize("klass", ["clean", "suspected", "promotional"])
def test_no_policy_can_allow_a_message_nobody_asked_for(tmp_path: Path, permission: str, klass: str) -> None:
    row = next(line for line in HEAD.splitlines() if line.startswith(f"{permission} = "))
    loose = row.replace(f'{klass} = "block"', f'{klass} = "{Decision.NEEDS_APPROVAL}"')
    with pytest.raises(PolicyError, match=f"every cell of '{permission}' must be 'block'"):
        load_policy(write(tmp_path, head=HEAD.replace(row, loose)))


def test_missing_row_and_missing_words_are_refused(tmp_path: Path) -> None:
    row = next(line for line in HEAD.splitlines() if line.startswith("opted_in = "))
    head = HEAD.replace(row, "").replace("[wording.suspected]", "[wording.odd]")
    with pytest.raises(PolicyError, match=r"the row 'opted_in' is missing\n.*no words for 'suspected'"):
        load_policy(write(tmp_path, head=head))


def test_missing_file_and_faulty_consent_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"consent\.toml: cannot be read"):
        load_policy(tmp_path)
    write(tmp_path)
    (tmp_path / "consent.toml").write_text(CONSENT.replace("24", "48"), encoding="utf-8")
    with pytest.raises(PolicyError, match=r"consent\.toml"):
        load_policy(tmp_path)
