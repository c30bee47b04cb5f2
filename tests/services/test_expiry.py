"""Late approval never publishes: what waits past its deadline expires, once, and says so."""

from datetime import timedelta

from govern.domain.messages import IllegalTransition, State
from govern.services.expiry import expire_late_approvals
from govern.services.message_views import load_message
from govern.tables import Publication
from tests.asserts import actions, assert_audited, assert_nothing_changed, assert_refused, race
from tests.factories import NOW
from tests.sending import until_waiting
from tests.services.conftest import Office

HOUR = timedelta(hours=1)


async def test_message_nobody_decided_expires_at_its_deadline(office: Office) -> None:
    message = await office.write(office.people.ana, scheduled_at=NOW + HOUR)
    async with assert_nothing_changed(office.owner):
        assert await expire_late_approvals(now=NOW + HOUR) == 0
    assert await expire_late_approvals(now=NOW + HOUR + timedelta(seconds=1)) == 1
    assert (await load_message(message.id)).state is State.EXPIRED
    entry = await assert_audited("message.expired", outcome="failed", actor="system:sweep", reason="no_decision")
    assert entry["object"]["id"] == str(message.id)
    async with assert_refused(IllegalTransition, office.owner):
        await office.approve(message, office.people.mia, now=NOW + 2 * HOUR)


async def test_expired_message_may_be_written_anew(office: Office) -> None:
    message = await office.write(office.people.ana)
    await expire_late_approvals(now=NOW + 25 * HOUR)
    revised = await office.revise(await load_message(message.id), "Again.", office.people.ana, now=NOW + 26 * HOUR)
    again = await office.submit(revised, office.people.ana, now=NOW + 26 * HOUR)
    assert (again.state, again.deadline_at) == (State.PENDING_APPROVAL, NOW + 50 * HOUR)


async def test_two_sweeps_at_once_expire_a_message_once(office: Office) -> None:
    await office.write(office.people.ana)
    results = await race(*(expire_late_approvals(now=NOW + 25 * HOUR) for _ in range(3)))
    assert sorted(int(str(result)) for result in results) == [0, 0, 1]
    assert (await actions()).count("message.expired") == 1


async def test_message_approved_while_the_sweep_waits_does_not_expire(office: Office) -> None:
    message = await office.write(office.people.ana)
    transaction = office.owner.transaction()
    await transaction.start()
    await office.owner.execute("UPDATE message SET state = 'approved' WHERE id = $1", message.id)

    async def let_go() -> None:
        await until_waiting(office.owner, 1)
        await transaction.commit()

    results = await race(expire_late_approvals(now=NOW + 25 * HOUR), let_go())
    assert results[0] == 0
    assert (await load_message(message.id)).state is State.APPROVED
    assert await Publication.count() == 0
