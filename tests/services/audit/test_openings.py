"""Personal fields: committed in the text, sealed beside it."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from govern.database import rows
from govern.domain.audit import (
    BadEntry,
    MessageRejected,
)
from govern.services import audit
from govern.services.audit import EntryFilter, OpeningUnreadable
from govern.services.audit.openings import commitment, make_salt, open_sealed, seal_opening
from govern.tables import AuditOpening
from tests.services.audit.conftest import DIGEST, EVERYTHING, Company, approve, record, text_of


async def test_personal_fields_are_sealed_and_never_in_the_text(company: Company) -> None:
    receipt = await approve(company)
    stored = rows(await AuditOpening.select().where(AuditOpening.entry_id == receipt.entry_id))
    assert "Zoé" not in await text_of(receipt)
    assert "Zoé".encode() not in stored[0]["sealed"]
    assert stored[0]["subject"] == f"message:{company.message}"
    assert await audit.openings(receipt.entry_id) == {"comment": "Fine, said Zoé"}


async def test_commitment_in_the_text_binds_to_the_sealed_value(company: Company) -> None:
    receipt = await approve(company)
    (row,) = rows(await AuditOpening.select().where(AuditOpening.entry_id == receipt.entry_id))
    salt, value = open_sealed(
        row["sealed"], entry_id=receipt.entry_id, field="comment", subject=f"message:{company.message}"
    )
    (view,) = (await audit.search_entries(EntryFilter(subject=str(company.message)), scopes=EVERYTHING)).items
    promised = msgspec.json.decode(view.text)["commit"]["comment"]
    assert msgspec.convert(promised, bytes) == commitment("comment", salt, value)
    assert commitment("comment", salt, "Fine, said Zoe") != commitment("comment", salt, value)


def test_equal_values_have_unequal_commitments() -> None:
    assert commitment("name", make_salt(), "Mia") != commitment("name", make_salt(), "Mia")


@pytest.mark.parametrize("other", [{"field": "name"}, {"subject": "member:2"}, {"entry_id": UUID(int=2)}])
def test_sealed_field_opens_only_where_it_belongs(other: dict[str, Any]) -> None:
    place: dict[str, Any] = {"entry_id": UUID(int=1), "field": "comment", "subject": "message:1"}
    sealed = seal_opening("Fine", salt=make_salt(), **place)
    assert open_sealed(sealed, **place)[1] == "Fine"
    with pytest.raises(OpeningUnreadable):
        open_sealed(sealed, **place | other)


async def test_personal_field_without_its_subject_is_refused() -> None:
    with pytest.raises(BadEntry, match="no message"):
        await record(MessageRejected(revision=1, digest=DIGEST, comment="No"))
