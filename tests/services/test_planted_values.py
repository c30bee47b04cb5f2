"""What is personal is in no entry, log line or error, whatever was done with it; where it may be, it is found."""

from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
import structlog
from structlog.testing import capture_logs

from govern.database import rows, transaction
from govern.domain.members import system_actor
from govern.domain.messages import Kind
from govern.errors import GovernError
from govern.services.contacts import find_contact
from govern.services.conversations import read_thread
from govern.services.erasing import Ground, erase_subject
from govern.services.member_life import remove_member, suspend_member
from govern.services.members import insert_member
from govern.services.message_views import get_message
from govern.services.refusals import reject_message
from govern.services.subjects import SubjectKind
from govern.tables import AuditEntry
from tests.factories import NOW, receive_dm
from tests.services.conftest import Office

NAME, ADDRESS, HANDLE = "Zénobie Quarck", "zenobie.quarck@example.net", "quarck_private"
TEXT, COMMENT, REASON = "My number is 0612345678", "Quarckian nonsense", "She moved to Quarckville"
PLANTED = (NAME, ADDRESS, HANDLE, TEXT, COMMENT, REASON)


@pytest.fixture
def said() -> Iterator[list[Any]]:
    """Every log line of the block, as its events."""
    structlog.contextvars.clear_contextvars()
    with capture_logs() as lines:
        yield lines


async def live(office: Office) -> list[str]:
    """Do with the planted values what the product does with such; return what it refused with."""
    people, refused = office.people, []
    who: dict[str, Any] = {"access": office.access, "now": NOW}
    async with transaction():
        await insert_member(
            email=ADDRESS, name=NAME, hashed="x", language="en", zone="UTC", actor=system_actor("test"), now=NOW
        )
    await receive_dm(people.help, HANDLE, text=TEXT)
    contact = await find_contact(HANDLE)
    assert contact is not None
    await read_thread(people.help, contact.id, actor=people.leo, **who)
    answer = await office.write(people.leo, kind=Kind.DM, recipient=HANDLE, text=TEXT, submit=False)
    await get_message(answer.id, actor=people.mia, **who)
    post = await office.write(people.ana)
    await reject_message(post.id, revision=1, reason=COMMENT, actor=people.mia, **who)
    await suspend_member(email=ADDRESS, reason=REASON, actor=people.ada, **who)
    await remove_member(email=ADDRESS, reason=REASON, actor=people.ada, **who)
    for actor in (people.ada, people.cleo):
        try:
            await erase(office, SubjectKind.CONTACT, HANDLE, actor=actor)
            await erase(office, SubjectKind.MEMBER, ADDRESS, actor=actor)
        except GovernError as error:
            refused.append(f"{error.code} {error.detail}")
    return refused


async def erase(office: Office, kind: SubjectKind, which: str, *, actor: Any) -> None:
    await erase_subject(kind, which, ground=Ground.RETENTION, reason=REASON, actor=actor, access=office.access, now=NOW)


async def test_planted_values_are_in_no_entry_log_line_or_error(office: Office, said: list[Any]) -> None:
    refused = await live(office)
    assert len(refused) == 1
    entries = [row["entry"] for row in rows(await AuditEntry.select(AuditEntry.entry))]
    assert len(entries) > 20
    everything = "\n".join([*entries, *map(repr, said), *refused])
    assert [value for value in PLANTED if value in everything] == []


async def test_erased_people_are_in_no_row_of_their_own_or_of_the_log(
    office: Office, owner: asyncpg.Connection
) -> None:
    await live(office)
    for table in ("member", "contact", "audit.entry", "audit.search", "audit.opening", "audit.subject_key"):
        found = await owner.fetch(f"SELECT t::text AS row FROM {table} t")
        everything = "\n".join(row["row"] for row in found)
        assert [value for value in (NAME, ADDRESS, HANDLE) if value in everything] == [], table
