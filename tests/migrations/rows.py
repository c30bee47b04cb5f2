"""Rows written past the services, as only a test may: what is under test is what the database itself refuses."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec

NOW = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
DIGEST = bytes(32)


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """A message by one person, last edited by another, approved by nobody yet, with a publication planned."""

    author: UUID
    editor: UUID
    approver: UUID
    account: UUID
    contact: UUID
    message: UUID
    revision: UUID
    screening: UUID
    publication: UUID


async def insert(connection: asyncpg.Connection, table: str, **values: Any) -> UUID:
    """Insert one row and return its id, if it has one; names are this module's own. `...` leaves a column out."""
    row = {"id": uuid4(), "created_at": NOW, **values}
    row = {column: value for column, value in row.items() if value is not ...}
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    columns = ", ".join(row)
    await connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", *row.values())
    return UUID(str(row["id"])) if "id" in row else UUID(int=0)


async def make_story(connection: asyncpg.Connection) -> Story:
    account = await make_account(connection, "help")
    people = [await insert(connection, "member", email=f"{n}@example.com", name=n) for n in ("ana", "leo", "mia")]
    message = await make_message(connection, account=account, author=people[0])
    revision = await make_revision(connection, message=message, editor=people[1], number=1)
    return Story(
        author=people[0],
        editor=people[1],
        approver=people[2],
        account=account,
        contact=await insert(connection, "contact", handle="marion"),
        message=message,
        revision=revision,
        screening=await make_screening(connection, revision=revision),
        publication=await make_publication(connection, message=message, revision=revision, account=account),
    )


async def make_account(connection: asyncpg.Connection, name: str) -> UUID:
    for key, kind, parent in ((f"brand:{name}", "brand", "company"), (f"account:{name}", "account", f"brand:{name}")):
        await insert(connection, "scope", id=..., created_at=..., key=key, kind=kind, parent=parent)
    brand = await insert(connection, "brand", slug=name, name=name, scope=f"brand:{name}")
    return await insert(
        connection, "account", handle=name, name=name, brand=brand, scope=f"account:{name}", kind="brand"
    )


async def make_message(connection: asyncpg.Connection, *, account: UUID, author: UUID) -> UUID:
    number = await connection.fetchval("SELECT nextval('message_number')")
    return await insert(
        connection,
        "message",
        number=number,
        account=account,
        kind="post",
        state="pending_approval",
        author=author,
        updated_at=NOW,
    )


async def make_revision(
    connection: asyncpg.Connection, *, message: UUID, editor: UUID, number: int, **given: Any
) -> UUID:
    return await insert(
        connection,
        "revision",
        message=message,
        number=number,
        text="Open at ten.",
        digest=DIGEST,
        editor=editor,
        **given,
    )


async def make_screening(connection: asyncpg.Connection, *, revision: UUID) -> UUID:
    return await insert(
        connection, "screening", revision=revision, moment="submit", policy_digest="", decision="allow", klass="clean"
    )


async def make_publication(connection: asyncpg.Connection, *, message: UUID, revision: UUID, account: UUID) -> UUID:
    return await insert(
        connection,
        "publication",
        message=message,
        revision=revision,
        account=account,
        content_digest=DIGEST,
        due_at=NOW,
        not_after=NOW + timedelta(hours=1),
        next_attempt=uuid4(),
        wake_at=NOW,
        x_kind="post",
    )


async def make_attempt(connection: asyncpg.Connection, story: Story, **given: Any) -> UUID:
    values = {"publication": story.publication, "account": story.account, **given}
    if values.get("outcome"):
        values["finished_at"] = NOW
    if values.get("resolved"):
        values["resolved_at"] = NOW
    return await insert(
        connection,
        "attempt",
        created_at=...,
        content_digest=DIGEST,
        started_at=NOW,
        write_before=NOW,
        deadline_at=NOW,
        worker="w",
        **values,
    )


async def make_approval(connection: asyncpg.Connection, story: Story, **given: Any) -> UUID:
    values = {
        "message": story.message,
        "revision": story.revision,
        "screening": story.screening,
        "approver": story.approver,
        "verdict": "approved",
        "digest": DIGEST,
        "message_author": story.author,
        "revision_editor": story.editor,
        "edit_and_approve": False,
        **given,
    }
    return await insert(connection, "approval", **values)
