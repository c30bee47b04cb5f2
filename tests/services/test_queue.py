"""The approvals queue: what waits, for whom; and that nothing shows in it that may not be read."""

from datetime import timedelta

from govern.domain.members import Actor
from govern.domain.messages import Kind, Message
from govern.services.queue import QueueCounts, QueueView, count_queue, list_queue
from govern.services.refusals import reject_message, request_changes
from tests.factories import NOW, receive_dm
from tests.services.conftest import LATER, Office

DOUBTFUL = "Une vente privée commence."


async def queue(office: Office, view: QueueView, by: Actor, **narrowed: object) -> list[int]:
    found = await list_queue(view, actor=by, access=office.access, now=LATER, **narrowed)  # type: ignore[arg-type]
    return [message.number for message in found]


async def waiting_dm(office: Office) -> Message:
    await receive_dm(office.people.help)
    message = await office.write(office.people.leo, kind=Kind.DM, recipient="marion", text=DOUBTFUL)
    assert message.state == "pending_approval"
    return message


async def test_those_who_decide_see_what_others_wrote_first_due_first(office: Office) -> None:
    late = await office.write(office.people.ana, scheduled_at=NOW + timedelta(days=3))
    soon = await office.write(office.people.ana, text="Soon.", scheduled_at=NOW + timedelta(hours=1))
    own = await office.write(office.people.bo, text="By Bo.")
    assert await queue(office, QueueView.MINE, office.people.mia) == [soon.number, own.number, late.number]
    assert await queue(office, QueueView.MINE, office.people.bo) == [soon.number, late.number]
    assert await queue(office, QueueView.TEAM, office.people.bo) == [soon.number, own.number, late.number]
    assert await queue(office, QueueView.MINE, office.people.leo) == []
    assert await queue(office, QueueView.TEAM, office.people.leo) == [soon.number, own.number, late.number]


async def test_queue_of_another_brand_is_empty(office: Office) -> None:
    await office.write(office.people.ana)
    for view in QueueView:
        assert await queue(office, view, office.people.noa) == []
    counts = await count_queue(actor=office.people.noa, access=office.access, now=LATER)
    assert counts == QueueCounts(mine=0, team=0, changes=0, late=0)


async def test_waiting_dm_is_shown_only_to_its_author_and_who_reads_dms(office: Office) -> None:
    message = await waiting_dm(office)
    people = office.people
    for actor, sees in (
        (people.leo, True),
        (people.mia, True),
        (people.cleo, True),
        (people.vera, False),
        (people.ana, False),
        (people.ada, False),
    ):
        assert await queue(office, QueueView.TEAM, actor) == ([message.number] if sees else [])
        counts = await count_queue(actor=actor, access=office.access, now=LATER)
        assert counts.team == int(sees)
    await request_changes(message.id, revision=1, reason="Shorter.", actor=people.mia, access=office.access, now=LATER)
    assert await queue(office, QueueView.CHANGES, people.vera) == []
    assert await queue(office, QueueView.DECIDED, people.vera) == []
    assert await queue(office, QueueView.CHANGES, people.leo) == [message.number]
    assert await queue(office, QueueView.DECIDED, people.leo) == [message.number]


async def test_decided_messages_stay_for_two_weeks(office: Office) -> None:
    message = await office.write(office.people.ana)
    await reject_message(message.id, revision=1, reason="No.", actor=office.people.mia, access=office.access, now=LATER)
    assert await queue(office, QueueView.DECIDED, office.people.vera) == [message.number]
    assert await queue(office, QueueView.MINE, office.people.mia) == []
    found = await list_queue(
        QueueView.DECIDED, actor=office.people.vera, access=office.access, now=LATER + timedelta(days=15)
    )
    assert found == []


async def test_queue_is_narrowed_by_account_and_words(office: Office) -> None:
    message = await office.write(office.people.ana, text="100% wool_socks")
    await office.write(office.people.ana, text="1000 wool-socks")
    mine = QueueView.MINE
    assert await queue(office, mine, office.people.mia, q="100%") == [message.number]
    assert await queue(office, mine, office.people.mia, q="wool_") == [message.number]
    assert await queue(office, mine, office.people.mia, q="\\") == []
    assert len(await queue(office, mine, office.people.mia, q="ANA")) == 2
    assert len(await queue(office, mine, office.people.mia, account="hELP")) == 2
    assert await queue(office, mine, office.people.mia, account="News") == []
    assert len(await queue(office, mine, office.people.mia, limit=1)) == 1
    assert len(await queue(office, mine, office.people.mia, limit=-5)) == 1


async def test_counts_tell_what_waits_and_what_is_late(office: Office) -> None:
    await office.write(office.people.ana, scheduled_at=NOW + timedelta(hours=1))
    await office.write(office.people.bo, text="By Bo.")
    changed = await office.write(office.people.ana, text="Another.")
    await request_changes(
        changed.id, revision=1, reason="Shorter.", actor=office.people.mia, access=office.access, now=LATER
    )
    counts = await count_queue(actor=office.people.bo, access=office.access, now=NOW + timedelta(hours=2))
    assert counts == QueueCounts(mine=1, team=2, changes=1, late=1)
