"""Erasing a person outside over the API: for a session with a fresh proof, never for a token."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from govern.services.accounts import find_account
from govern.services.contacts import find_contact
from tests.asserts import actions, assert_audited
from tests.factories import Company, receive_dm
from tests.web.conftest import Api, Script

WHY: dict[str, Any] = {"reason": "Her letter of the 20th"}


@pytest.fixture
async def karim(company: Company) -> UUID:
    """Somebody who wrote to us."""
    await receive_dm(await find_account("Help"), "karim", at=datetime.now(UTC))
    contact = await find_contact("karim")
    assert contact is not None
    return contact.id


async def test_a_person_is_erased_once_and_for_good(script: Script, karim: UUID) -> None:
    cleo = await script("cleo")
    answer = await cleo.post(f"/contacts/{karim}/erase", json={**WHY, "ground": "retention"})
    assert answer.status_code == 200, answer.text
    entry = await assert_audited("contact.erased", ground="retention", openings=3)
    assert answer.json() == {"contact": str(karim), "openings": 3, "withdrawn": 0, "entry": entry["id"]}
    assert await find_contact("karim") is None
    again = await cleo.post(f"/contacts/{karim}/erase", json=WHY)
    assert (again.status_code, again.json()["code"]) == (409, "erasure.already_erased")


async def test_no_token_erases_and_nobody_without_the_right(api: Api, script: Script, karim: UUID) -> None:
    for answer in (
        await api("cleo").post(f"/contacts/{karim}/erase", json=WHY),
        await (await script("ada")).post(f"/contacts/{karim}/erase", json=WHY),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "access.denied"), answer.text
    assert "contact.erased" not in await actions()
    assert await find_contact("karim") is not None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "request.invalid"),
        ({"reason": "a"}, "grant.reason_required"),
        ({**WHY, "ground": "mood"}, "request.invalid"),
        ({**WHY, "more": 1}, "request.invalid"),
    ],
)
async def test_a_bad_request_erases_nobody(script: Script, karim: UUID, body: dict[str, Any], code: str) -> None:
    answer = await (await script("cleo")).post(f"/contacts/{karim}/erase", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert await find_contact("karim") is not None


async def test_nobody_of_that_id_is_not_found(script: Script, company: Company) -> None:
    answer = await (await script("cleo")).post(f"/contacts/{uuid4()}/erase", json=WHY)
    assert (answer.status_code, answer.json()["code"]) == (404, "contact.unknown")
