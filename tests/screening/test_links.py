"""Where links lead. Look-alike letters stand here on purpose."""
# ruff: noqa: RUF001

import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.screening.findings import Decision
from govern.screening.hosts import find_hosts
from govern.screening.links import judge_links
from govern.screening.policy import Policy, load_policy
from govern.screening.policy_source import PolicyError

POLICIES = Path(__file__).parents[2] / "policies"


def rules_of(policy: Policy, text: str) -> list[str]:
    return [found.rule for found in judge_links(text, policy.lexicon.links)]


def found(text: str) -> list[tuple[str, str]]:
    return [(host.name, text[slice(*host.span)]) for host in find_hosts(text)]


ALLOWED = [
    "brand.example",
    "BRAND.example.",
    "https://brand.example",
    "https://www.brand.example:443/a?b=c#d",
    "(http://aide.espace.brand.example/)",
    "voir:brand.example/aide",
    "https://brand.example/@equipe/photo.jpg",
    "Ｖoir brand.example",
]
LOOKALIKES = [
    "brаnd.example",  # a Cyrillic letter
    "https://brаnd.example/aide",
    "ｂｒａｎｄ.example",
    "bra\u200bnd.example",
    "brand.example.evil.example",
    "https://www.brand.example.evil.example/brand.example",
    "xn--brnd-63d.example",
    "https://brand.example\\@evil.example",
    "https:\\\\brand.example",
    "bränd.example.brаnd.example",
]


@pytest.mark.parametrize("text", ALLOWED)
def test_own_hosts_are_allowed(policy: Policy, text: str) -> None:
    assert rules_of(policy, text) == []


@pytest.mark.parametrize("text", LOOKALIKES)
def test_what_looks_like_an_own_host_is_not_taken_for_it(policy: Policy, text: str) -> None:
    assert "LNK-LOOKALIKE" in rules_of(policy, text)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("https://brand.example@evil.example", "LNK-USERINFO"),
        ("https://me:secret@brand.example/", "LNK-USERINFO"),
        ("bit.ly/abc", "LNK-SHORTENER"),
        ("HTTPS://BIT.LY:443/abc", "LNK-SHORTENER"),
        ("bit。ly/abc", "LNK-SHORTENER"),
        ("ｂit.ly/abc", "LNK-SHORTENER"),
        ("wa.me/33600000000", "LNK-DENIED"),
        ("ftp://other.example/file", "LNK-OTHER"),
        ("other.example", "LNK-OTHER"),
        ("notbrand.example", "LNK-OTHER"),
        ("brand.example.com", "LNK-LOOKALIKE"),
        ("page.newesttld", "LNK-OTHER"),
        ("http://192.0.2.7/x", "LNK-OTHER"),
        ("été.example", "LNK-OTHER"),
        ("http://localhost/x", "LNK-OTHER"),
    ],
)
def test_other_hosts_are_judged_by_their_list(policy: Policy, text: str, rule: str) -> None:
    assert rules_of(policy, text) == [rule]


@pytest.mark.parametrize(
    "text",
    [
        "C'est fini.Merci beaucoup",
        "p.ex. demain, c.-à-d. mardi, e.g. 9.30 a.m.",
        "aide@brand.com, jean.dupont+x@mail.brand.com",
        "@brand.name bonjour",
        "Voir facture.pdf et photo.jpeg",
        "12.50 € le 03.12.2026, v2.1.0",
        "Bonjour... merci..!",
        "",
    ],
)
def test_words_numbers_files_and_addresses_are_no_links(text: str) -> None:
    assert found(text) == []


def test_span_covers_the_link_and_not_the_sentence_around_it() -> None:
    text = "Voir « https://a.example/x?y=1 », b.example/z). Et x.com."
    assert found(text) == [
        ("a.example", "https://a.example/x?y=1"),
        ("b.example", "b.example/z"),
        ("x.com", "x.com"),
    ]


def test_decisions_come_from_the_file(policy: Policy) -> None:
    links = policy.lexicon.links
    rule = msgspec.structs.replace(links.rules["LNK-OTHER"], decision=Decision.ALLOW)
    silent = msgspec.structs.replace(links, rules={**links.rules, "LNK-OTHER": rule})
    assert judge_links("other.example", silent) == []
    assert [each.decision for each in judge_links("other.example", links)] == [Decision.WARN]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('["*.brand.example"', '["Brand.example"', "'Brand.example' is not a host name"),
        ('["*.brand.example"', '["brand"', "'brand' is not a host name"),
        ('["*.brand.example"', '["https://brand.example"', "is not a host name"),
        ('["*.brand.example"', '["bit.ly"', "'bit.ly' is allowed and denied"),
        ('id = "LNK-OTHER"', 'id = "LNK-OHTER"', "LNK-OTHER: the rule is missing"),
        ('id = "LNK-OTHER"', 'id = "LNK-OHTER"', "LNK-OHTER: links have the rules"),
        ('lookalikes = "block"', 'lookalikes = "allow"', "lookalikes"),
        ('other = "warn"', 'others = "warn"', "others"),
    ],
)
def test_faulty_links_are_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    for path in POLICIES.rglob("*.toml"):
        target = tmp_path / path.relative_to(POLICIES)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8")
        target.write_text(text.replace(old, new, 1) if path.name == "lexicon.toml" else text, encoding="utf-8")
    with pytest.raises(PolicyError, match=reason):
        load_policy(tmp_path)


@given(st.text(st.characters() | st.sampled_from("a.:/@\\-_ brand.example https://。\u200bа")))
def test_any_text_has_spans_inside_it(policy: Policy, text: str) -> None:
    assert all(0 <= host.span[0] < host.span[1] <= len(text) for host in find_hosts(text))
    assert judge_links(text, policy.lexicon.links) == judge_links(text, policy.lexicon.links)


HOSTILE = [
    "a.",
    "aa.",
    "a.bc ",
    "http://",
    "a@b.cd",
    "://",
    "aa.bb/",
    "https://a@",
    "。",
    "é.été ",
    "a-",
    "xn--",
    "\u200b.",
    "h",
    "aa.bb/(((",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_time_grows_with_the_length_only(policy: Policy, piece: str) -> None:
    def best(length: int) -> float:
        text = (piece * length)[:length]
        times = []
        for _ in range(3):
            start = time.perf_counter()
            judge_links(text, policy.lexicon.links)
            times.append(time.perf_counter() - start)
        return min(times)

    assert best(10_000) < 20 * best(1_250) + 0.01
