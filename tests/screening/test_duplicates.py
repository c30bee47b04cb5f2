"""Texts that are nearly the same as what went out before."""

import time
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.domain.messages import Kind
from govern.screening.duplicates import MIN_MASKED, fingerprint, judge_duplicates, mask, similarity
from govern.screening.findings import Decision, Facts, Finding, Input, Recent
from govern.screening.policy import Policy

KEY = b"only for tests"
NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
TEXT = "Bonjour Léa, votre colis 4417 part lundi, vous recevrez un message dès qu'il arrive."


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Bonjour Julie, votre colis 4417 arrive lundi. Bonne journée, Tom", "votre colis arrive"),
        ("Hello Sarah! Your parcel ships Monday. Kind regards,\nTom - Acme Care", "your parcel ships"),
        ("@bob Bonjour Bob, votre remboursement de 12,50 € est parti ^JD", "votre remboursement de est parti"),
        ("Dear Mr Smith, see https://brand.example/x or brand.example", "see or"),
        ("HI THERE YOUR BILL IS READY", "your bill is ready"),
        ("Votre conseillère Anna Petit vous rappelle au 01 99 00 12 34", "votre conseillere vous rappelle au"),
        ("Écrivez à julie.martin@mail.example", "ecrivez a"),
        ("Votre code ETE20 est actif. L'équipe Acme", "votre code est actif"),
        ("Julie Martin, votre demande est transmise", "votre demande est transmise"),
        ("Rappel demain entre deux et quatre heures chez Madame N'Diaye", "rappel entre et heures chez"),
        ("Bonjour", ""),
        ("", ""),
    ],
)
def test_mask_takes_out_what_differs_from_person_to_person(text: str, masked: str) -> None:
    assert mask(text) == masked


SAME = [
    ("Bonjour {}, votre commande {} est partie {}, elle arrive à {}.", [
        ("Julie", "4417", "lundi", "Lyon"), ("Karim", "AB-90123", "jeudi", "Bordeaux"), ("Mme Petit", "88", "samedi", "Lille"),
    ]),
    ("Hi {}! Sorry about the wait. Your refund of £{} left us on {} and reaches you within {} days.", [
        ("Tom", "12.40", "Monday", "3"), ("Ms Okafor", "1,208.00", "Friday", "10"), ("there", "8", "4 May", "five"),
    ]),
    ("@{} Merci de nous avoir écrit, {}. Un conseiller du service {} vous répond avant {} h.", [
        ("bob_1", "Bob", "technique", "18"), ("lea", "Léa", "client", "9"),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("template", "slots"), SAME)
def test_same_template_with_other_slots_is_found(template: str, slots: list[tuple[str, ...]]) -> None:
    first, *others = (mask(template.format(*slot)) for slot in slots)
    assert all(similarity(first, other, at_least=85) >= 90 for other in others)


DIFFERENT = [
    "Votre remboursement est parti ce matin et sera sur votre compte sous trois jours.",
    "Votre colis est retardé d'une journée, il arrive demain avant midi.",
    "Pour changer de formule, passez par l'espace client, rubrique contrat.",
    "The branch in the high street is closed today, the next one is in the station.",
    "Your card was blocked because the code was wrong three times.",
    "We can't see your contract from here, please sign in and write to us there.",
]


def test_different_texts_are_not_called_the_same() -> None:
    masked = list(map(mask, DIFFERENT))
    assert [(a, b) for a in masked for b in masked if a != b and similarity(a, b) >= 80] == []


def test_nothing_is_not_the_same_as_nothing() -> None:
    assert similarity("", "") == 0.0
    assert similarity("abc", "abc") == 100.0


def test_long_text_is_not_the_same_as_its_beginning() -> None:
    words = " ".join(f"mot{'x' * (n % 7)}" for n in range(1_000))
    assert similarity(words, words + " " + words, at_least=90) == 0.0


def test_fingerprint_is_keyed_and_has_16_bytes() -> None:
    ours = fingerprint("votre colis arrive", KEY)
    assert len(bytes.fromhex(ours)) == 16
    assert ours == fingerprint("votre colis arrive", KEY)
    assert ours != fingerprint("votre colis arrive", b"another key")
    assert ours != fingerprint("votre colis part", KEY)


def row(text: str = TEXT, **overrides: object) -> Recent:
    values = {"text": text, "account": "acme", "brand": "acme", "kind": Kind.DM, "at": NOW - timedelta(hours=1)}
    return Recent(**{**values, **overrides})  # type: ignore[arg-type]


def judged(
    policy: Policy, recent: list[Recent], *, kind: Kind = Kind.DM, text: str = TEXT, **facts: object
) -> list[Finding]:
    values = {"account": "acme", "brand": "acme", "recipient": "me", "at": NOW, "recent": tuple(recent), **facts}
    return judge_duplicates(Input(text=text, kind=kind, facts=Facts(**values)), policy.duplicates)  # type: ignore[arg-type]


def decision(findings: list[Finding], rule: str) -> Decision | None:
    return next((finding.decision for finding in findings if finding.rule == rule), None)


@pytest.mark.parametrize(
    ("others", "expected"),
    [(2, None), (3, Decision.WARN), (9, Decision.WARN), (10, Decision.NEEDS_APPROVAL), (24, Decision.NEEDS_APPROVAL), (25, Decision.BLOCK)],
)  # fmt: skip
def test_same_text_to_many_recipients(policy: Policy, others: int, expected: Decision | None) -> None:
    recent = [row(recipient=f"other_{number}") for number in range(others)]
    assert decision(judged(policy, recent), "DUP-RECIPIENTS") is expected


def test_recipients_count_once_and_the_present_one_not_at_all(policy: Policy) -> None:
    recent = [row(recipient=name) for name in ("@One", "one", "two", "me", "@ME") for _ in range(5)]
    assert decision(judged(policy, recent), "DUP-RECIPIENTS") is None


def test_other_brands_and_older_texts_do_not_count(policy: Policy) -> None:
    old = [row(recipient=str(number), at=NOW - timedelta(hours=25)) for number in range(30)]
    other = [row(recipient=str(number), brand="zen") for number in range(30)]
    assert judged(policy, old + other) == []


@pytest.mark.parametrize(("others", "expected"), [(4, None), (5, Decision.WARN), (20, Decision.NEEDS_APPROVAL)])
def test_standardised_replies_of_an_account(policy: Policy, others: int, expected: Decision | None) -> None:
    recent = [row(kind=Kind.REPLY, recipient="me", at=NOW - timedelta(days=6)) for _ in range(others)]
    assert decision(judged(policy, recent, kind=Kind.REPLY), "DUP-STANDARD") is expected


def test_text_of_another_account_blocks_and_one_like_it_needs_approval(policy: Policy) -> None:
    same = row(kind=Kind.POST, account="acme_pro")
    assert decision(judged(policy, [same], kind=Kind.POST), "DUP-ACCOUNTS") is Decision.BLOCK
    like = row(TEXT.replace("dès qu'il arrive", "quand il arrivera"), kind=Kind.POST, account="acme_pro")
    assert decision(judged(policy, [like], kind=Kind.POST), "DUP-ACCOUNTS") is Decision.NEEDS_APPROVAL


def test_rows_with_fingerprints_only_are_compared_by_them(policy: Policy) -> None:
    known = fingerprint(mask(TEXT), KEY)
    gone = Recent(fingerprint=known, account="acme_pro", kind=Kind.POST)
    assert decision(judged(policy, [gone], kind=Kind.POST, fingerprint=known), "DUP-ACCOUNTS") is Decision.BLOCK
    assert judged(policy, [gone], kind=Kind.POST) == []


def test_rows_may_be_masked_already(policy: Policy) -> None:
    masked = Recent(masked=mask(TEXT), account="acme_pro", kind=Kind.POST)
    assert decision(judged(policy, [masked], kind=Kind.POST), "DUP-ACCOUNTS") is Decision.BLOCK


def test_same_text_on_the_same_account_warns_and_another_greeting_is_another_text(policy: Policy) -> None:
    again = row(TEXT.upper(), kind=Kind.POST)
    assert decision(judged(policy, [again], kind=Kind.POST), "DUP-REPEATED") is Decision.WARN
    other = row(TEXT.replace("Léa", "Karim"), kind=Kind.POST)
    assert decision(judged(policy, [other], kind=Kind.POST), "DUP-REPEATED") is None


def test_short_texts_are_everybodys(policy: Policy) -> None:
    short = "Merci, c'est noté !"
    assert len(mask(short)) < MIN_MASKED
    recent = [row(short, recipient=str(number)) for number in range(30)]
    assert judged(policy, recent, text=short) == []


def test_order_of_the_rows_changes_nothing(policy: Policy) -> None:
    recent = [row(recipient=str(number), at=NOW - timedelta(hours=number)) for number in range(40)]
    assert judged(policy, recent) == judged(policy, recent[::-1])


def test_finding_quotes_neither_text(policy: Policy) -> None:
    recent = [row(recipient=f"zanzibar{number}") for number in range(30)]
    assert b"zanzibar" not in msgspec.json.encode(judged(policy, recent))
    assert b"colis" not in msgspec.json.encode(judged(policy, recent))


@given(st.text())
def test_any_text_is_masked(text: str) -> None:
    masked = mask(text)
    assert masked == mask(text)
    assert not any(letter.isdigit() for letter in masked)


HOSTILE = ["-", "a-", "a.", "@", "a@", "bonjour ", "aa Aa", "http://", "merci ", "1", " ", "^a "]


@pytest.mark.parametrize("piece", HOSTILE)
def test_masking_time_grows_with_the_length_only(piece: str) -> None:
    def best(length: int) -> float:
        text = (piece * length)[:length]
        times = []
        for _ in range(3):
            start = time.perf_counter()
            mask(text)
            times.append(time.perf_counter() - start)
        return min(times)

    assert best(10_000) < 20 * best(1_250) + 0.01
