"""What a role may not do itself, a function does that looks first: index, adopt, shred, rewrap, hold."""

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from govern.embedded import Engines, Login

SUBJECT = "contact:0197aaaa-0000-7000-8000-000000000001"
APPEND = "INSERT INTO audit.entry (entry, leaf_hash) VALUES ($1, sha256('any')) RETURNING arrival"
PLACE = "INSERT INTO audit.leaf (leaf_index, arrival, leaf_hash) VALUES ($1, $2, sha256('any'))"
OPENING = "INSERT INTO audit.opening (entry_id, field, subject, sealed) VALUES (gen_random_uuid(), 'comment', $1, 'x')"


def text_of(**fields: Any) -> str:
    """Return the text of an entry about a contact, as far as a function reads it."""
    kind, _, number = SUBJECT.partition(":")
    return json.dumps({"id": str(uuid4()), "object": {"kind": kind, "id": number}, "refs": [], **fields})


async def append(owner: asyncpg.Connection, *texts: str) -> None:
    """Append entries and give each the next place, as the sequencer does."""
    place = await owner.fetchval("SELECT coalesce(max(leaf_index) + 1, 0) FROM audit.leaf")
    for offset, text in enumerate(texts):
        await owner.execute(PLACE, place + offset, await owner.fetchval(APPEND, text))


WHOLE = {
    "at": "2026-11-22T13:29:07.412000Z",
    "action": "message.approved",
    "actor": {"id": "member:0197aaaa-0000-7000-8000-00000000000a"},
    "scope": "account:Help",
    "outcome": "done",
    "refs": [{"kind": "account", "id": "a-1"}, {"kind": "contact", "id": "c-1"}],
    "data": {"state": "Acme_fr", "note": "It's 2 words", "of": "0197aaaa-0000-7000-8000-00000000000b", "n": 7},
    "ctx": {"rule": "agent.message.reply"},
}


async def test_search_is_what_the_text_says(owner: asyncpg.Connection, database: None) -> None:
    await append(owner, text_of(**WHOLE))
    assert await owner.fetchval("SELECT audit.index_to(1)") == 1
    row = dict(await owner.fetchrow("SELECT *, tsvector_to_array(words) AS found FROM audit.search"))
    assert str(row["entry_id"]) == json.loads(await owner.fetchval("SELECT entry FROM audit.entry"))["id"]
    assert [row[name] for name in ("at", "action", "scope", "outcome")] == [
        WHOLE[name] for name in ("at", "action", "scope", "outcome")
    ]
    assert (row["actor_id"], row["rule"]) == ("member:0197aaaa-0000-7000-8000-00000000000a", "agent.message.reply")
    assert f"{row['object_kind']}:{row['object_id']}" == SUBJECT
    assert row["refs"] == ["a-1", "c-1"]
    assert set(row["found"]) == {"message.approved", "acme_fr", "it", "s", "2", "words", "agent.message.reply"}


@pytest.mark.parametrize("word", ["Acme_fr", "it's", "a'b\\c", "", " ", ":*", "é", "!x | y"])
async def test_any_word_may_be_asked_for(owner: asyncpg.Connection, database: None, word: str) -> None:
    await append(owner, text_of(**WHOLE))
    await owner.execute("SELECT audit.index_to(1)")
    found = await owner.fetchval("SELECT count(*) FROM audit.search WHERE words @@ audit.word_query($1)", word)
    assert found == (word == "Acme_fr")


async def test_indexing_goes_on_where_it_ended_and_no_further_than_asked(
    owner: asyncpg.Connection, database: None
) -> None:
    await append(owner, *(text_of() for _ in range(5)))
    assert [await owner.fetchval("SELECT audit.index_to($1)", size) for size in (2, 2, 99, 99, 0)] == [2, 0, 3, 0, 0]
    places = [row["leaf_index"] for row in await owner.fetch("SELECT leaf_index FROM audit.search ORDER BY 1")]
    assert places == [0, 1, 2, 3, 4]


STRANGE = [
    "{}",
    '{"id": 1, "at": {}, "action": [], "object": 7, "refs": "x", "ctx": null, "data": [[["deep"]]]}',
    '{"id": "not a number", "refs": [1, null, {"id": 7}, {"id": {"a": 1}}, {"id": "kept"}]}',
    json.dumps({"action": "x" * 60_000, "scope": "y" * 600, "data": {"a": "z " * 2000}}),
    json.dumps({"refs": [{"id": "r" * 3_000}] * 3, "data": {f"k{n}": f"word{n}" for n in range(2000)}}),
    json.dumps({"data": json.loads("[" * 200 + '"deep"' + "]" * 200)}),
    json.dumps({"data": {"a": "quote ' back \\ slash \x01 \u2028"}}),
]


async def test_a_strange_entry_stops_nothing(owner: asyncpg.Connection, database: None) -> None:
    await append(owner, text_of(**WHOLE), *STRANGE, text_of(**WHOLE))
    size = len(STRANGE) + 2
    assert await owner.fetchval("SELECT audit.index_to($1)", size) == size
    found = await owner.fetch("SELECT action, refs FROM audit.search ORDER BY leaf_index")
    assert [row["action"] for row in found] == ["message.approved", *[None] * len(STRANGE), "message.approved"]
    assert found[3]["refs"] == ["kept"]


async def test_two_who_index_at_once_leave_each_entry_once(
    owner: asyncpg.Connection, database: None, engines: Engines
) -> None:
    await append(owner, *(text_of(**WHOLE) for _ in range(200)))
    others = [await asyncpg.connect(engines.database_url(Login.SEQUENCER)) for _ in range(3)]
    try:
        await asyncio.gather(*(each.execute("SELECT audit.index_to(200)") for each in others))
    finally:
        for each in others:
            await each.close()
    assert await owner.fetchval("SELECT count(*) FROM audit.search") == 200


async def test_recent_is_what_search_does_not_have_yet(owner: asyncpg.Connection, database: None) -> None:
    await append(owner, text_of(), text_of())
    snap = "UPDATE audit.log_state SET size = 2, snap = pg_current_snapshot()::text"
    await owner.execute(snap)
    await owner.execute("SELECT audit.index_to(1)")
    waiting = await owner.fetchval(APPEND, text_of())
    found = await owner.fetch("SELECT arrival, leaf_index FROM audit.recent ORDER BY arrival")
    assert [row["leaf_index"] for row in found] == [1, None]
    assert found[1]["arrival"] == waiting


async def test_adopting_gives_every_entry_without_a_leaf_in_order(
    owner: asyncpg.Connection, database: None, engines: Engines
) -> None:
    await append(owner, text_of())
    waiting = [await owner.fetchval(APPEND, text_of()) for _ in range(3)]
    connection = await asyncpg.connect(engines.database_url(Login.SEQUENCER))
    try:
        found = await connection.fetch("SELECT * FROM audit.adopt()")
        assert [row["arrival"] for row in found] == waiting
        async with connection.transaction(isolation="repeatable_read"):
            with pytest.raises(asyncpg.InvalidTransactionStateError, match="READ COMMITTED"):
                await connection.fetch("SELECT * FROM audit.adopt()")
    finally:
        await connection.close()


async def test_adopting_waits_for_who_is_still_writing(
    owner: asyncpg.Connection, owner_url: str, database: None
) -> None:
    other = await asyncpg.connect(owner_url)
    try:
        async with owner.transaction():
            late = await owner.fetchval(APPEND, text_of())
            adopting = asyncio.ensure_future(other.fetch("SELECT * FROM audit.adopt()"))
            async with asyncio.timeout(10):
                while not await owner.fetchval("SELECT cardinality(pg_blocking_pids($1)) > 0", other.get_server_pid()):
                    await asyncio.sleep(0.01)
        assert [row["arrival"] for row in await adopting] == [late]
    finally:
        await other.close()


async def as_app(owner: asyncpg.Connection, *statements: tuple[str, *tuple[Any, ...]]) -> Any:
    """Run statements in one transaction of the application, and return what the last one gives."""
    result = None
    async with owner.transaction():
        await owner.execute("SET LOCAL ROLE govern_app")
        for statement, *given in statements:
            result = await owner.fetchval(statement, *given)
    return result


KEY = ("INSERT INTO audit.subject_key (subject, key_id, wrapped) VALUES ($1, 'a', 'wrapped')", SUBJECT)
SHRED = ("SELECT audit.shred($1)", SUBJECT)
ERASED = (APPEND, text_of(action="contact.erased"))
HELD = (APPEND, text_of(action="hold.set"))
LIFTED = (APPEND, text_of(action="hold.lifted"))


async def test_shredding_deletes_openings_and_empties_the_key(owner: asyncpg.Connection, database: None) -> None:
    await as_app(owner, KEY, (OPENING, SUBJECT), (OPENING, SUBJECT), (OPENING, "contact:other"))
    assert await as_app(owner, ERASED, SHRED) == 2
    key = await owner.fetchrow("SELECT * FROM audit.subject_key")
    assert key["wrapped"] is key["key_id"] is None
    assert key["shredded_at"] is not None
    assert await owner.fetchval("SELECT array_agg(subject) FROM audit.opening") == ["contact:other"]
    assert await as_app(owner, ERASED, SHRED) == 0
    assert await owner.fetchval("SELECT shredded_at FROM audit.subject_key") == key["shredded_at"]


async def test_a_subject_without_a_key_is_shredded_for_good(owner: asyncpg.Connection, database: None) -> None:
    assert await as_app(owner, ERASED, SHRED) == 0
    with pytest.raises(asyncpg.UniqueViolationError):
        await as_app(owner, KEY)


@pytest.mark.parametrize(
    "said",
    [
        (),
        ((APPEND, text_of(action="contact.erased", object={"kind": "contact", "id": "x"})),),
        ((APPEND, text_of(action="contact.created")),),
        ((APPEND, text_of(action="x.contact.erased.y")),),
        (HELD,),
    ],
)
async def test_nothing_is_shredded_without_its_entry(
    owner: asyncpg.Connection, database: None, said: tuple[tuple[str, str], ...]
) -> None:
    await as_app(owner, KEY, (OPENING, SUBJECT))
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="no entry of this transaction"):
        await as_app(owner, *said, SHRED)
    assert await owner.fetchval("SELECT count(*) FROM audit.opening") == 1


async def test_yesterdays_entry_does_not_shred_again(owner: asyncpg.Connection, database: None) -> None:
    await as_app(owner, KEY, ERASED)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await as_app(owner, SHRED)


async def test_a_held_subject_is_not_shredded_until_the_hold_is_lifted(
    owner: asyncpg.Connection, database: None
) -> None:
    await as_app(owner, KEY, (OPENING, SUBJECT))
    assert await as_app(owner, HELD, ("SELECT audit.hold($1, true)", SUBJECT)) is True
    said = UUID(json.loads(HELD[1])["id"])
    assert await owner.fetchval("SELECT hold_entry FROM audit.subject_key") == said
    with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError, match=str(said)):
        await as_app(owner, ERASED, SHRED)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await as_app(owner, HELD, ("SELECT audit.hold($1, false)", SUBJECT))
    assert await as_app(owner, LIFTED, ("SELECT audit.hold($1, false)", SUBJECT)) is True
    assert await as_app(owner, ERASED, SHRED) == 1


async def test_there_is_nothing_to_hold_after_erasure(owner: asyncpg.Connection, database: None) -> None:
    await as_app(owner, ERASED, SHRED)
    assert await as_app(owner, HELD, ("SELECT audit.hold($1, true)", SUBJECT)) is False


async def test_a_key_is_wrapped_anew_only_from_what_it_is(owner: asyncpg.Connection, database: None) -> None:
    await as_app(owner, KEY)
    rewrap = "SELECT audit.rewrap($1, $2, $3, $4)"
    assert await as_app(owner, (rewrap, SUBJECT, "a", "b", b"new")) is True
    assert await as_app(owner, (rewrap, SUBJECT, "a", "c", b"late")) is False
    assert await owner.fetchval("SELECT wrapped FROM audit.subject_key") == b"new"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await as_app(owner, (rewrap, SUBJECT, "b", "c", None))
    await as_app(owner, ERASED, SHRED)
    assert await as_app(owner, (rewrap, SUBJECT, "b", "c", b"back to life")) is False
