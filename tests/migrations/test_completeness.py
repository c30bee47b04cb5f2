"""A governed row that changes without an entry in the same transaction cannot be committed: by nobody, from nowhere."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest

from govern.tables import TABLES
from tests.migrations.rows import NOW, Story, insert, make_approval, make_revision

Untold = asyncpg.IntegrityConstraintViolationError
APPEND = "INSERT INTO audit.entry (entry, leaf_hash) VALUES ($1, sha256('any'))"
APPEND_THIS = APPEND.replace("$1", "'{}'")
GOVERNED = {
    "account", "api_token", "approval", "brand", "consent_event", "media", "member", "message", "pause",
    "policy_activation", "publication", "revision", "role_grant", "scope_parent",
}  # fmt: skip
EXEMPT = {
    "access_change": "what the access triggers wrote of a governed change",
    "access_denial": "counts refusals; the first and the sum of the rest are entries",
    "access_state": "a number that rises with each governed change",
    "account_credential": "a machine renews these keys; people's part is an entry of the account",
    "acknowledgement": "insert only; each is in an entry of the message",
    "answer_time": "insert only; the answer is an entry of its message",
    "attempt": "append only by its own triggers; each step is an entry of its publication",
    "attempt_read": "insert only; what a reading settles is an entry of the message",
    "attempt_seen": "what the last reading saw, until it is settled",
    "audit_export": "progress of a job whose entry is audit.exported",
    "audit_export_part": "bytes of a file whose hash is in an entry",
    "challenge": "lives for minutes",
    "contact": "what X tells of a person outside",
    "conversation": "its clock follows what is received and sent, each an entry; who takes or closes it, by its service",
    "idempotency_key": "an answer kept for a day",
    "inbound": "what X sent us; each is an entry of its own",
    "media_upload": "insert only; each is an entry of its publication",
    "member_link": "lives for hours; its use changes the member",
    "oauth_pending": "lives for ten minutes; what comes of it changes the account",
    "outbox": "wake-ups",
    "passkey": "sign-in, not rights: each change is an entry by its service",
    "policy_bundle": "insert only; a bundle does nothing until it is activated",
    "poll_cursor": "how far was read",
    "rate_window": "counts of calls; X's own numbers",
    "recovery_code": "sign-in, not rights: each change is an entry by its service",
    "revision_media": "insert only, together with its revision, whose entry and digest cover it",
    "saved_view": "a page's convenience",
    "scope": "its history is scope_parent, by trigger",
    "screening": "insert only; what it says is an entry of the message",
    "sending_watch": "a sign of life; what came of a stop is an entry of each message",
    "session": "sign-in, not rights: each change is an entry by its service",
    "sign_in_failure": "counts",
    "subscription": "what X sends, as last compared",
    "suppression": "insert only; written with the entry of an erasure, and names nobody",
    "totp": "sign-in, not rights: each change is an entry by its service",
    "webhook_delivery": "what X sent, as it came; what it brought is an entry of its own",
    "x_app": "what X said of its app; its changes are entries by their services",
    "x_cost": "insert only; estimates of what entries of publications tell",
    "x_spend": "sums of x_cost",
}


@pytest.fixture
async def hand(story: Story, owner_url: str) -> AsyncIterator[asyncpg.Connection]:
    """The superuser at a prompt: nothing tells the log of what they do."""
    connection = await asyncpg.connect(owner_url)
    yield connection
    await connection.close()


def told(kind: str, number: UUID, *, as_ref: bool = False) -> str:
    """Return the text of an entry that names one object."""
    each, other = f'{{"id":"{number}","kind":"{kind}"}}', '{"id":"x","kind":"system"}'
    return f'{{"object":{other},"refs":[{each}]}}' if as_ref else f'{{"object":{each}}}'


async def together(connection: asyncpg.Connection, *statements: str) -> None:
    """Run statements in one transaction."""
    async with connection.transaction():
        for statement in statements:
            await connection.execute(statement)


def test_each_table_is_governed_or_exempt_for_a_reason() -> None:
    tables = {table._meta.tablename for table in TABLES if table._meta.schema != "audit"}
    assert tables == GOVERNED | EXEMPT.keys()
    assert GOVERNED & EXEMPT.keys() == set()


async def test_each_governed_table_is_guarded_at_commit_and_against_truncate(owner: asyncpg.Connection) -> None:
    found = await owner.fetch(
        "SELECT tgrelid::regclass::text AS name, tgname, tgdeferrable AND tginitdeferred AS at_commit FROM pg_trigger"
        " WHERE tgname LIKE '%\\_told' OR tgname LIKE '%\\_no\\_truncate' OR (tgtype & 32) <> 0"
    )
    assert {row["name"] for row in found if row["at_commit"]} == GOVERNED
    guarded = {row["name"] for row in found if not row["at_commit"]}
    assert guarded >= GOVERNED
    for table in sorted(GOVERNED):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.execute(f"TRUNCATE {table} CASCADE")


CHANGES = {
    "message": "UPDATE message SET state = 'sent'",
    "revision": "INSERT INTO revision (id, message, number, text, digest, editor, created_at)"
    " SELECT gen_random_uuid(), message, 9, text, digest, editor, created_at FROM revision",
    "publication": "UPDATE publication SET closed_at = now()",
    "role_grant": "INSERT INTO role_grant (id, member, role, scope, granted_at, reason, starts_at)"
    " SELECT gen_random_uuid(), id, 'admin', 'company', now(), 'why not', now() FROM member LIMIT 1",
    "scope_parent": "UPDATE scope SET parent = 'company' WHERE key = 'account:help'",
    "account": "UPDATE account SET state = 'connected'",
    "brand": "UPDATE brand SET name = 'Other'",
    "member": "UPDATE member SET email = 'eve@example.com' WHERE name = 'ana'",
    "consent_event": "INSERT INTO consent_event (id, contact, kind, purpose, occurred_at, recorded_at, source,"
    " source_event_id, recorded_by) SELECT gen_random_uuid(), id, 'opt_out', 'service', now(), now(), 'x', '1', 'eve'"
    " FROM contact",
    "media": "INSERT INTO media (id, sha256, content, media_type, width, height, size, uploaded_by, uploaded_at)"
    " SELECT gen_random_uuid(), sha256('x'), 'x', 'image/png', 1, 1, 1, id, now() FROM member LIMIT 1",
    "pause": "INSERT INTO pause (id, scope, kinds, reason, set_by, set_at)"
    " SELECT gen_random_uuid(), 'company', '{}', 'crisis', id, now() FROM member LIMIT 1",
    "policy_activation": "INSERT INTO policy_activation (id, digest, activated_at, reason)"
    " SELECT gen_random_uuid(), digest, now(), 'by hand' FROM policy_bundle",
    "api_token": "INSERT INTO api_token (id, token_hash, member, name, created_at, expires_at)"
    " SELECT gen_random_uuid(), 'x', id, 'eve', now(), now() + interval '1 day' FROM member LIMIT 1",
}


@pytest.mark.parametrize("table", sorted(CHANGES))
async def test_a_change_by_hand_without_an_entry_is_not_committed(hand: asyncpg.Connection, table: str) -> None:
    before = await hand.fetch(f"SELECT * FROM {table} ORDER BY 1")
    with pytest.raises(Untold, match=f"{table} needs an entry|needs an entry") as refused:
        await hand.execute(CHANGES[table])
    assert refused.value.constraint_name == f"{table}_told"
    assert await hand.fetch(f"SELECT * FROM {table} ORDER BY 1") == before


async def test_an_approval_by_hand_is_not_committed(hand: asyncpg.Connection, story: Story) -> None:
    with pytest.raises(Untold):
        await make_approval(hand, story)
    assert await hand.fetchval("SELECT count(*) FROM approval") == 0


async def test_rows_are_not_removed_in_silence(hand: asyncpg.Connection, story: Story) -> None:
    with pytest.raises(Untold):
        await hand.execute("DELETE FROM publication")
    with pytest.raises(Untold):
        await hand.execute("DELETE FROM member WHERE name = 'mia'")


@pytest.mark.parametrize("as_ref", [False, True], ids=["object", "refs"])
async def test_an_entry_that_names_the_object_lets_it_pass(
    hand: asyncpg.Connection, story: Story, as_ref: bool
) -> None:
    async with hand.transaction():
        await hand.execute(APPEND, told("message", story.message, as_ref=as_ref))
        await hand.execute(CHANGES["message"])
        await make_revision(hand, message=story.message, editor=story.author, number=2)
    assert await hand.fetchval("SELECT state FROM message") == "sent"


async def test_the_entry_may_come_after_the_change_and_inside_a_savepoint(
    hand: asyncpg.Connection, story: Story
) -> None:
    async with hand.transaction():
        await hand.execute(CHANGES["message"])
        async with hand.transaction():
            await hand.execute(APPEND, told("message", story.message))
    assert await hand.fetchval("SELECT state FROM message") == "sent"


@pytest.mark.parametrize(("kind", "other"), [("message", True), ("member", False)], ids=["another", "another kind"])
async def test_an_entry_about_something_else_does_not_help(
    hand: asyncpg.Connection, story: Story, kind: str, other: bool
) -> None:
    with pytest.raises(Untold):
        await together(hand, APPEND_THIS.format(told(kind, uuid4() if other else story.message)), CHANGES["message"])


async def test_an_entry_that_names_the_object_among_its_data_does_not_help(
    hand: asyncpg.Connection, story: Story
) -> None:
    beside = told("message", story.message)
    said = APPEND_THIS.format(f'{{"data":{beside},"object":{{"id":"x","kind":"system"}}}}')
    with pytest.raises(Untold):
        await together(hand, said, CHANGES["message"], CHANGES["revision"])


async def test_an_earlier_transaction_does_not_help(hand: asyncpg.Connection, story: Story) -> None:
    await hand.execute(APPEND, told("message", story.message))
    with pytest.raises(Untold):
        await hand.execute(CHANGES["message"])


async def test_an_entry_rolled_back_to_a_savepoint_does_not_help(hand: asyncpg.Connection, story: Story) -> None:
    said = APPEND_THIS.format(told("message", story.message))
    with pytest.raises(Untold):
        await together(hand, "SAVEPOINT s", said, "ROLLBACK TO s", CHANGES["message"])


async def test_what_only_steers_the_work_needs_no_entry(hand: asyncpg.Connection, story: Story) -> None:
    for statement in (
        "UPDATE publication SET wake_at = now(), tries = tries + 1, next_attempt = gen_random_uuid()",
        "UPDATE member SET language = 'fr', theme = 'dark', zone = 'UTC'",
        "UPDATE message SET updated_at = now(), version = version + 1",
    ):
        await hand.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "SET session_replication_role = replica",
        "ALTER TABLE message DISABLE TRIGGER ALL",
        "DROP TRIGGER message_told ON message",
        "SELECT audit.require_entry('message', ARRAY['x'])",
        "CREATE OR REPLACE FUNCTION audit.own_row_told() RETURNS trigger LANGUAGE sql AS 'SELECT 1'",
    ],
)
async def test_the_application_cannot_leave_the_check_out(hand: asyncpg.Connection, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await together(hand, "SET LOCAL ROLE govern_app", statement)


async def test_the_application_is_checked_at_its_commit(hand: asyncpg.Connection) -> None:
    with pytest.raises(Untold):
        await together(hand, "SET LOCAL ROLE govern_app", "SET CONSTRAINTS ALL DEFERRED", CHANGES["message"])


async def test_the_check_looks_the_transaction_up_by_its_index(
    hand: asyncpg.Connection, story: Story, owner: asyncpg.Connection
) -> None:
    """Its plan is made when the log is empty, and must not read the whole log later."""
    scans = "SELECT seq_scan FROM pg_stat_user_tables WHERE relid = 'audit.entry'::regclass"
    async with hand.transaction():
        before = await hand.fetchval(scans)
        await hand.execute(APPEND, told("message", story.message))
        await hand.execute(CHANGES["message"])
        await hand.execute("SET CONSTRAINTS ALL IMMEDIATE")
        await hand.execute("SELECT pg_stat_force_next_flush()")
    await hand.execute("SELECT pg_stat_clear_snapshot()")
    assert await hand.fetchval(scans) == before


async def test_an_entry_that_is_no_record_of_ours_neither_helps_nor_hurts(
    hand: asyncpg.Connection, story: Story
) -> None:
    strange = ['{"object":[1,2],"refs":{"a":1}}', '{"object":"x","refs":[1,null,"y"]}', "{}"]
    with pytest.raises(Untold):
        await together(hand, *map(APPEND_THIS.format, strange), CHANGES["message"])
    async with hand.transaction():
        await hand.executemany(APPEND, [(text,) for text in [*strange, told("message", story.message)]])
        await hand.execute(CHANGES["message"])


async def test_a_contact_may_come_without_an_entry(hand: asyncpg.Connection, story: Story) -> None:
    before = await hand.fetchval("SELECT count(*) FROM contact")
    await insert(hand, "contact", handle="marc", created_at=NOW)
    assert await hand.fetchval("SELECT count(*) FROM contact") == before + 1
