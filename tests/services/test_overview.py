"""The figures of the overview: what needs somebody now, and what went out."""

from datetime import UTC, date, datetime, timedelta

from govern.domain.members import Actor
from govern.domain.messages import Kind, Message
from govern.services.overview import DAYS, Overview, overview
from govern.tables import Message as MessageTable
from govern.tables import Publication
from tests.factories import NOW, make_message
from tests.hand import by_hand
from tests.services.conftest import LATER, Office


async def figures(office: Office, by: Actor, *, zone: str = "UTC", now: datetime = LATER) -> Overview:
    return await overview(zone=zone, actor=by, access=office.access, now=now)


async def went_out(message: Message, at: datetime) -> None:
    """Let a publication of the message end well, as the worker does."""
    await by_hand(
        Publication.update({Publication.closed_at: at, Publication.x_id: message.number}).where(
            (Publication.message == message.id) & Publication.closed_at.is_null()
        )
    )
    await by_hand(
        MessageTable.update({MessageTable.state: "sent", MessageTable.updated_at: at}).where(
            MessageTable.id == message.id
        )
    )


async def test_empty_company_has_no_figures_but_every_day(office: Office) -> None:
    shown = await figures(office, office.people.vera)
    assert (shown.waiting, shown.late, shown.unknown, shown.dm_submitted, shown.blocked) == (0, 0, 0, 0, [])
    assert [(each.replies, each.posts) for each in shown.sent] == [(0, 0)] * DAYS
    assert shown.sent[-1].day == date(2026, 11, 22)
    assert [each.account.handle for each in shown.accounts] == ["Help", "News"]


async def test_what_waits_is_counted_by_age_and_deadline(office: Office) -> None:
    await office.write(office.people.ana, scheduled_at=NOW + timedelta(minutes=70))
    await office.write(office.people.ana, text="Two.", scheduled_at=NOW + timedelta(minutes=50))
    await office.write(office.people.ana, text="Three.", now=NOW + timedelta(minutes=55))
    shown = await figures(office, office.people.vera, now=NOW + timedelta(minutes=60))
    assert (shown.waiting, shown.late, shown.due_soon) == (3, 1, 1)
    assert shown.first_due_at == NOW + timedelta(minutes=50)
    assert (shown.under_15, shown.to_1h, shown.over_1h) == (1, 0, 2)
    by_account = {each.account.handle: (each.waiting, each.late) for each in shown.accounts}
    assert by_account == {"Help": (3, 1), "News": (0, 0)}


async def test_figures_are_of_ones_own_accounts(office: Office) -> None:
    await office.write(office.people.ana)
    shown = await figures(office, office.people.noa)
    assert (shown.waiting, [each.account.handle for each in shown.accounts]) == (0, ["News"])


async def test_sent_messages_are_counted_once_on_the_readers_day(office: Office) -> None:
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    message = await office.approve(await office.write(office.people.ana), office.people.mia)
    await went_out(message, late)
    assert (await figures(office, office.people.vera, now=late)).sent[-1].posts == 1
    tokyo = await figures(office, office.people.vera, zone="Asia/Tokyo", now=late)
    assert (tokyo.sent[-1].day, tokyo.sent[-1].posts) == (date(2026, 11, 23), 1)
    assert sum(each.posts for each in tokyo.sent) == 1


async def test_message_that_needed_two_publications_went_out_once(office: Office) -> None:
    message = await office.approve(await office.write(office.people.ana), office.people.mia)
    await by_hand(Publication.update({Publication.closed_at: LATER}).where(Publication.message == message.id))
    await by_hand(MessageTable.update({MessageTable.state: "expired"}).where(MessageTable.id == message.id))
    revised = await office.revise(message, "Again.", office.people.ana)
    again = await office.approve(await office.submit(revised, office.people.ana), office.people.mia)
    await went_out(again, LATER)
    assert sum(each.posts for each in (await figures(office, office.people.vera)).sent) == 1


async def test_blocked_dms_are_counted_by_rule(office: Office) -> None:
    for text in ("Hello.", "Hello again."):
        await make_message(
            office.people.leo,
            access=office.access,
            policies=office.policies,
            kind=Kind.DM,
            recipient="marion",
            text=text,
        )
    shown = await figures(office, office.people.vera)
    assert (shown.dm_submitted, shown.dm_blocked) == (2, 2)
    assert [(each.rule, each.blocked) for each in shown.blocked] == [("DM-UNSOLICITED", 2)]
