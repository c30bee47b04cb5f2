"""Who is on a conversation, closing it without an answer, and what each reader sees of it."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from govern.domain.conversations import (
    CloseReason,
    ConversationState,
    NotClosed,
    NotWaiting,
    OnItAlready,
    UnknownConversation,
)
from govern.domain.drafts import ReasonRequired
from govern.domain.members import Actor
from govern.domain.messages import Kind
from govern.errors import Invalid
from govern.services.conversation_care import (
    close_conversation,
    release_conversation,
    reopen_conversation,
    take_conversation,
)
from govern.services.conversation_lists import Filter, Whose, count_conversations, list_conversations, newest_posts
from govern.services.conversation_threads import read_conversation
from tests.asserts import actions, assert_audited, assert_denied, assert_one_winner, assert_refused, race
from tests.factories import NOW, receive_dm, receive_mention
from tests.services.conftest import LATER, Office

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


async def found(office: Office, actor: Actor, **wanted: object) -> list[str]:
    shown = await list_conversations(
        Filter(**{"state": None, **wanted}),  # type: ignore[arg-type]
        actor=actor,
        access=office.access,
        now=LATER,
    )
    return [f"{each.account}:{each.contact_handle}" for each in shown]


async def one(office: Office) -> UUID:
    await receive_mention(office.people.help)
    await receive_dm(office.people.help, at=NOW + MINUTE)
    (conversation,) = await list_conversations(Filter(), actor=office.people.leo, access=office.access, now=LATER)
    return conversation.id


async def test_agent_takes_a_conversation_and_lets_it_go(office: Office) -> None:
    which, people = await one(office), office.people
    taken = await take_conversation(which, actor=people.leo, access=office.access, now=LATER)
    assert (taken.assigned_to, taken.assigned_name) == (people.leo.member, "Leo")
    entry = await assert_audited("conversation.assigned", actor=people.leo.id, member=str(people.leo.member))
    assert entry["scope"] == "account:Help"
    await take_conversation(which, actor=people.leo, access=office.access, now=LATER)
    assert (await actions()).count("conversation.assigned") == 1
    released = await release_conversation(which, actor=people.mia, access=office.access, now=LATER)
    assert released.assigned_to is None
    await assert_audited("conversation.released", actor=people.mia.id)


async def test_nobody_is_pushed_aside_unawares(office: Office) -> None:
    which, people = await one(office), office.people
    await take_conversation(which, actor=people.leo, access=office.access, now=LATER)
    async with assert_refused(OnItAlready, office.owner) as refused:
        await take_conversation(which, actor=people.mia, access=office.access, now=LATER)
    assert "Leo" in refused.value.detail
    taken = await take_conversation(which, was=people.leo.member, actor=people.mia, access=office.access, now=LATER)
    assert taken.assigned_name == "Mia"
    await assert_audited("conversation.assigned", previous=str(people.leo.member))


async def test_of_two_who_take_it_at_once_one_hears_of_the_other(office: Office) -> None:
    which, people = await one(office), office.people
    both = (people.leo, people.mia)
    assert_one_winner(
        await race(*(take_conversation(which, actor=each, access=office.access, now=LATER) for each in both))
    )


async def test_closing_needs_a_reason_and_is_undone_with_the_clock_as_it_was(office: Office) -> None:
    which, people = await one(office), office.people
    closed = await close_conversation(
        which,
        reason=CloseReason.NO_ANSWER_NEEDED,
        note="She only said thank you",
        actor=people.leo,
        access=office.access,
        now=LATER,
    )
    assert closed.state is ConversationState.CLOSED
    entry = await assert_audited("conversation.closed", reason="no_answer_needed")
    assert "comment" not in entry["data"]
    assert "comment" in entry["commit"]
    async with assert_refused(NotWaiting, office.owner):
        await close_conversation(which, reason=CloseReason.SPAM, actor=people.leo, access=office.access, now=LATER)
    opened = await reopen_conversation(which, actor=people.mia, access=office.access, now=LATER)
    assert (opened.state, opened.due_at) == (ConversationState.OPEN, NOW + 16 * MINUTE)
    await assert_audited("conversation.reopened", actor=people.mia.id)
    async with assert_refused(NotClosed, office.owner):
        await reopen_conversation(which, actor=people.mia, access=office.access, now=LATER)


async def test_another_reason_needs_a_note_and_the_services_own_is_not_for_people(office: Office) -> None:
    which, leo = await one(office), office.people.leo
    async with assert_refused(ReasonRequired, office.owner):
        await close_conversation(which, reason=CloseReason.OTHER, actor=leo, access=office.access, now=LATER)
    async with assert_refused(Invalid, office.owner):
        await close_conversation(which, reason=CloseReason.OLD, actor=leo, access=office.access, now=LATER)


async def test_who_writes_again_waits_again_after_a_closing(office: Office) -> None:
    which, leo = await one(office), office.people.leo
    await close_conversation(which, reason=CloseReason.SPAM, actor=leo, access=office.access, now=LATER)
    await receive_dm(office.people.help, at=NOW + HOUR)
    thread = await read_conversation(which, actor=leo, access=office.access, now=NOW + HOUR)
    assert thread.conversation.state is ConversationState.OPEN
    assert thread.conversation.waiting_since == NOW + HOUR
    async with assert_refused(NotClosed, office.owner):
        await reopen_conversation(which, actor=leo, access=office.access, now=NOW + HOUR)


@pytest.mark.parametrize("who", ["ana", "vera", "cleo", "ada"])
async def test_only_agents_and_managers_take_and_close(office: Office, who: str) -> None:
    which, actor = await one(office), getattr(office.people, who)
    async with assert_denied(office.owner, actor, "conversation.assign"):
        await take_conversation(which, actor=actor, access=office.access, now=LATER)
    async with assert_denied(office.owner, actor, "conversation.close"):
        await close_conversation(which, reason=CloseReason.SPAM, actor=actor, access=office.access, now=LATER)


async def test_conversation_of_another_account_does_not_exist(office: Office) -> None:
    which, noa = await one(office), office.people.noa
    for act in (take_conversation, release_conversation, reopen_conversation):
        with pytest.raises(UnknownConversation):
            await act(which, actor=noa, access=office.access, now=LATER)
    with pytest.raises(UnknownConversation):
        await read_conversation(which, actor=noa, access=office.access, now=LATER)
    with pytest.raises(UnknownConversation):
        await read_conversation(UUID(int=1), actor=noa, access=office.access, now=LATER)


async def test_list_shows_what_is_due_first_and_filters(office: Office) -> None:
    people = office.people
    await receive_mention(people.help, "marion", at=NOW)
    await receive_dm(people.help, "jean", at=NOW + MINUTE)
    await receive_mention(people.news, "lea", at=NOW - 2 * HOUR)
    assert await found(office, people.cleo) == ["News:lea", "Help:jean", "Help:marion"]
    assert await found(office, people.cleo, account="help") == ["Help:jean", "Help:marion"]
    assert await found(office, people.cleo, brand="press") == ["News:lea"]
    assert await found(office, people.cleo, x_kind="dm") == ["Help:jean"]
    assert await found(office, people.cleo, whose=Whose.LATE) == ["News:lea"]
    assert await found(office, people.leo) == ["Help:jean", "Help:marion"]
    assert await found(office, people.noa, whose=Whose.MINE) == []
    (lea,) = await list_conversations(Filter(), actor=people.noa, access=office.access, now=LATER)
    await take_conversation(lea.id, actor=people.noa, access=office.access, now=LATER)
    assert await found(office, people.noa, whose=Whose.MINE) == ["News:lea"]
    assert await found(office, people.cleo, whose=Whose.NOBODY) == ["Help:jean", "Help:marion"]
    counts = await count_conversations(actor=people.noa, access=office.access, now=LATER)
    assert (counts.waiting, counts.late, counts.mine, counts.unassigned) == (1, 1, 1, 0)


async def test_who_reads_no_private_messages_sees_nobody_who_only_wrote_in_private(office: Office) -> None:
    people = office.people
    await receive_dm(people.help, "jean")
    assert await found(office, people.ana) == []
    (jean,) = await list_conversations(Filter(), actor=people.leo, access=office.access, now=LATER)
    with pytest.raises(UnknownConversation):
        await read_conversation(jean.id, actor=people.ana, access=office.access, now=LATER)
    await receive_mention(people.help, "jean", text="is it open?", at=NOW + MINUTE)
    assert await found(office, people.ana) == ["Help:jean"]
    assert list((await newest_posts([jean])).values()) == ["@Help is it open?"]


async def test_thread_has_both_ways_in_public_and_private_and_private_texts_are_asked_for(office: Office) -> None:
    which, people = await one(office), office.people
    await office.write(people.leo, kind=Kind.DM, recipient="marion", text="It left today.", now=NOW + 2 * MINUTE)
    thread = await read_conversation(which, actor=people.leo, access=office.access, now=LATER)
    assert [(each.way, each.x_kind, each.text) for each in thread.said] == [
        ("in", "post", "@Help where is my parcel?"),
        ("in", "dm", ""),
        ("out", "dm", ""),
    ]
    assert "conversation.dm_read" not in await actions()
    opened = await read_conversation(which, private=True, actor=people.leo, access=office.access, now=LATER)
    assert [each.text for each in opened.said[1:]] == ["Where is my parcel?", "It left today."]
    await assert_audited("conversation.dm_read", actor=people.leo.id, messages=2)
    for actor in (people.ana, people.vera, people.ada):
        async with assert_denied(office.owner, actor, "conversation.read_dm"):
            await read_conversation(which, private=True, actor=actor, access=office.access, now=LATER)


async def test_many_at_once_leave_one_clock(office: Office) -> None:
    await asyncio.gather(*(receive_dm(office.people.help, at=NOW + number * MINUTE) for number in range(6)))
    (only,) = await list_conversations(Filter(), actor=office.people.leo, access=office.access, now=LATER)
    assert (only.waiting_since, only.newest_at) == (NOW, NOW + 5 * MINUTE)
