"""Notes, keys and checkpoints: one form each, and every other form refused."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.tlog.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint, sign_checkpoint
from govern.tlog.note import (
    MAX_SIGNATURES,
    Note,
    NoteError,
    Signature,
    SignerKey,
    parse_note,
    parse_verifier,
    sign_note,
    verify_note,
)

KEY = SignerKey("log.example/audit", bytes(range(32)))
OTHER = SignerKey("other.example", bytes(range(1, 33)))
POINT = Checkpoint("log.example/audit", 7, bytes(range(32)))
SIGNED = str(sign_checkpoint(POINT, KEY))


def test_a_checkpoint_is_read_back_by_who_holds_the_public_key() -> None:
    assert open_checkpoint(SIGNED, [KEY.verifier], origin="log.example/audit") == POINT
    assert open_checkpoint(SIGNED.encode(), [OTHER.verifier, KEY.verifier]) == POINT


def test_signing_twice_gives_the_same_note() -> None:
    assert str(sign_checkpoint(POINT, KEY)) == SIGNED


def test_keys_are_read_back_from_their_text() -> None:
    made = SignerKey.generate("log.example/audit")
    assert SignerKey.parse(str(made)) == made
    assert parse_verifier(str(made.verifier)) == made.verifier
    assert made.seed.hex() not in repr(made)
    assert base64.b64encode(made.seed).decode() not in repr(made)


def test_another_log_is_refused() -> None:
    with pytest.raises(NoteError, match="not of"):
        open_checkpoint(SIGNED, [KEY.verifier], origin="other.example")
    with pytest.raises(NoteError, match="does not sign for"):
        sign_checkpoint(POINT, OTHER)


def test_nobody_we_know_is_nobody() -> None:
    with pytest.raises(NoteError, match="no known key"):
        open_checkpoint(SIGNED, [OTHER.verifier])


def test_lines_of_unknown_keys_are_ignored() -> None:
    note = sign_note(POINT.text(), OTHER, KEY)
    assert verify_note(note, [KEY.verifier]) == [KEY.verifier]


def test_a_wrong_line_in_a_known_name_refuses_the_whole_note() -> None:
    good = sign_note(POINT.text(), KEY).signatures[0]
    wrong = Signature(good.name, good.key_id, bytes(64))
    with pytest.raises(NoteError, match="is wrong"):
        verify_note(Note(POINT.text(), (wrong, good)), [KEY.verifier])


def test_the_text_may_hold_empty_lines() -> None:
    note = sign_note("first\n\nsecond\n", KEY)
    assert parse_note(str(note)).text == "first\n\nsecond\n"


@given(st.integers(0, len(SIGNED.encode()) * 8 - 1))
def test_no_flipped_bit_is_accepted(bit: int) -> None:
    data = bytearray(SIGNED.encode())
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(NoteError):
        open_checkpoint(bytes(data), [KEY.verifier], origin=POINT.origin)


@given(st.binary(max_size=300) | st.text(max_size=300))
def test_anything_else_is_refused_in_words(data: bytes | str) -> None:
    with pytest.raises(NoteError):
        open_checkpoint(data, [KEY.verifier])


@pytest.mark.parametrize(
    "note",
    [
        SIGNED.replace("\n", "\r\n"),
        SIGNED.replace("log.example", "log\t.example", 1),
        SIGNED.removesuffix("\n"),
        SIGNED + "\n",
        SIGNED.replace("— ", "- "),
        SIGNED.replace("\n\n", "\n"),
        SIGNED + "— x y\n",
        SIGNED[: SIGNED.index("—")],
        "x" * (1 << 20) + "\n\n" + SIGNED,
        SIGNED.encode() + b"\xff",
        POINT.text() + "\n" + KEY.sign(POINT.text()).line() * (MAX_SIGNATURES + 1),
    ],
)
def test_a_malformed_note_is_refused(note: str | bytes) -> None:
    with pytest.raises(NoteError):
        open_checkpoint(note, [KEY.verifier])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n",
        "origin\n1\n",
        "origin\n01\nAAAA\n",
        "origin\n-1\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "origin\n1\n" + base64.b64encode(bytes(31)).decode() + "\n",
        "origin\n1\n" + base64.b64encode(bytes(32)).decode()[:-2] + "B=\n",
        "origin\n1\n" + base64.b64encode(bytes(32)).decode(),
        "\n1\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "origin\n99999999999999999999\n" + base64.b64encode(bytes(32)).decode() + "\n",
    ],
)
def test_a_malformed_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        parse_checkpoint(text)


def test_lines_of_others_below_the_root_are_kept() -> None:
    text = POINT.text() + "time 12\n"
    assert parse_checkpoint(text).extension == ("time 12",)
    assert parse_checkpoint(text).text() == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000+AA==",
        str(KEY.verifier).replace("log.", "l og."),
        str(KEY.verifier)[:-4],
        str(KEY.verifier).replace("+", "+0", 1),
        str(KEY),
    ],
)
def test_a_malformed_public_key_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        parse_verifier(text)


@pytest.mark.parametrize(
    "text", ["", str(KEY.verifier), str(KEY).replace("PRIVATE", "PUBLIC"), str(KEY)[:-4], "a+b+c+d+e"]
)
def test_a_malformed_private_key_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(NoteError) as refused:
        SignerKey.parse(text)
    assert base64.b64encode(KEY.seed).decode()[:20] not in str(refused.value)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "line\nbreak"])
def test_a_key_has_a_name_without_spaces_and_plus(name: str) -> None:
    with pytest.raises(NoteError):
        SignerKey.generate(name)
