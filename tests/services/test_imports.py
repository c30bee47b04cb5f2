"""A content calendar: checked whole, then imported whole, or not at all."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from govern.access import Access
from govern.domain.calendars import Form, read_calendar
from govern.domain.members import Actor
from govern.domain.messages import State
from govern.services.accounts import UnknownAccount
from govern.services.import_checks import check_calendar
from govern.services.imports import (
    AlreadyImported,
    CheckedCalendar,
    FaultyLines,
    Imported,
    ImportRunning,
    LineRefused,
    import_calendar,
)
from govern.services.message_views import load_message
from govern.services.policies import Policies
from govern.tables import Message
from tests.asserts import assert_audited, assert_nothing_changed, entries
from tests.factories import NOW, Company, make_company, make_message, receive_mention

HEAD = "account,kind,text,scheduled_at,zone,in_reply_to,recipient\n"
Check = Callable[..., Awaitable[CheckedCalendar]]
Import = Callable[..., Coroutine[Any, Any, Imported]]


@pytest.fixture
async def company(database: None) -> Company:
    return await make_company()


@pytest.fixture
def check(company: Company, access: Access) -> Check:
    """Check the lines of a CSV file that Ana, author of @Help, would import."""

    async def do(
        *lines: str, actor: Actor | None = company.ana, head: str = HEAD, authors_in_file: bool = False
    ) -> CheckedCalendar:
        calendar = read_calendar((head + "\n".join(lines)).encode(), Form.CSV)
        return await check_calendar(calendar, actor=actor, access=access, now=NOW, authors_in_file=authors_in_file)

    return do


@pytest.fixture
def bring(company: Company, access: Access, policies: Policies) -> Import:
    async def do(checked: CheckedCalendar, *, actor: Actor = company.ana, submit: bool = True) -> Imported:
        return await import_calendar(checked, submit=submit, actor=actor, access=access, policies=policies, now=NOW)

    return do


async def test_every_line_becomes_a_message_that_waits_for_approval(
    company: Company, check: Check, bring: Import
) -> None:
    checked = await check(
        "@help,Post,The workshop opens at ten.,2026-12-01 09:30,Europe/Paris,,",
        'Help,post,"Two lines:\none, two",,,,',
        "Help,quote,Look at this.,2026-12-02 09:30,,77,",
    )
    assert checked.faults == ()
    imported = await bring(checked)
    assert imported.states == {State.PENDING_APPROVAL: 3}
    first, second, third = [await load_message(f"M-{number}") for number in imported.numbers]
    assert (first.account, first.author, first.zone) == ("Help", company.ana.member, "Europe/Paris")
    assert first.scheduled_at is not None
    assert first.scheduled_at.isoformat() == "2026-12-01T08:30:00+00:00"
    assert (second.revision.text, second.scheduled_at) == ("Two lines:\none, two", None)
    assert (third.in_reply_to, third.zone) == ("77", "Europe/Paris")


async def test_import_is_one_entry_and_each_message_has_its_own(company: Company, check: Check, bring: Import) -> None:
    checked = await check("Help,post,One.,,,,", "Help,post,Two.,,,,")
    imported = await bring(checked)
    entry = await assert_audited("message.imported", actor=company.ana.id, count=2, file=checked.digest)
    assert (entry["object"]["kind"], entry["object"]["id"]) == ("import", str(imported.id))
    assert entry["scope"] == "account:Help"
    assert entry["data"]["accounts"] == [str(company.help.id)]
    written = [each for each in await entries() if each["ctx"].get("job") == f"import:{imported.id}"]
    assert [each["action"] for each in written].count("message.drafted") == 2
    assert [each["action"] for each in written].count("message.submitted") == 2


async def test_drafts_stay_drafts_when_asked(check: Check, bring: Import) -> None:
    imported = await bring(await check("Help,post,One.,,,,"), submit=False)
    assert imported.states == {State.DRAFT: 1}


async def test_line_that_screening_forbids_arrives_blocked(company: Company, check: Check, bring: Import) -> None:
    checked = await check("Help,dm,Hello there.,,,,marion", "Help,post,Fine.,,,,")
    assert (await bring(checked)).states == {State.BLOCKED: 1, State.PENDING_APPROVAL: 1}


async def test_progress_is_told_line_by_line(company: Company, access: Access, policies: Policies) -> None:
    told: list[tuple[int, int]] = []

    def tell(done: int, total: int) -> None:
        told.append((done, total))

    calendar = read_calendar(f"{HEAD}Help,post,One.,,,,\nHelp,post,Two.,,,,".encode(), Form.CSV)
    checked = await check_calendar(calendar, actor=company.ana, access=access, now=NOW, progress=tell)
    await import_calendar(checked, actor=company.ana, access=access, policies=policies, now=NOW, progress=tell)
    assert told == [(1, 2), (2, 2), (1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        ("Nobody,post,Hi.,,,,", "account", "account.unknown"),
        ("not a handle,post,Hi.,,,,", "account", "account.bad_handle"),
        (",post,Hi.,,,,", "account", "import.cell_missing"),
        ("Help,tweet,Hi.,,,,", "kind", "import.unknown_kind"),
        ("Help,,Hi.,,,,", "kind", "import.cell_missing"),
        ("Help,post, ,,,,", "text", "message.text_missing"),
        (f"Help,post,{'é' * 281},,,,", "text", "import.text_unfit"),
        (f"Help,post,{'字' * 141},,,,", "text", "import.text_unfit"),
        (f"Help,dm,{'x' * 10_001},,,,marion", "text", "import.text_unfit"),
        ("Help,post,nul\0,,,,", "text", "message.text_unstorable"),
        ("Help,reply,Hi.,,,,", "in_reply_to", "message.target_missing"),
        ("Help,reply,Hi.,,,1.99E+18,", "in_reply_to", "message.bad_target"),
        ("Help,dm,Hi.,,,,", "recipient", "message.target_missing"),
        ("Help,dm,Hi.,,,,not a handle", "recipient", "account.bad_handle"),
        ("Help,post,Hi.,,,,marion", "recipient", "message.target_not_allowed"),
        ("Help,post,Hi.,tomorrow,,,", "scheduled_at", "schedule.bad_time"),
        ("Help,post,Hi.,2026-11-22 13:59,Europe/Paris,,", "scheduled_at", "message.past_schedule"),
        ("Help,post,Hi.,2028-01-01 10:00,Europe/Paris,,", "scheduled_at", "message.schedule_too_far"),
        ("Help,post,Hi.,2027-03-28 02:30,Europe/Paris,,", "scheduled_at", "schedule.time_skipped"),
        ("Help,post,Hi.,2027-10-31 02:30,Europe/Paris,,", "scheduled_at", "schedule.time_twice"),
        ("Help,post,Hi.,2026-12-01 09:30,Europe/Pariss,,", "zone", "message.unknown_zone"),
        ("Help,post,Hi.,,Europe/Pariss,,", "zone", "message.unknown_zone"),
        ("Help,post,The same.,,,,", None, "import.repeated_line"),
        ("News,post,Hi.,,,,", "account", "account.unknown"),
    ],
)
async def test_faulty_line_is_named_with_its_column_and_reason(
    line: str, column: str | None, code: str, check: Check, bring: Import, owner: asyncpg.Connection
) -> None:
    async with assert_nothing_changed(owner):
        checked = await check("Help,post,The same.,,,,", line)
        with pytest.raises(FaultyLines):
            await bring(checked)
    assert [(fault.line, fault.column, fault.code) for fault in checked.faults] == [(3, column, code)]
    assert len(checked.lines) == 1


async def test_all_faults_of_a_line_are_told_at_once(check: Check) -> None:
    checked = await check("Nobody,tweet,,yesterday,Nowhere,,")
    assert {fault.column for fault in checked.faults} == {"account", "kind", "text", "scheduled_at"}


async def test_the_same_text_at_another_time_is_no_repetition(check: Check) -> None:
    assert (
        await check("Help,post,Open day!,2026-12-01 09:30,,,", "Help,post,Open day!,2026-12-08 09:30,,,")
    ).faults == ()


async def test_missing_right_is_a_fault_and_a_recorded_denial(company: Company, check: Check) -> None:
    checked = await check("Help,post,One.,,,,", "Help,post,Two.,,,,", "Help,reply,Three.,,,7,", actor=company.vera)
    assert [(fault.line, fault.column, fault.code) for fault in checked.faults] == [
        (2, "account", "access.denied"),
        (3, "account", "access.denied"),
        (4, "account", "access.denied"),
    ]
    denied = [each for each in await entries() if each["action"] == "access.denied"]
    assert [each["data"]["action"] for each in denied] == ["message.write_post", "message.write_reply"]
    assert {each["actor"]["id"] for each in denied} == {company.vera.id}


async def test_authors_in_the_file_are_a_convenience_of_the_demo(company: Company, check: Check, bring: Import) -> None:
    head = "account,kind,text,author\n"
    lines = ("Help,post,One.,ana@example.com", "News,post,Two.,noa@example.com")
    refused = await check(*lines, head=head, actor=None)
    assert {fault.code for fault in refused.faults} == {"import.author_not_allowed"}
    allowed = await check(*lines, head=head, actor=None, authors_in_file=True)
    imported = await bring(allowed)
    assert [(await load_message(f"M-{number}")).author for number in imported.numbers] == [
        company.ana.member,
        company.noa.member,
    ]
    entry = await assert_audited("message.imported")
    assert entry["scope"] == "company"
    unknown = await check("Help,post,x,ghost@example.com", head=head, actor=None, authors_in_file=True)
    nobody = await check("Help,post,x,", head=head, actor=None, authors_in_file=True)
    assert [unknown.faults[0].code, nobody.faults[0].code] == ["member.unknown", "import.no_author"]


async def test_the_same_file_is_imported_once(
    company: Company, check: Check, bring: Import, owner: asyncpg.Connection
) -> None:
    checked = await check("Help,post,One.,,,,", "Help,post,Two.,,,,")
    first = await bring(checked)
    async with assert_nothing_changed(owner):
        with pytest.raises(AlreadyImported, match=f"from M-{first.numbers[0]} on"):
            await bring(checked)


async def test_two_who_import_the_same_file_at_once_do_it_once(company: Company, check: Check, bring: Import) -> None:
    checked = await check(*(f"Help,post,Number {number}.,,,," for number in range(5)))
    runs = [asyncio.create_task(bring(checked), context=contextvars.Context()) for _ in range(2)]
    done = await asyncio.gather(*runs, return_exceptions=True)
    assert {type(each) for each in done} <= {Imported, ImportRunning, AlreadyImported}
    assert len([each for each in done if isinstance(each, Imported)]) == 1
    assert await Message.count() == 5


async def test_line_that_is_refused_late_takes_all_lines_back(
    company: Company,
    check: Check,
    bring: Import,
    access: Access,
    policies: Policies,
    owner: asyncpg.Connection,
) -> None:
    checked = await check("Help,post,Fine.,,,,", "Help,post,Is it out?,,,,")
    twin = await make_message(company.ana, access=access, policies=policies, text="Is it out?")
    await owner.execute("UPDATE message SET state = 'outcome_unknown' WHERE id = $1", twin.id)
    async with assert_nothing_changed(owner):
        with pytest.raises(LineRefused) as caught:
            await bring(checked)
    assert caught.value.data["line"] == 3


async def test_right_that_is_lost_between_check_and_import_takes_all_lines_back(
    company: Company, check: Check, bring: Import, owner: asyncpg.Connection
) -> None:
    checked = await check("Help,post,Fine.,,,,")
    await owner.execute("UPDATE member SET state = 'suspended' WHERE id = $1", company.ana.member)
    async with assert_nothing_changed(owner):
        with pytest.raises(UnknownAccount):
            await bring(checked)
    await assert_audited("access.denied", outcome="denied", actor=company.ana.id)


async def test_agents_plain_answer_with_a_time_is_scheduled_without_approval(
    company: Company, check: Check, bring: Import
) -> None:
    mention = await receive_mention(company.help, at=NOW - timedelta(minutes=5))
    checked = await check(f"Help,reply,We are looking into it.,2026-12-01 09:30,,{mention},", actor=company.leo)
    assert (await bring(checked, actor=company.leo)).states == {State.SCHEDULED: 1}
