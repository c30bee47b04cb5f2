"""Searching a log that grows: recorded, placed and indexed entries; pages, jumps, windows, words."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from piccolo.querystring import QueryString

from govern.domain.audit import (
    AccessDenied,
    AccountEdited,
    ObjectRef,
)
from govern.errors import Invalid
from govern.services import audit
from govern.services.audit import EntryFilter, EntryState, Why
from govern.services.audit.indexing import index_published
from govern.services.audit.places import FIRST_WINDOW, find_places
from govern.tlog.canonical import encode, leaf_hash
from tests.services.audit.conftest import EVERYTHING, NOW, Company, approve, find, record
from tests.the_log import Log


async def publish(log: Log) -> None:
    await log.grow()
    async with log.as_sequencer():
        while await index_published():
            pass


async def test_answers_are_the_same_recorded_placed_and_indexed(the_log: Log, company: Company) -> None:
    rule, mine = f"rule_{company.tag}", f"Help{company.tag}"
    approved = await approve(company, refs=[ObjectRef("contact", company.contact)])
    denied = await record(AccessDenied(action="message.approve", scope=company.scope, reason="no", rule=rule))
    edited = await record(AccountEdited(), object=ObjectRef("account", company.account), scope=company.scope)
    about = {"q": f"account:{mine} -action:account"}
    wanted: list[dict[str, Any]] = [
        {"actor": str(company.mia), "action": "message"},
        {"brand": company.tag, "action": "message"},
        {"subject": f"@kb_{company.tag}"},
        {"account": mine, "since": NOW, "until": NOW + timedelta(seconds=1)},
        {"q": f"rule:{rule} outcome:denied"},
        {"q": rule.upper()},
        {"q": f"{mine} approuvé"},
        {"q": f'"{company.tag}" message.approved'},
        about,
        {"q": "outcome:refused"},
        {"q": f"subject:M-{company.number} after:2026-11-22 before:2026-11-23"},
    ]
    found = [await find(**each) for each in wanted]
    assert found[0] == found[1] == found[2] == found[6] == found[7] == found[8] == found[10] == [approved.arrival]
    assert found[4] == found[5] == [denied.arrival]
    assert found[3] == [edited.arrival, approved.arrival]
    for advance in (the_log.grow, lambda: publish(the_log)):
        await advance()
        assert [await find(**each) for each in wanted] == found


async def test_state_says_how_far_an_entry_has_come(the_log: Log, company: Company) -> None:
    receipt = await approve(company)
    view = await audit.get_entry(receipt.entry_id, scopes=EVERYTHING)
    assert (view.state, view.leaf_index) == (EntryState.RECORDED, None)
    await the_log.grow()
    view = await audit.get_entry(receipt.entry_id, scopes=EVERYTHING)
    assert (view.state, view.leaf_index) == (EntryState.INCLUDED, 1)
    await publish(the_log)
    assert (await audit.get_entry(receipt.entry_id, scopes=EVERYTHING)) == view


async def test_pages_do_not_skip_or_repeat_while_entries_are_placed_and_indexed(the_log: Log, company: Company) -> None:
    written = [(await approve(company)).arrival for _ in range(4)]
    await publish(the_log)
    written += [(await approve(company)).arrival for _ in range(3)]
    await the_log.grow()
    written += [(await approve(company)).arrival for _ in range(3)]
    wanted, seen, before = EntryFilter(account=f"Help{company.tag}"), list[int](), None
    while True:
        page = await audit.search_entries(wanted, scopes=EVERYTHING, limit=2, before=before)
        seen, before = [*seen, *(item.arrival for item in page.items)], page.next_cursor
        await approve(company)
        await publish(the_log)
        if before is None:
            break
    assert seen == written[::-1]


async def test_old_entries_are_found_behind_many_others(
    the_log: Log, company: Company, owner: asyncpg.Connection
) -> None:
    receipt = await approve(company)
    await publish(the_log)
    others = "INSERT INTO audit.search (leaf_index, arrival, action) SELECT n, -n, 'x' FROM generate_series(2, $1) AS n"
    await owner.execute(others, FIRST_WINDOW * 12)
    assert await find(action="message.approved") == [receipt.arrival]


async def test_search_out_of_time_says_how_far_it_got(
    the_log: Log, company: Company, owner: asyncpg.Connection
) -> None:
    receipt = await approve(company)
    await publish(the_log)
    others = "INSERT INTO audit.search (leaf_index, arrival, action, at) SELECT n, -n, 'x', $2 FROM generate_series(2, $1) AS n"
    await owner.execute(others, FIRST_WINDOW + 1, "2026-11-22T14:00:00.000000Z")
    slow = QueryString("action = 'message.approved' AND (SELECT true FROM pg_sleep(2.05))")
    found = await find_places(slow, limit=50)
    assert (found.arrivals, found.searched_to) == ([], NOW.replace(hour=14, minute=0, second=0, microsecond=0))
    assert found.following == "2"
    assert (await find_places(QueryString("action = 'message.approved'"), limit=50, before="2")).arrivals == [
        receipt.arrival
    ]


async def test_jump_begins_with_what_was_before_and_goes_on(the_log: Log, company: Company) -> None:
    days = [(await approve(company, now=NOW + timedelta(days=day))).arrival for day in range(4)]
    await publish(the_log)
    recent = await approve(company, now=NOW + timedelta(days=9))
    mine = f"Help{company.tag}"
    assert await find(account=mine, at=NOW + timedelta(days=1, hours=1)) == days[1::-1]
    assert await find(account=mine, at=NOW + timedelta(days=30)) == [recent.arrival, *days[::-1]]
    assert await find(account=mine, at=NOW - timedelta(days=1)) == []


async def test_each_result_says_why_it_was_found(the_log: Log, company: Company) -> None:
    await approve(company)
    await publish(the_log)

    async def why(q: str, **more: Any) -> list[tuple[Why, ...]]:
        page = await audit.search_entries(EntryFilter(q=q), scopes=EVERYTHING, **more)
        return [item.why for item in page.items if item.object.kind == "message"]

    async def saying(word: str) -> frozenset[str]:
        return frozenset({str(company.message)} if word == "parcel" else ())

    assert await why("approved") == [(Why.SENTENCE,)]
    assert await why(f"M-{company.number}") == [(Why.OBJECT,)]
    assert await why(f'"Mia {company.tag}" approved') == [(Why.ACTOR, Why.SENTENCE)]
    assert await why(f"@Help{company.tag}") == [(Why.PLACE,)]
    assert await why("0" * 64) == [(Why.WORDS,)]
    assert await why("action:message") == [()]
    assert await why("parcel") == []
    assert await why("parcel", saying=saying) == [(Why.TEXT,)]


async def test_excluded_words_leave_out_what_they_find(the_log: Log, company: Company) -> None:
    approved = await approve(company)
    edited = await record(AccountEdited(), object=ObjectRef("account", company.account), scope=company.scope)
    mine = f"account:Help{company.tag}"
    for _ in range(2):
        assert await find(q=f"{mine} -approved") == [edited.arrival]
        assert await find(q=f"{mine} -actor:system:test") == [approved.arrival]
        assert await find(q=f"{mine} -rule:four_eyes") == [edited.arrival, approved.arrival]
        await publish(the_log)


async def test_hostile_words_are_only_words(company: Company) -> None:
    await approve(company)
    for word in ("'", "''", "\\", "a\\'b", "') | (x", "&", "!", "$1", "{}", "%", "_", "x' OR '1'='1"):
        assert await find(q=f'"{word}"', account="Nobody") == []


async def test_unknown_key_is_refused(company: Company) -> None:
    with pytest.raises(Invalid):
        await find(q="actr:mia")
    with pytest.raises(ValueError, match="cursor"):
        await audit.search_entries(EntryFilter(), scopes=EVERYTHING, before="12-")


async def test_other_entries_of_a_request_are_found(company: Company, request_id: str) -> None:
    first = await approve(company)
    second = await record(AccountEdited(), object=ObjectRef("account", company.account), scope="company")
    await record(AccountEdited(), request_id="another", object=ObjectRef("account", company.account))
    view = await audit.get_entry(first.arrival, scopes=EVERYTHING)
    assert [each.arrival for each in await audit.same_request(view, scopes=EVERYTHING)] == [second.arrival]
    assert await audit.same_request(view, scopes=frozenset({company.scope})) == ()


async def test_row_that_could_not_be_indexed_is_still_read(
    the_log: Log, company: Company, owner: asyncpg.Connection
) -> None:
    text = encode({"action": 5, "actor": [], "at": "never", "refs": "none"})
    appended = "INSERT INTO audit.entry (entry, leaf_hash) VALUES ($1, $2) RETURNING arrival"
    arrival = await owner.fetchval(appended, text, leaf_hash(text))
    for _ in range(2):
        page = await audit.search_entries(EntryFilter(), scopes=EVERYTHING)
        assert arrival in [item.arrival for item in page.items]
        assert await find(action="message") == []
        await publish(the_log)
