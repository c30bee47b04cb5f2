import json
import time
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.domain.messages import Kind
from govern.screening.findings import Decision, Direction, Input
from govern.screening.normalise import fold
from govern.screening.personal_data.judge import PersonalVerdict, judge
from govern.screening.personal_data.rules import PersonalRules
from govern.screening.personal_data_file import PersonalDataFile, compiled, terms
from govern.screening.terms import PureMatcher

ROOT = Path(__file__).parents[2]
SOURCE = (ROOT / "policies" / "screening" / "personal_data.toml").read_text(encoding="utf-8")
FILE = msgspec.convert(tomllib.loads(SOURCE), PersonalDataFile)
RULES = compiled(FILE)
MATCHER = PureMatcher(terms(FILE))
CASES = [
    json.loads(line) for line in (Path(__file__).parent / "personal_data_cases.jsonl").read_text("utf-8").splitlines()
]

IBAN = "FR14 2004 1010 0505 0001 3M02 606"
CARD = "4111 1111 1111 1111"
NIR = "2 95 10 99 126 111 93"


def judged(
    text: str,
    direction: Direction = Direction.OUTBOUND,
    kind: Kind = Kind.POST,
    lang: Any = None,
    rules: PersonalRules = RULES,
) -> PersonalVerdict:
    view = fold(text)
    return judge(view, MATCHER.find(view.text), Input(text=text, kind=kind, direction=direction, lang=lang), rules)


def found(text: str, direction: Direction = Direction.OUTBOUND, rules: PersonalRules = RULES) -> list[tuple[str, str]]:
    return [(str(data.type), text[slice(*data.span)]) for data in judged(text, direction, rules=rules).personal_data]


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_case_has_its_types_and_spans(case: dict[str, Any]) -> None:
    direction = Direction.OUTBOUND if case["author"] == "brand" else Direction.INBOUND
    expected = [(kind, case["text"][slice(*span)]) for kind, span in zip(case["types"], case["spans"], strict=True)]
    assert found(case["text"], direction) == expected


def test_cases_are_broad_and_half_of_them_clean() -> None:
    clean = sum(not case["types"] for case in CASES)
    assert len(CASES) >= 200
    assert clean / len(CASES) > 0.45


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("iban", "GB82WEST12345698765432"),
        ("iban", "d e 8 9 3 7 0 4 0 0 4 4 0 5 3 2 0 1 3 0 0 0"),
        ("iban", "BE68-5390-0754-7034"),
        ("iban", "LU28.0019.4006.4475.0000"),
        ("card", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"),
        ("card", "4111/1111/1111/1111"),
        ("card", "30569309025904"),
        ("card", "6011-1111-1111-1117"),
        ("nir", "2.95.10.99.126.111.93"),
        ("nir", "253072A07300443"),
        ("email", "lea.k+x@mail.example"),
        ("email", "LEA@MAIL.EXAMPLE"),
        ("email", "lea [arobase] mail [point] example"),
        ("email", "lea.k at mail dot example"),
        ("phone", "06.39.98.00.11"),
        ("phone", "06-39-98-00-11"),
        ("phone", "+33(0)639980011"),
        ("phone", "0044 7700 900123"),
        ("phone", "+49 30 23125000"),
        ("phone", "(212) 555-0143"),
    ],
)
def test_shape_is_found_wherever_it_stands(kind: str, text: str) -> None:
    for sentence in (text, f"({text})", f"Bonjour, {text}. Merci", f"please use {text}, thanks"):
        assert (kind, text) in found(sentence)


def wide(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


def arabic(text: str) -> str:
    return "".join(chr(0x660 + int(letter)) if letter.isdecimal() else letter for letter in text)


@pytest.mark.parametrize("value", [IBAN, CARD, NIR, "lea.k@mail.example", "06 39 98 00 11"])
@pytest.mark.parametrize("disguise", [wide, arabic, "\u200b".join, lambda text: text.replace(" ", "\u202f")])
def test_disguised_data_is_found_with_its_span(value: str, disguise: Any) -> None:
    text = f"Voici : {disguise(value)} merci"
    ((_, quoted),) = found(text)
    assert fold(quoted).text == fold(value).text


def test_checks_must_hold() -> None:
    assert found("IBAN FR14 2004 1010 0505 0001 3M02 607") == []
    assert found("carte 4111 1111 1111 1112 ?") != [("card", "4111 1111 1111 1112")]
    assert found("0000 0000 0000 0000") == []


PUBLIC, PRIVATE = Kind.REPLY, Kind.DM
DECISIONS = [
    ("iban", IBAN, "block", "block", "advise", "advise"),
    ("card", CARD, "block", "block", "advise", "advise"),
    ("nir", NIR, "block", "block", "advise", "advise"),
    ("email", "lea.k@mail.example", "block", "warn", "advise", None),
    ("phone", "06 39 98 00 11", "block", "warn", "advise", None),
    ("address", "12 rue des Lilas, 75020 Paris", "needs_approval", "warn", "advise", None),
    ("order_no", "commande 4000871", "block", "allow", "advise", None),
    ("file_ref", "dossier AB-12345", "block", "allow", "advise", None),
]


@pytest.mark.parametrize(("kind", "text", "out_public", "out_dm", "in_public", "in_dm"), DECISIONS)
def test_every_cell_of_the_decision_table(
    kind: str, text: str, out_public: str, out_dm: str, in_public: str, in_dm: str | None
) -> None:
    places = [
        (Direction.OUTBOUND, PUBLIC, out_public),
        (Direction.OUTBOUND, PRIVATE, out_dm),
        (Direction.INBOUND, PUBLIC, in_public),
        (Direction.INBOUND, PRIVATE, in_dm),
    ]
    for direction, where, decision in places:
        verdict = judged(text, direction, where)
        assert [data.type for data in verdict.personal_data] == [kind]
        assert [finding.decision for finding in verdict.findings] == ([Decision(decision)] if decision else [])
        assert all(finding.rule == f"PII-{kind.upper().replace('_', '-')}" for finding in verdict.findings)


def test_ready_reply_speaks_the_language_of_the_contact() -> None:
    (finding,) = judged(f"mon iban {IBAN}", Direction.INBOUND, lang="fr").findings
    assert finding.advice is not None
    assert finding.advice.code == "move_to_dm_and_delete"
    assert RULES.reply.fr in finding.advice.en
    assert RULES.reply.fr in finding.advice.fr
    (unknown,) = judged(f"mon iban {IBAN}", Direction.INBOUND).findings
    assert unknown.advice is not None
    assert RULES.reply.en in unknown.advice.en
    assert RULES.reply.fr in unknown.advice.fr


def test_no_finding_holds_the_value() -> None:
    for case in CASES:
        said = msgspec.json.encode(judged(case["text"], Direction.INBOUND, Kind.REPLY)).decode()
        for span in case["spans"]:
            assert case["text"][slice(*span)] not in said


@settings(max_examples=150, deadline=None)
@given(
    st.text(
        st.sampled_from("0123456789 +-./@#()aA°n'é\n\u200b٣\uff14") | st.characters(exclude_categories=["Cs"]),
        max_size=80,
    )
)
def test_any_text_has_a_verdict_with_spans_inside_it(text: str) -> None:
    verdict = judged(text, Direction.INBOUND)
    spans = [data.span for data in verdict.personal_data]
    assert spans == sorted(spans)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(one[1] <= two[0] for one, two in pairwise(spans))


HOSTILE = [
    "0",
    "0 ",
    "4 ",
    "a.",
    "@",
    "a@",
    "FR76 3000 ",
    "+33 ",
    "#123456 ",
    "12 rue ",
    "12 Mill ",
    "06 12 ",
    "(0) 6 ",
    " at ",
    "tel 6 ",
    "order zero un ",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_takes_time_in_step_with_its_length(piece: str) -> None:
    def seconds(length: int) -> float:
        text = (piece * length)[:length]
        view = fold(text)
        hits = MATCHER.find(view.text)
        times = []
        for _ in range(3):
            start = time.process_time()
            judge(view, hits, Input(text=text, kind=Kind.POST), RULES)
            times.append(time.process_time() - start)
        return min(times)

    assert seconds(10_000) <= 16 * seconds(1_250) + 0.02  # eight times as long, with room for a busy machine
