import tomllib
from pathlib import Path

import msgspec
import pytest

from govern.domain.messages import Kind
from govern.screening.findings import Direction, Input
from govern.screening.normalise import fold
from govern.screening.personal_data.judge import judge
from govern.screening.personal_data_file import PersonalDataFile, compiled, faults, inline_tests, terms
from govern.screening.policy_files import NEGATIVE, inline_test_faults, term_faults
from govern.screening.terms import PureMatcher

SOURCE = (Path(__file__).parents[2] / "policies" / "screening" / "personal_data.toml").read_text(encoding="utf-8")
OWN = """
[[reference]]
id = "PII-REF-CLAIM"
type = "file_ref"
re2 = '\\bzz\\d{4}\\b'
test = [{ text = "ZZ1234", expect = "hit" }, { text = "ZZ12", expect = "miss" }]
"""


def read(source: str) -> PersonalDataFile:
    return msgspec.convert(tomllib.loads(source), PersonalDataFile)


def found(text: str, source: str = SOURCE, direction: Direction = Direction.OUTBOUND) -> list[tuple[str, str]]:
    file = read(source)
    view = fold(text)
    given = Input(text=text, kind=Kind.POST, direction=direction)
    verdict = judge(view, PureMatcher(terms(file)).find(view.text), given, compiled(file))
    return [(finding.rule, text[slice(*finding.span or (0, 0))]) for finding in verdict.findings]


def test_shipped_file_has_no_fault() -> None:
    file = read(SOURCE)
    assert list(faults(file)) == []
    assert [fault for _, term in terms(file) for fault in term_faults(term)] == []
    assert [fault for tests in inline_tests(file).values() for fault in inline_test_faults(tests)] == []


def test_shipped_file_passes_its_inline_tests() -> None:
    for rule, tests in inline_tests(read(SOURCE)).items():
        for test in tests:
            hits = [
                quote
                for name, quote in found(test.text, direction=test.direction or Direction.OUTBOUND)
                if name == rule
            ]
            assert (not hits) if test.expect in NEGATIVE else (test.span in hits)


@pytest.mark.parametrize(
    ("old", "new", "rule", "reason"),
    [
        ('type = "card"', 'type = "iban"', "PII-CARD", "'card' must stand in the file once"),
        ('inbound = { public = "advise" }', 'inbound = { public = "block" }', "PII-EMAIL", "only lead to 'advise'"),
        (
            'outbound = { public = "block", dm = "warn" }',
            'outbound = { public = "advise" }',
            "PII-EMAIL",
            "customers write",
        ),
        ("Ready reply: “{reply}”", "", "advice", "'{reply}'"),
        ("[words.PII-WORDS-HOME]", "[words.PII-WORDS-HOME]\n#", "", ""),
    ],
)
def test_fault_is_named_with_its_rule(old: str, new: str, rule: str, reason: str) -> None:
    assert old in SOURCE
    named = list(faults(read(SOURCE.replace(old, new, 1))))
    assert any(name == rule and reason in said for name, said in named) or not rule


def test_pattern_of_a_format_is_checked() -> None:
    broken = SOURCE + OWN.replace("zz", "(zz")
    assert [name for name, _ in faults(read(broken))] == ["PII-REF-CLAIM"]


def test_own_format_needs_no_word_and_beats_the_rest() -> None:
    assert found("Voilà ZZ1234 !") == []
    assert found("Voilà ZZ1234 !", SOURCE + OWN) == [("PII-REF-CLAIM", "ZZ1234")]
    assert found("commande ZZ1234", SOURCE + OWN) == [("PII-REF-CLAIM", "ZZ1234")]


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ('phones = ["+33639980011"]', "Écrivez ou 06 39 98 00 11"),
        ('emails = ["lea@mail.example"]', "lea (at) mail (dot) example"),
        ('domains = ["mail.example"]', "Voyez lea.k@mail.example"),
        ('addresses = ["12 rue des Lilas, 75020 Paris"]', "C'est au 12 rue des Lilas 75020 PARIS"),
        ('ibans = ["FR1420041010050500013M02606"]', "Dons : FR14 2004 1010 0505 0001 3M02 606"),
    ],
)
def test_own_details_may_stand_anywhere_and_clear_only_themselves(entry: str, text: str) -> None:
    name = entry.partition(" ")[0]
    lines = [entry if line.startswith(f"{name} = [") and "PII" not in line else line for line in SOURCE.splitlines()]
    own = "\n".join(lines)
    assert found(text) != []
    assert found(text, own) == []
    assert found(f"{text}, pas 06 39 98 00 22", own) == [("PII-PHONE", "06 39 98 00 22")]


def test_our_own_hotline_is_ours_only_when_we_write() -> None:
    assert found("Appelez-nous au 01 99 00 11 22.") == []
    assert found("appelez-nous au 01 99 00 11 22", direction=Direction.INBOUND) == [("PII-PHONE", "01 99 00 11 22")]
