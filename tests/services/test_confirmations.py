"""The answer to a stop: fixed words, once, within minutes or never."""

from pathlib import Path

import asyncpg
import pytest

from govern.access import Access
from govern.domain.consent import ConsentKind
from govern.domain.messages import SERVICE, Kind, State
from govern.services.messages import revise_message, schedule_message
from govern.services.passing import Passed
from govern.services.pauses import set_pause
from govern.services.policies import Policies
from govern.services.revisions import FixedWords
from govern.settings import Settings
from govern.xapi.client import OutgoingDm
from tests.asserts import assert_audited, assert_refused
from tests.factories import NOW, receive_dm, receive_mention
from tests.rules import with_text
from tests.sending import Desk, make_desk
from tests.services.stopping import (
    HOUR,
    MINUTE,
    SECOND,
    SENT,
    confirmations,
    events,
    opt_out,
    stop,
    under,
    write_only,
)


@pytest.fixture
async def desk(database: None, owner: asyncpg.Connection, access: Access, policies: Policies, config: Settings) -> Desk:
    return await make_desk(owner, access, policies, config)


@pytest.mark.parametrize(
    ("before", "expected"),
    [("Où est mon colis ? Merci de me répondre.", "C’est noté"), ("Where is my parcel, please?", "We have noted")],
)
async def test_stop_is_confirmed_once_in_the_persons_language(desk: Desk, before: str, expected: str) -> None:
    await receive_dm(desk.company.help, text=before)
    await stop(desk)
    (message,) = await confirmations()
    assert message.revision.text.startswith(expected)
    assert (message.author, message.author_name, message.state) == (SERVICE, "govern", State.APPROVED)
    await assert_audited("consent.confirmation_queued")
    claim = await desk.take(now=NOW + 2 * MINUTE)
    assert isinstance(claim.outgoing, OutgoingDm)
    assert claim.outgoing.text == message.revision.text
    assert (await desk.settle(claim, SENT, now=NOW + 2 * MINUTE)).state is State.SENT
    assert await desk.claim(now=NOW + 3 * MINUTE) is None


async def test_confirmation_is_the_only_thing_that_leaves(desk: Desk) -> None:
    await receive_dm(desk.company.help)
    await desk.write_dm()
    await stop(desk)
    blocked = await write_only(desk, "One more thing.")
    assert blocked.state is State.BLOCKED
    claim = await desk.take(now=NOW + 2 * MINUTE)
    await desk.settle(claim, SENT, now=NOW + 2 * MINUTE)
    assert (await confirmations())[0].x_id == "777001"
    assert await desk.claim(now=NOW + 3 * MINUTE) is None


async def test_who_says_stop_again_is_not_answered_again(desk: Desk) -> None:
    await stop(desk)
    await stop(desk, at=NOW + 2 * MINUTE)
    assert len(await confirmations()) == 1


async def test_stop_that_is_read_late_is_never_confirmed(desk: Desk) -> None:
    await receive_dm(desk.company.help, text="STOP", at=NOW)
    (message,) = await confirmations()
    assert await desk.claim(now=NOW + 5 * MINUTE + SECOND) == Passed(reason="expired")
    assert await desk.state(message) == "expired"


async def test_confirmation_put_off_by_a_person_does_not_leave_later(desk: Desk) -> None:
    await stop(desk, at=NOW)
    (message,) = await confirmations()
    later = NOW + HOUR
    await schedule_message(
        message.id, revision=1, scheduled_at=later, actor=desk.company.mia, access=desk.access, now=NOW
    )
    assert await desk.claim(now=later) == Passed(reason="withdrawn")
    assert await desk.state(message) == "withdrawn"


async def test_words_of_a_confirmation_are_nobodys_to_change(desk: Desk, owner: asyncpg.Connection) -> None:
    await stop(desk)
    (message,) = await confirmations()
    async with assert_refused(FixedWords, owner):
        await revise_message(
            message.id, text="Buy now!", revision=1, actor=desk.company.mia, access=desk.access, now=NOW
        )


async def test_confirmation_with_other_words_than_those_in_force_does_not_leave(desk: Desk, tmp_path: Path) -> None:
    await stop(desk)
    new = with_text(tmp_path, "consent.toml", "We have noted", "We have well noted")
    found = await under(desk, new).claim(now=NOW + 2 * MINUTE)
    assert found == Passed(reason="withdrawn")


async def test_paused_account_confirms_nothing(desk: Desk) -> None:
    await stop(desk)
    await set_pause(
        scope="company", kinds=[Kind.DM], reason="Crisis", actor=desk.company.ada, access=desk.access, now=NOW
    )
    assert await desk.claim(now=NOW + 2 * MINUTE) == Passed(reason="pause")


async def test_stop_in_public_is_obeyed_and_not_answered_in_private(desk: Desk) -> None:
    await receive_mention(desk.company.help, text="stop sending me private messages")
    assert await events() == [ConsentKind.OPT_OUT]
    assert await confirmations() == []


async def test_stop_that_a_member_notes_is_confirmed_where_there_is_a_conversation(desk: Desk) -> None:
    await opt_out(desk)
    assert await confirmations() == []
    await receive_dm(desk.company.help, at=NOW + 2 * MINUTE)
    await opt_out(desk, now=NOW + 3 * MINUTE)
    assert len(await confirmations()) == 1
