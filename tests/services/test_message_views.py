"""Reading messages: nothing of another scope, DMs in private, pages by key, words taken as they are."""

from uuid import UUID, uuid4

import pytest

from govern.domain.drafts import TextUnstorable
from govern.domain.members import Actor
from govern.domain.messages import Kind, Message, State
from govern.errors import NotFound
from govern.services.approvals import withdraw_approval
from govern.services.message_views import (
    BadCursor,
    MessageFilter,
    UnknownMessage,
    get_message,
    list_approvals,
    list_attempts,
    list_messages,
    list_revisions,
    pattern,
)
from govern.services.messages import schedule_message, withdraw_message
from govern.services.outcomes import list_unknown
from govern.services.refusals import reject_message, request_changes
from tests.asserts import assert_audited, assert_nothing_changed, assert_refused
from tests.factories import NOW
from tests.services.conftest import LATER, Office

ALL = MessageFilter()


async def numbers(office: Office, by: Actor, wanted: MessageFilter = ALL, *, limit: int = 50) -> list[int]:
    page = await list_messages(wanted, limit=limit, actor=by, access=office.access)
    return [message.number for message in page.items]


async def get(office: Office, which: UUID | str, by: Actor) -> Message:
    return await get_message(which, actor=by, access=office.access, now=NOW)


async def test_message_is_found_by_id_and_by_number(office: Office) -> None:
    message = await office.write(office.people.ana)
    for which in (message.id, str(message.id), f"M-{message.number}", f"m-{message.number}"):
        assert await get(office, which, office.people.vera) == message


async def test_messages_of_another_scope_do_not_exist(office: Office) -> None:
    message = await office.write(office.people.ana)
    said = set()
    for which, by in (
        (message.id, office.people.noa),
        (f"M-{message.number}", office.people.noa),
        (uuid4(), office.people.noa),
        ("M-999999", office.people.vera),
        ("nonsense", office.people.vera),
    ):
        with pytest.raises(UnknownMessage) as refused:
            await get(office, which, by)
        assert set(refused.value.data) == {"name"}
        said.add(refused.value.code)
    assert said == {"message.unknown"}
    assert await numbers(office, office.people.noa) == []
    await assert_audited("access.denied", outcome="denied", actor=office.people.noa.id, action="message.read")


async def test_no_id_of_another_scope_opens_anything(office: Office) -> None:
    message = await office.write(office.people.ana)
    noa, access = office.people.noa, office.access
    await office.approve(await office.write(office.people.ana, text="Another."), office.people.mia)
    calls = {
        "revise": office.revise(message, "Mine.", noa),
        "submit": office.submit(message, noa),
        "approve": office.approve(message, noa),
        "edit": office.approve(message, noa, text="Mine."),
        "reject": reject_message(message.id, revision=1, reason="No.", actor=noa, access=access, now=LATER),
        "changes": request_changes(message.id, revision=1, reason="No.", actor=noa, access=access, now=LATER),
        "undo": withdraw_approval(message.id, actor=noa, access=access, now=LATER),
        "withdraw": withdraw_message(message.id, revision=1, actor=noa, access=access, now=LATER),
        "schedule": schedule_message(
            message.id, revision=1, scheduled_at=NOW.replace(year=2027), actor=noa, access=access, now=LATER
        ),
    }
    for call in calls.values():
        async with assert_refused(UnknownMessage, office.owner):
            await call


async def test_dms_are_read_by_their_author_and_who_reads_dms_there(office: Office) -> None:
    message = await office.write(office.people.ana, kind=Kind.DM, recipient="marion", text="Hello.")
    people = office.people
    for actor in (people.ana, people.leo, people.mia, people.cleo):
        assert (await get(office, message.id, actor)).id == message.id
        assert await numbers(office, actor) == [message.number]
    for actor in (people.vera, people.noa, people.ada):
        with pytest.raises(NotFound):
            await get(office, message.id, actor)
        assert await numbers(office, actor) == []
        assert await numbers(office, actor, MessageFilter(q="Hello")) == []
    await assert_audited("access.denied", outcome="denied", actor=people.ada.id, action="conversation.read_dm")


async def test_dm_of_unknown_outcome_is_as_private_as_any(office: Office) -> None:
    message = await office.write(office.people.ana, kind=Kind.DM, recipient="marion", text="Hello.")
    await office.owner.execute("UPDATE message SET state = 'outcome_unknown' WHERE id = $1", message.id)
    for actor, count in (
        (office.people.mia, 1),
        (office.people.ana, 1),
        (office.people.vera, 0),
        (office.people.noa, 0),
    ):
        assert len(await list_unknown(actor=actor, access=office.access)) == count


async def test_author_who_lost_the_role_reads_nothing_any_more(office: Office) -> None:
    message = await office.write(office.people.ana, kind=Kind.DM, recipient="marion", text="Hello.")
    await office.owner.execute(
        "UPDATE role_grant SET revoked_at = now(), revoke_reason = 'gone', revoked_by = $2 WHERE member = $1",
        office.people.ana.member,
        office.people.ada.member,
    )
    with pytest.raises(NotFound):
        await get(office, message.id, office.people.ana)
    assert await numbers(office, office.people.ana) == []


async def test_pages_follow_each_other_by_number_even_while_messages_arrive(office: Office) -> None:
    written = [(await office.write(office.people.ana, text=f"Text {n}.")).number for n in range(5)]
    seen, cursor = [], None
    for _ in range(4):
        page = await list_messages(ALL, limit=2, cursor=cursor, actor=office.people.vera, access=office.access)
        seen += [message.number for message in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
        await office.write(office.people.ana, text=f"Newer than {cursor}.")
    assert seen == sorted(written, reverse=True)
    assert cursor is None


@pytest.mark.parametrize("cursor", ["", "x", "-1", "1.5", "1 OR 1=1", "٣", "9" * 19])
async def test_cursor_that_is_not_ours_is_refused(office: Office, cursor: str) -> None:
    with pytest.raises(BadCursor):
        await list_messages(ALL, cursor=cursor, actor=office.people.vera, access=office.access)


async def test_page_is_never_empty_nor_endless_whatever_limit_is_asked(office: Office) -> None:
    for n in range(2):
        await office.write(office.people.ana, text=f"Text {n}.")
    assert len(await numbers(office, office.people.vera, limit=0)) == 1
    assert len(await numbers(office, office.people.vera, limit=-7)) == 1
    assert len(await numbers(office, office.people.vera, limit=10**9)) == 2


async def test_list_is_narrowed_by_each_part_of_the_filter(office: Office) -> None:
    post = (await office.write(office.people.ana)).number
    reply = (await office.write(office.people.leo, kind=Kind.REPLY, in_reply_to="7", text="Sorry.")).number
    news = (await office.write(office.people.noa, account="News", text="Extra!")).number
    draft = (await office.write(office.people.ana, text="Not yet.", submit=False)).number
    cleo = office.people.cleo
    for wanted, found in (
        (ALL, [draft, news, reply, post]),
        (MessageFilter(state=State.DRAFT), [draft]),
        (MessageFilter(account="@hELP"), [draft, reply, post]),
        (MessageFilter(account="Nobody"), []),
        (MessageFilter(kind=Kind.REPLY), [reply]),
        (MessageFilter(author="LEO@example.com"), [reply]),
        (MessageFilter(q="extra"), [news]),
        (MessageFilter(q="noa"), [news]),
        (MessageFilter(state=State.PENDING_APPROVAL, account="Help", kind=Kind.POST), [post]),
    ):
        assert await numbers(office, cleo, wanted) == found, wanted


async def test_search_takes_every_sign_as_it_is(office: Office) -> None:
    odd = (await office.write(office.people.ana, text=r"100% wool_socks \o/ {x}")).number
    await office.write(office.people.ana, text="1000 wool-socks")
    for words in ("100%", "wool_", "\\o/", "{x}", "%", "_"):
        assert await numbers(office, office.people.vera, MessageFilter(q=words)) == [odd], words
    assert await numbers(office, office.people.vera, MessageFilter(q="' OR 1=1 --")) == []
    with pytest.raises(TextUnstorable):
        await numbers(office, office.people.vera, MessageFilter(q="a\0"))


def test_pattern_escapes_what_like_would_read() -> None:
    assert pattern("50%_\\") == "%50\\%\\_\\\\%"


async def test_history_of_a_message_is_complete(office: Office) -> None:
    message = await office.write(office.people.ana)
    await request_changes(
        message.id, revision=1, reason="Shorter.", actor=office.people.mia, access=office.access, now=LATER
    )
    revised = await office.submit(await office.revise(message, "Short.", office.people.ana), office.people.ana)
    await office.approve(revised, office.people.mia)
    async with assert_nothing_changed(office.owner):
        assert [each.number for each in await list_revisions(message.id)] == [1, 2]
        assert [(each.revision, each.verdict) for each in await list_approvals(message.id)] == [
            (1, "changes_requested"),
            (2, "approved"),
        ]
        assert await list_attempts(message.id) == []


@pytest.mark.parametrize("missing", ["M-999999", "M-nothing", "00000000-0000-7000-8000-000000000000", "nothing at all"])
async def test_message_that_is_not_there_is_unknown_in_one_way(office: Office, missing: str) -> None:
    async with assert_refused(UnknownMessage, office.owner) as refused:
        await withdraw_message(missing, revision=1, actor=office.people.ana, access=office.access, now=NOW)
    assert refused.value.code == "message.unknown"
