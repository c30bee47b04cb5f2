"""Personal fields: committed in the text, sealed beside it."""

from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from govern.database import rows
from govern.domain.audit import BadEntry, MessageRejected
from govern.services import audit
from govern.services.audit import OpeningUnreadable
from govern.services.audit.openings import (
    commitment,
    derived_key,
    make_salt,
    open_entries,
    open_sealed,
    seal_opening,
)
from govern.tables import AuditOpening
from tests.services.audit.conftest import DIGEST, Company, approve, record, text_of

KEY = bytes(range(32))


async def test_personal_fields_are_sealed_and_never_in_the_text(company: Company) -> None:
    receipt = await approve(company)
    stored = rows(await AuditOpening.select().where(AuditOpening.entry_id == receipt.entry_id))
    assert "Zoé" not in await text_of(receipt)
    assert "Zoé".encode() not in stored[0]["sealed"]
    assert stored[0]["subject"] == f"message:{company.message}"
    assert await audit.openings(receipt.entry_id) == {"comment": "Fine, said Zoé"}


async def test_commitment_in_the_text_binds_to_the_sealed_value(company: Company) -> None:
    receipt = await approve(company)
    opened = (await open_entries([receipt.entry_id]))[receipt.entry_id]["comment"]
    promised = msgspec.convert(msgspec.json.decode(await text_of(receipt))["commit"]["comment"], bytes)
    assert opened.subject == f"message:{company.message}"
    assert opened.fits("comment", promised)
    assert promised == commitment("comment", opened.salt, opened.value)
    assert not msgspec.structs.replace(opened, value="Fine, said Zoe").fits("comment", promised)
    assert not opened.fits("name", promised)


def test_equal_values_have_unequal_commitments() -> None:
    assert commitment("name", make_salt(), "Mia") != commitment("name", make_salt(), "Mia")


@pytest.mark.parametrize(
    "other", [{"field": "name"}, {"subject": "member:2"}, {"entry_id": UUID(int=2)}, {"key": bytes(32)}]
)
def test_sealed_field_opens_only_where_it_belongs(other: dict[str, Any]) -> None:
    place: dict[str, Any] = {"key": KEY, "entry_id": UUID(int=1), "field": "comment", "subject": "message:1"}
    sealed = seal_opening("Fine", salt=make_salt(), **place)
    assert open_sealed(sealed, **place)[1] == "Fine"
    with pytest.raises(OpeningUnreadable):
        open_sealed(sealed, **place | other)


async def test_field_sealed_before_subjects_had_keys_still_opens(company: Company) -> None:
    subject = f"message:{company.message}"
    old: dict[str, Any] = {"entry_id": UUID(int=7), "field": "comment", "subject": subject}
    sealed = seal_opening("Long ago", key=derived_key(subject), salt=make_salt(), **old)
    await AuditOpening.insert(AuditOpening(sealed=sealed, **old))
    assert await audit.openings(UUID(int=7)) == {"comment": "Long ago"}
    await approve(company)  # the subject has a key of its own now
    assert await audit.openings(UUID(int=7)) == {"comment": "Long ago"}


async def test_opening_that_was_changed_is_not_shown(company: Company, owner: asyncpg.Connection) -> None:
    receipt = await approve(company)
    await owner.execute(
        "UPDATE audit.opening SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1) WHERE entry_id = $1",
        receipt.entry_id,
    )
    with pytest.raises(OpeningUnreadable):
        await audit.openings(receipt.entry_id)


async def test_personal_field_without_its_subject_is_refused() -> None:
    with pytest.raises(BadEntry, match="no message"):
        await record(MessageRejected(revision=1, digest=DIGEST, comment="No"))
