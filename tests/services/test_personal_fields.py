"""Looking at the personal fields of an entry: only for readers of the log there, and each look is an entry."""

import pytest

from govern.database import rows
from govern.domain.audit import EntryNotFound
from govern.domain.members import Actor
from govern.services.personal_fields import FieldsView, open_fields
from govern.tables import AuditEntry
from tests.asserts import actions, assert_audited, assert_denied
from tests.factories import NOW, receive_dm
from tests.services.conftest import Office


async def text_of(action: str) -> str:
    texts = [row["entry"] for row in rows(await AuditEntry.select(AuditEntry.entry))]
    return next(str(text) for text in texts if f'"action":"{action}"' in text)


async def look(office: Office, text: str, by: Actor) -> FieldsView:
    return await open_fields(text, actor=by, access=office.access, now=NOW)


async def test_each_look_names_the_entry_the_fields_and_whose_they_are(office: Office) -> None:
    await receive_dm(office.people.help)
    seen = await look(office, await text_of("contact.created"), office.people.cleo)
    assert (seen.values["handle"], seen.values["name"], seen.erased) == ("marion", "Marion", {})
    entry = await assert_audited("audit.opened", actor=office.people.cleo.id, fields=["handle", "name", "x_user_id"])
    assert entry["object"]["kind"] == "entry"
    assert entry["object"]["id"] in await text_of("contact.created")
    assert [each["kind"] for each in entry["refs"]] == ["contact"]
    assert entry["ctx"]["rule"] == "compliance.audit.read"


async def test_entry_without_personal_fields_is_no_look(office: Office) -> None:
    await receive_dm(office.people.help)
    seen = await look(office, await text_of("inbound.received"), office.people.cleo)
    assert (seen.values, seen.erased) == ({}, {})
    assert "audit.opened" not in await actions()


async def test_who_does_not_read_the_log_there_opens_nothing(office: Office) -> None:
    await receive_dm(office.people.help)
    text = await text_of("contact.created")
    async with assert_denied(office.owner, office.people.leo, "audit.read"):
        await look(office, text, office.people.leo)


async def test_text_in_another_format_opens_nothing(office: Office) -> None:
    with pytest.raises(EntryNotFound):
        await look(office, "{}", office.people.cleo)
