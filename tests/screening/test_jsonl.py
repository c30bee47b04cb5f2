"""Lines in, lines out; and the command around it."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.cli.screening import read_lines
from govern.screening.jsonl import MAX_LINE, answer_line
from govern.screening.policy import Policy

ROOT = Path(__file__).parents[2]
LINE: dict[str, Any] = {"id": "m1", "text": "Vente privée : -20 %", "kind": "dm", "direction": "outbound"}
KEYS = ["id", "decision", "class", "optout", "personal_data", "findings", "policy_digest"]


def encoded(**overrides: object) -> bytes:
    return json.dumps({key: value for key, value in {**LINE, **overrides}.items() if value != "absent"}).encode()


def answered(policy: Policy, line: bytes) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(answer_line(line, policy).line)
    return answer


def test_answer_has_its_keys_in_order_and_no_other(policy: Policy) -> None:
    answer = answered(policy, encoded(permission="service_window"))
    assert list(answer) == KEYS
    assert answer["id"] == "m1"
    assert answer["policy_digest"] == policy.digest
    assert answer["class"] != "clean"


@pytest.mark.parametrize("permission", ["absent", None, "unsolicited"])
def test_no_permission_means_unsolicited(policy: Policy, permission: object) -> None:
    answer = answered(policy, encoded(text="Bonjour", permission=permission))
    assert (answer["decision"], answer["class"]) == ("block", "clean")


def test_permission_of_a_post_is_not_read(policy: Policy) -> None:
    assert answered(policy, encoded(text="Bonjour", kind="post", permission="opted_out"))["decision"] == "allow"


def test_inbound_is_advised_upon_and_never_classed(policy: Policy) -> None:
    answer = answered(policy, encoded(direction="inbound", text="STOP"))
    assert (answer["optout"], answer["class"]) == ("yes", "clean")
    assert answer["decision"] in {"allow", "advise"}


def test_facts_reach_the_rules(policy: Policy) -> None:
    answer = answered(policy, encoded(text="Bonjour", kind="quote", facts={"app_tier": "self_serve"}))
    assert [found["rule"] for found in answer["findings"]] == ["X-QUOTE"]


SECRET = "zanzibar 4417"


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"[1]", "line: not a JSON object"),
        (b"{", "line: not a JSON object"),
        (b"zanzibar 4417", "line: not a JSON object"),
        (b"[" * 200_000, "line: not a JSON object"),
        (b'{"id":"m1","text":"zanzibar 4417 \xff"}', "line: not UTF-8"),
        (b"x" * (MAX_LINE + 1), "line: over 1 MiB"),
        (encoded(text="absent"), "text: missing"),
        (encoded(direction="absent"), "direction: missing"),
        (encoded(kind="absent"), "kind: missing"),
        (encoded(id="absent"), "id: missing"),
        (encoded(text=SECRET + "\ud83d"), "text: half of a surrogate pair"),
        (encoded(text="\ude00 " + SECRET), "text: half of a surrogate pair"),
        (encoded(facts={"account": "\ud83d"}), "facts: half of a surrogate pair"),
        (encoded(text=None), "text: Expected str, got null"),
        (encoded(text=[SECRET]), "text: Expected str, got array"),
        (encoded(kind=SECRET), "kind: not one of the words it can be"),
        (encoded(direction="out"), "direction: not one of the words it can be"),
        (encoded(permission=SECRET), "permission: not one of the words it can be"),
        (encoded(permission=3), "permission: Expected str | null, got int"),
        (encoded(lang="de"), "lang: not one of the words it can be"),
        (encoded(lang=None), "lang: Expected str, got null"),
        (encoded(facts=None), "facts: Expected object, got null"),
        (encoded(facts={"colour": SECRET}), "facts.colour: unknown key"),
        (encoded(facts={"length_limit": "280"}), "facts.length_limit: Expected int | null, got str"),
        (encoded(facts={"length_limit": 0}), "facts.length_limit: Expected int >= 1"),
        (encoded(facts={"recent": [{"kind": "dm", "at": SECRET}]}), r"facts.recent[0].at: Invalid RFC3339 encoded datetime"),
        (encoded(facts={"recent": [{}]}), "facts.recent[0].kind: missing"),
        (encoded(note=1), "note: unknown key"),
        (encoded(**{SECRET: 1}), "a key: unknown key"),
        (encoded(id=""), "id: Expected str of length >= 1"),
        (encoded(id="x" * 201), "id: Expected str of length <= 200"),
        (encoded(id=7), "id: Expected str, got int"),
        (b'{"id":"m1","text":NaN}', "line: not a JSON object"),
    ],
)  # fmt: skip
def test_invalid_line_says_key_and_reason_and_never_the_text(policy: Policy, line: bytes, error: str) -> None:
    answer = answer_line(line, policy)
    assert not answer.valid
    told = json.loads(answer.line)
    assert told["error"] == error
    assert told.keys() <= {"id", "error"}
    assert b"zanzibar" not in answer.line


def test_invalid_line_is_named_by_its_id(policy: Policy) -> None:
    assert answered(policy, encoded(kind="odd"))["id"] == "m1"
    assert "id" not in answered(policy, encoded(id="x" * 201))
    assert "id" not in answered(policy, encoded(id="\ud83d"))


def test_control_characters_and_long_ids_are_valid(policy: Policy) -> None:
    assert answered(policy, encoded(text="a\0b", kind="post"))["decision"] == "block"
    assert answered(policy, encoded(id="é" * 200))["id"] == "é" * 200


@given(st.binary(max_size=200) | st.text().map(lambda text: encoded(text=text)))
def test_any_line_has_an_answer(policy: Policy, line: bytes) -> None:
    first = answer_line(line, policy)
    assert first == answer_line(line, policy)
    assert ("error" in json.loads(first.line)) is not first.valid


def test_blank_lines_are_skipped_and_long_ones_are_not_kept() -> None:
    long = b"x" * (3 * MAX_LINE)
    fits = b"y" * MAX_LINE
    stream = io.BytesIO(b"\n  \r\na\r\n" + long + b"\n\t\n" + fits + b"\r\nb\n" + long)
    assert list(read_lines(stream)) == [b"a", None, fits, b"b", None]


def run(*arguments: str, lines: bytes, seed: str = "0") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "govern.cli", "screen", *arguments],
        input=lines,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": seed},
        cwd=ROOT,
    )


TEXTS = [
    "Vente privée : -20 % avec le code ETE20 !",
    "Votre colis arrive demain.",
    "V\u200bente priv\u200bée",
    "Écrivez à julie.martin@mail.example ou au 01 99 00 12 34.",
    "Un rendement garanti sur bit.ly/abc",
    "Désabonnez-moi de vos messages",
    "n3w 0ff3r, s a l e today",
    "",
]
LINES = [
    encoded(id=f"{kind}-{direction}-{number}", text=text, kind=kind, direction=direction, permission="service_window")
    for number, text in enumerate(TEXTS)
    for kind in ("dm", "post")
    for direction in ("outbound", "inbound")
]


def test_command_answers_in_order_and_alike_with_every_matcher_and_hash_seed() -> None:
    first = run("--jsonl", lines=b"\n".join(LINES))
    assert (first.returncode, first.stderr) == (0, b"")
    assert [json.loads(line)["id"] for line in first.stdout.splitlines()] == [json.loads(line)["id"] for line in LINES]
    for matcher, seed in (("native", "1"), ("pure", "2")):
        assert run("--jsonl", "--matcher", matcher, lines=b"\n".join(LINES), seed=seed).stdout == first.stdout
    turned = run("--jsonl", lines=b"\n\n".join(reversed(LINES)) + b"\r\n")
    assert turned.stdout.splitlines() == first.stdout.splitlines()[::-1]


def test_command_goes_on_after_an_invalid_line_and_says_so_at_the_end() -> None:
    done = run("--jsonl", lines=LINES[0] + b"\nnonsense\n\n" + LINES[1])
    assert done.returncode == 2
    assert [next(iter(json.loads(line))) for line in done.stdout.splitlines()] == ["id", "error", "id"]


@pytest.mark.parametrize("folder", ["missing", "empty", "faulty"])
def test_command_reads_nothing_when_policies_cannot_be_loaded(tmp_path: Path, folder: str) -> None:
    place = tmp_path / folder
    if folder != "missing":
        (place / "screening").mkdir(parents=True)
    if folder == "faulty":
        (place / "consent.toml").write_text("version = ", encoding="utf-8")
    done = run("--jsonl", "--policies", str(place), lines=LINES[0])
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"policy.invalid" in done.stderr


def test_command_imports_neither_the_database_nor_the_web() -> None:
    code = (
        "import sys\n"
        "sys.argv = ['govern', 'screen', '--jsonl']\n"
        "from govern.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit as ended:\n    assert not ended.code, ended.code\n"
        "roots = {name.partition('.')[0] for name in sys.modules}\n"
        "assert not roots & {'piccolo', 'litestar', 'asyncpg', 'casbin', 'redis', 'tweepy'}, roots\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=LINES[0], capture_output=True, check=False, env=dict(os.environ), cwd=ROOT
    )
    assert (done.returncode, done.stderr) == (0, b"")
