"""What people outside wrote to us, kept once and shown to whom it may be shown."""

from datetime import timedelta

import msgspec

from govern.domain.accounts import Account
from govern.domain.members import Actor
from govern.domain.messages import Kind
from govern.services.accounts import find_account
from govern.services.contacts import find_contact
from govern.services.conversations import (
    find_inbound,
    list_inbound,
    read_thread,
)
from govern.services.polling import newest_read
from govern.services.receiving import store_dms, store_mentions
from govern.tables import Contact, Inbound
from govern.xapi.client import DmEvent, Mention
from tests.asserts import assert_audited, assert_denied, assert_nothing_changed
from tests.factories import NOW, receive_dm, receive_mention
from tests.services.conftest import Office

HOUR = timedelta(hours=1)


def mention(x_id: str, *, author: str = "9001", handle: str | None = "marion") -> Mention:
    return Mention(
        x_id=x_id,
        author_id=author,
        author_handle=handle,
        author_name="Marion" if handle else None,
        text="@Help where is my parcel?",
        in_reply_to=None,
        conversation_id=x_id,
        created_at=NOW,
    )


async def inbound_of(actor: Actor, office: Office, *, account: str | None = None) -> list[tuple[str, str]]:
    found = await list_inbound(account=account, actor=actor, access=office.access)
    return [(each.account, each.x_kind) for each in found]


async def test_mention_is_kept_with_its_author_and_recorded(office: Office) -> None:
    x_id = await receive_mention(office.people.help)
    found = await find_inbound(office.people.help.id, x_id)
    assert found is not None
    assert (found.account, found.contact_handle, found.x_id) == ("Help", "marion", x_id)
    entry = await assert_audited("inbound.received", kind="post", x_id=x_id)
    assert entry["scope"] == "account:Help"
    assert await find_inbound(office.people.news.id, x_id) is None


async def test_mention_that_comes_twice_is_kept_once(office: Office) -> None:
    help_, actor = office.people.help, office.people.ada
    assert (
        await store_mentions(help_, [mention("7"), mention("8")], policies=office.policies, actor=actor, now=NOW) == 2
    )
    assert (
        await store_mentions(help_, [mention("8"), mention("9")], policies=office.policies, actor=actor, now=NOW) == 1
    )
    assert await Inbound.count() == 3


async def test_one_post_may_mention_two_accounts(office: Office) -> None:
    for account in (office.people.help, office.people.news):
        assert (
            await store_mentions(account, [mention("7")], policies=office.policies, actor=office.people.ada, now=NOW)
            == 1
        )


async def test_cursor_only_moves_forward(office: Office) -> None:
    help_, actor = office.people.help, office.people.ada
    assert await newest_read(help_.id, "mentions") is None
    await store_mentions(help_, [mention("9"), mention("7")], policies=office.policies, actor=actor, now=NOW)
    await store_mentions(help_, [mention("8")], policies=office.policies, actor=actor, now=NOW)
    await store_mentions(help_, [], policies=office.policies, actor=actor, now=NOW)
    assert await newest_read(help_.id, "mentions") == "9"
    assert await newest_read(help_.id, "dms") is None


async def test_person_is_one_contact_under_every_handle(office: Office) -> None:
    help_, actor = office.people.help, office.people.ada
    await store_mentions(help_, [mention("1", handle="marion")], policies=office.policies, actor=actor, now=NOW)
    await store_mentions(help_, [mention("2", handle=None)], policies=office.policies, actor=actor, now=NOW)
    await store_mentions(help_, [mention("3", handle="marion_b")], policies=office.policies, actor=actor, now=NOW)
    assert await Contact.count() == 1
    renamed = await find_contact("marion_b")
    assert renamed is not None
    assert renamed.x_user_id == "9001"


async def test_handle_another_person_took_is_another_contact(office: Office) -> None:
    help_, actor = office.people.help, office.people.ada
    await store_mentions(help_, [mention("1", author="9001")], policies=office.policies, actor=actor, now=NOW)
    await store_mentions(help_, [mention("2", author="9002")], policies=office.policies, actor=actor, now=NOW + HOUR)
    newest = await find_contact("marion")
    assert newest is not None
    assert newest.x_user_id == "9002"
    assert await Contact.count() == 2


async def test_person_we_wrote_about_first_is_recognised_when_they_write(office: Office) -> None:
    await office.write(office.people.leo, kind=Kind.DM, recipient="Marion", text="Hello.")
    before = await find_contact("marion")
    await receive_dm(office.people.help, "marion")
    after = await find_contact("marion")
    assert before is not None
    assert after is not None
    assert (before.id, before.x_user_id) == (after.id, None)
    assert after.x_user_id is not None


async def test_our_own_dms_are_no_inbound(office: Office) -> None:
    own = DmEvent(
        x_id="5",
        sender_id=office.people.help.x_user_id or "",
        sender_handle="Help",
        sender_name="Help",
        recipient_id="9001",
        recipient_handle="marion",
        text="It left today.",
        conversation_id="1-2",
        created_at=NOW,
    )
    assert await store_dms(office.people.help, [own], policies=office.policies, actor=office.people.ada, now=NOW) == 0
    assert await Inbound.count() == 0
    assert await newest_read(office.people.help.id, "dms") == "5"


async def test_dms_are_listed_only_where_dms_are_read(office: Office) -> None:
    await receive_mention(office.people.help)
    await receive_dm(office.people.help, at=NOW + HOUR)
    await receive_dm(office.people.news, at=NOW + 2 * HOUR)
    people = office.people
    for actor, seen in (
        (people.leo, [("Help", "dm"), ("Help", "post")]),
        (people.ana, [("Help", "post")]),
        (people.vera, [("Help", "post")]),
        (people.ada, [("Help", "post")]),
        (people.cleo, [("News", "dm"), ("Help", "dm"), ("Help", "post")]),
        (people.noa, [("News", "dm")]),
    ):
        assert await inbound_of(actor, office) == seen
    assert await inbound_of(people.cleo, office, account="news") == [("News", "dm")]
    assert await inbound_of(people.noa, office, account="Help") == []


async def test_private_thread_is_read_only_with_the_right_to(office: Office) -> None:
    await receive_dm(office.people.help, text="First.")
    await receive_dm(office.people.help, text="Second.", at=NOW + HOUR)
    contact = await find_contact("marion")
    assert contact is not None
    people = office.people
    thread = await read_thread(people.help, contact.id, actor=people.leo, access=office.access, now=NOW)
    assert [(each.way, each.text) for each in thread] == [("in", "First."), ("in", "Second.")]
    for actor in (people.ana, people.vera, people.ada, people.noa):
        async with assert_denied(office.owner, actor, "conversation.read_dm"):
            await read_thread(people.help, contact.id, actor=actor, access=office.access, now=NOW)
    elsewhere = await read_thread(people.news, contact.id, actor=people.noa, access=office.access, now=NOW)
    assert elsewhere == []


async def test_reading_a_private_thread_is_recorded_and_denials_too(office: Office) -> None:
    await receive_dm(office.people.help, text="Where is my parcel, says Marion?")
    contact = await find_contact("marion")
    assert contact is not None
    await read_thread(office.people.help, contact.id, actor=office.people.leo, access=office.access, now=NOW)
    entry = await assert_audited("conversation.dm_read", actor=office.people.leo.id, messages=1)
    assert entry["object"] == {"kind": "account", "id": str(office.people.help.id)}
    assert entry["refs"] == [{"kind": "contact", "id": str(contact.id)}]
    assert entry["scope"] == "account:Help"
    assert entry["ctx"]["rule"] == "agent.conversation.read_dm"
    assert entry["actor"]["factors"] == ["password"]


async def test_lists_show_no_private_text(office: Office) -> None:
    await receive_dm(office.people.help)
    await receive_mention(office.people.help)
    texts = {each.x_kind: each.text for each in await list_inbound(actor=office.people.leo, access=office.access)}
    assert texts == {"dm": "", "post": "@Help where is my parcel?"}


async def test_reading_changes_nothing(office: Office) -> None:
    await receive_mention(office.people.help)
    async with assert_nothing_changed(office.owner):
        await inbound_of(office.people.leo, office)
        account: Account = await find_account("Help")
        await newest_read(account.id, "mentions")
    assert msgspec.structs.asdict(account)["handle"] == "Help"
