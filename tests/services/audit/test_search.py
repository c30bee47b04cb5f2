"""Reading the log: filters, words, pages, and what a reader may not see."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from govern.database import rows
from govern.domain.audit import (
    AccessDenied,
    AccountEdited,
    Change,
    EntryNotFound,
    ObjectRef,
)
from govern.domain.members import token_actor
from govern.services import audit
from govern.services.audit import EntryFilter
from govern.tables import AuditEntry
from govern.tlog.canonical import encode, leaf_hash
from tests.services.audit.conftest import EVERYTHING, NOW, Company, approve, find, record


async def test_act_of_a_token_names_its_owner_too(company: Company) -> None:
    actor = token_actor(company.token, "drafts", company.mia)
    receipt = await approve(company, actor=actor)
    view = await audit.get_entry(receipt.arrival, scopes=EVERYTHING)
    assert view.actor.name == f"Mia {company.tag} (API token “drafts”)"
    assert [each.name for each in view.refs] == [f"Mia {company.tag}"]
    assert await find(actor=f"Mia {company.tag}") == [receipt.arrival]


async def test_view_has_names_sentences_and_changes(company: Company) -> None:
    change = {"topic": Change("", "help"), "objectives": Change(None, ["inform"]), "length_limit": Change(280, 500)}
    receipt = await record(
        AccountEdited(),
        actor=company.actor,
        object=ObjectRef("account", company.account),
        scope=f"brand:{company.tag}",
        change=change,
    )
    view = await audit.get_entry(receipt.arrival, scopes=EVERYTHING)
    assert view.sentence == {
        "en": f"Mia {company.tag} changed the account @Help{company.tag}",
        "fr": f"Mia {company.tag} a modifié le compte @Help{company.tag}",
    }
    assert [(each.field, each.before, each.after) for each in view.changes] == [
        ("length_limit", "280", "500"),
        ("objectives", None, '["inform"]'),
        ("topic", "", "help"),
    ]
    assert (view.at, view.via, view.factors) == (NOW, "panel", ("password",))
    assert view.leaf_hash == receipt.leaf_hash.hex()


async def test_filters_find_the_entry_and_nothing_else_of_the_company(company: Company) -> None:
    approved = await approve(company)
    edited = await record(AccountEdited(), object=ObjectRef("account", company.account), scope=company.scope)
    mine = f"Help{company.tag}"
    assert await find(account=mine) == [edited.arrival, approved.arrival]
    for wanted in (
        {"actor": f"mia@{company.tag}.example"},
        {"actor": str(company.mia)},
        {"actor": f"member:{company.mia}"},
        {"subject": f"M-{company.number}"},
        {"subject": f"m-{company.number}"},
        {"subject": str(company.message).upper()},
        {"account": mine, "action": "message.approved"},
        {"account": mine.lower(), "action": "message"},
        {"account": str(company.account), "q": "approuvé"},
        {"q": f"M-{company.number}"},
        {"q": f"mia {company.tag} approved"},
    ):
        assert await find(**wanted) == [approved.arrival], wanted
    assert await find(account=mine, actor="system:test") == [edited.arrival]
    assert await find(q=f"@{mine} changed") == [edited.arrival]


@pytest.mark.parametrize(
    "wanted", [{"actor": "Nobody"}, {"action": "mess"}, {"account": "%"}, {"subject": "M-0"}, {"q": "mia' OR 1=1"}]
)
async def test_names_that_nobody_bears_find_nothing(company: Company, wanted: dict[str, Any]) -> None:
    await approve(company)
    assert await find(**wanted) == []


async def test_words_of_the_data_and_the_rule_are_found(company: Company) -> None:
    rule = f"rule_{company.tag}"
    denied = AccessDenied(action="message.approve", scope=company.scope, reason=f"why_{company.tag}", rule=rule)
    receipt = await record(denied)
    assert await find(q=f"why_{company.tag}") == [receipt.arrival]
    assert await find(q=rule) == [receipt.arrival]


async def test_contacts_are_found_by_handle_and_name_of_today(company: Company) -> None:
    receipt = await approve(company, refs=[ObjectRef("contact", company.contact)])
    assert await find(subject=f"@kb_{company.tag}") == [receipt.arrival]


async def test_since_is_inclusive_and_until_exclusive(company: Company) -> None:
    mine, minute = f"Help{company.tag}", timedelta(minutes=1)
    first, second = await approve(company, now=NOW), await approve(company, now=NOW + minute)
    assert await find(account=mine, since=NOW + minute) == [second.arrival]
    assert await find(account=mine, until=NOW + minute) == [first.arrival]


async def test_pages_are_newest_first_without_gap_or_overlap(company: Company) -> None:
    written = [(await approve(company)).arrival for _ in range(5)]
    seen: list[int] = []
    before = None
    for _ in range(3):
        wanted = EntryFilter(account=f"Help{company.tag}")
        page = await audit.search_entries(wanted, scopes=EVERYTHING, limit=2, before=before)
        seen, before = [*seen, *(item.arrival for item in page.items)], page.next_cursor
    assert seen == written[::-1]
    assert before is None


async def test_only_entries_of_the_readers_scopes_are_shown(company: Company) -> None:
    receipt, wanted = await approve(company), EntryFilter(account=f"Help{company.tag}")
    assert (await audit.search_entries(wanted, scopes=frozenset({company.scope}))).items
    for scopes in (frozenset[str](), frozenset({"account:Other"})):
        assert (await audit.search_entries(wanted, scopes=scopes)).items == ()
        with pytest.raises(EntryNotFound):
            await audit.get_entry(receipt.arrival, scopes=scopes)


async def test_unknown_entry_is_not_found() -> None:
    for which in (2**62, uuid4()):
        with pytest.raises(EntryNotFound):
            await audit.get_entry(which, scopes=EVERYTHING)


async def test_foreign_object_in_the_log_is_shown_as_not_in_our_format() -> None:
    text = encode({"hello": "world"})
    appended = "INSERT INTO audit.entry (entry, leaf_hash) VALUES ({}, {}) RETURNING arrival"
    (row,) = rows(await AuditEntry.raw(appended, text, leaf_hash(text)))
    view = await audit.get_entry(row["arrival"], scopes=EVERYTHING)
    assert (view.id, view.text, view.sentence["en"]) == (None, text, "This entry is not in our format")
    with pytest.raises(EntryNotFound):
        await audit.get_entry(row["arrival"], scopes=frozenset({"account:Help"}))
