"""`Idempotency-Key`: once, however often it is sent."""

import asyncio
from contextvars import Context
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from govern.services.idempotency import (
    ABANDONED_AFTER,
    Answer,
    KeyInProgress,
    KeyReused,
    claim_key,
    finish_key,
    release_key,
)
from govern.tables import IdempotencyKey, Member, Message
from tests.web.conftest import Api, address

POST = {"account": "Shop", "kind": "post", "text": "Our shop in Lyon opens at nine."}
NOW = datetime(2026, 5, 3, 14, tzinfo=UTC)
DIGEST = b"d" * 32


async def test_same_request_again_hears_the_first_answer(api: Api) -> None:
    mia, key = api("mia"), {"Idempotency-Key": str(uuid4())}
    first = await mia.post("/messages", json=POST, headers=key)
    again = await mia.post("/messages", json=POST, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["content-type"] == first.headers["content-type"] == "application/json"
    assert await Message.count() == 1


async def test_answer_with_a_key_is_the_answer_without(api: Api) -> None:
    mia = api("mia")
    with_key = await mia.post("/messages", json=POST, headers={"Idempotency-Key": "a"})
    assert with_key.json() == (await mia.get(f"/messages/{with_key.json()['id']}")).json()


async def test_key_of_another_request_is_refused(api: Api) -> None:
    mia, key = api("mia"), {"Idempotency-Key": "mine"}
    await mia.post("/messages", json=POST, headers=key)
    answer = await mia.post("/messages", json={**POST, "text": "Another one."}, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency.key_reused")
    assert await Message.count() == 1


async def test_keys_of_two_members_are_two_keys(api: Api) -> None:
    key = {"Idempotency-Key": "the same"}
    for name in ("mia", "max"):
        assert "idempotency-replayed" not in (await api(name).post("/messages", json=POST, headers=key)).headers
    assert await Message.count() == 2


async def test_submit_again_hears_the_first_answer_instead_of_409(api: Api) -> None:
    mia, key = api("mia"), {"Idempotency-Key": "submit"}
    message = (await mia.post("/messages", json=POST)).json()
    path = f"/messages/{message['id']}/submit"
    first = await mia.post(path, json={"revision": 1}, headers=key)
    again = await mia.post(path, json={"revision": 1}, headers=key)
    assert first.status_code == again.status_code == 200
    assert again.content == first.content


async def test_refused_request_leaves_its_key_free(api: Api) -> None:
    mia, key = api("mia"), {"Idempotency-Key": "second try"}
    refused = await mia.post("/messages", json={**POST, "text": " "}, headers=key)
    assert refused.status_code == 422
    assert (await mia.post("/messages", json=POST, headers=key)).status_code == 201


async def test_many_at_once_make_one_message(api: Api) -> None:
    mia, key = api("mia"), {"Idempotency-Key": "race"}
    tasks = [
        asyncio.get_running_loop().create_task(mia.post("/messages", json=POST, headers=key), context=Context())
        for _ in range(5)
    ]
    answers = [await task for task in tasks]
    assert await Message.count() == 1
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {a.json()["code"] for a in answers if a.status_code == 409} <= {"idempotency.in_progress"}
    assert len({a.json()["id"] for a in answers if a.status_code == 201}) == 1


@pytest.mark.parametrize("key", ["", "a" * 129, "é"])
async def test_bad_key_is_refused(api: Api, key: str) -> None:
    answer = await api("mia").post("/messages", json=POST, headers=[(b"Idempotency-Key", key.encode("latin-1"))])
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency.bad_key")
    assert await Message.count() == 0


@pytest.fixture
async def member(company: None) -> UUID:
    row = await Member.select(Member.id).where(Member.email == address("mia")).first()
    assert row
    return UUID(str(row["id"]))


async def test_request_that_is_being_answered_is_in_progress(member: UUID) -> None:
    await claim_key(member, "k", DIGEST, now=NOW)
    with pytest.raises(KeyInProgress):
        await claim_key(member, "k", DIGEST, now=NOW + timedelta(seconds=1))
    with pytest.raises(KeyReused):
        await claim_key(member, "k", b"e" * 32, now=NOW)


async def test_abandoned_claim_is_taken_over_and_its_late_answer_is_dropped(member: UUID) -> None:
    lost = await claim_key(member, "k", DIGEST, now=NOW)
    later = NOW + ABANDONED_AFTER + timedelta(seconds=1)
    claim = await claim_key(member, "k", DIGEST, now=later)
    assert isinstance(lost, UUID)
    assert isinstance(claim, UUID)
    await finish_key(lost, status=201, body="late")
    await release_key(lost)
    await finish_key(claim, status=201, body="{}")
    assert await claim_key(member, "k", DIGEST, now=later) == Answer(201, "{}")


async def test_kept_answer_is_neither_taken_over_nor_freed(member: UUID) -> None:
    claim = await claim_key(member, "k", DIGEST, now=NOW)
    assert isinstance(claim, UUID)
    await finish_key(claim, status=201, body="{}")
    await release_key(claim)
    assert await claim_key(member, "k", DIGEST, now=NOW + timedelta(days=400)) == Answer(201, "{}")
    assert await IdempotencyKey.count() == 1
