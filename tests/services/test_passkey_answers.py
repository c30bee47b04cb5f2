"""Answers that were made to break us are refused like any wrong one."""

import json
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.domain.sign_in import PasskeyRefused, ProofRefused
from govern.services.passkey_answers import (
    LONGEST_ANSWER,
    check_assertion,
    check_creation,
    creation_options,
    read_assertion,
    request_options,
)
from govern.services.second_factors import Locked
from govern.settings import Settings
from tests.authenticator import Authenticator

SETTINGS = Settings()
CHALLENGE = b"c" * 32
MEMBER = Locked(id=uuid4(), email="zoe@example.com", name="Zoe", password_hash=None)
DEVICE = Authenticator()
CREATION = json.loads(
    DEVICE.create(creation_options(MEMBER, known=(), challenge=CHALLENGE, company="govern", settings=SETTINGS))
)
MADE = check_creation(json.dumps(CREATION), challenge=CHALLENGE, settings=SETTINGS)
ASSERTION = json.loads(DEVICE.get(request_options(allowed=(), challenge=CHALLENGE, settings=SETTINGS)))

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["", "AA", "oWA", "!", "é", "gg" * 99]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def check(answer: str) -> int | None:
    credential = read_assertion(answer)
    return check_assertion(credential, public_key=MADE.public_key, challenge=CHALLENGE, settings=SETTINGS)


def spoiled(answer: dict[str, Any], part: str, value: object) -> str:
    if part in answer["response"]:
        return json.dumps({**answer, "response": {**answer["response"], part: value}})
    return json.dumps({**answer, part: value})


def test_right_answer_is_right() -> None:
    assert MADE.credential_id == DEVICE.credential_id
    assert check(json.dumps(ASSERTION)) == DEVICE.count


@given(part=st.sampled_from(["id", "rawId", "type", "response", "clientDataJSON", "attestationObject"]), value=anything)
def test_spoiled_creation_is_refused(part: str, value: object) -> None:
    with pytest.raises(PasskeyRefused):
        check_creation(spoiled(CREATION, part, value), challenge=CHALLENGE, settings=SETTINGS)


@given(data=st.data(), part=st.sampled_from(["clientDataJSON", "attestationObject"]))
def test_creation_with_changed_bytes_is_refused_or_is_another_credential(data: st.DataObject, part: str) -> None:
    text = CREATION["response"][part]
    place = data.draw(st.integers(0, len(text) - 1))
    changed = text[:place] + data.draw(st.sampled_from("ABCxyz019-_")) + text[place + 1 :]
    try:
        made = check_creation(spoiled(CREATION, part, changed), challenge=CHALLENGE, settings=SETTINGS)
    except PasskeyRefused:
        return
    assert made.credential_id


@given(
    part=st.sampled_from(["id", "rawId", "type", "response", "clientDataJSON", "authenticatorData", "signature"]),
    value=anything,
)
def test_spoiled_answer_is_refused(part: str, value: object) -> None:
    try:
        assert check(spoiled(ASSERTION, part, value)) is None
    except ProofRefused:
        return


@pytest.mark.parametrize("answer", ["", "[]", "null", "{", "[" * 15_000, "x" * (LONGEST_ANSWER + 1), '{"id": 1}'])
def test_what_is_no_answer_is_refused(answer: str) -> None:
    with pytest.raises(ProofRefused):
        check(answer)
    with pytest.raises(PasskeyRefused):
        check_creation(answer, challenge=CHALLENGE, settings=SETTINGS)


def test_answer_to_another_challenge_is_refused() -> None:
    with pytest.raises(PasskeyRefused):
        check_creation(json.dumps(CREATION), challenge=b"d" * 32, settings=SETTINGS)
    credential = read_assertion(json.dumps(ASSERTION))
    assert check_assertion(credential, public_key=MADE.public_key, challenge=b"d" * 32, settings=SETTINGS) is None
