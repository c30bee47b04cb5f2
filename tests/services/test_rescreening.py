"""Another policy: what waits is screened anew, once, and what it no longer allows is taken back."""

from pathlib import Path

import msgspec
import pytest

from govern.domain.messages import State, WithdrawnFor
from govern.jobs.rescreen import rescreen
from govern.services.message_views import load_message
from govern.services.policies import Policies, record_loaded
from govern.services.rescreening import rescreen_unsent
from govern.services.screening import ScreeningFailed
from govern.tables import Screening
from tests.asserts import actions, assert_audited
from tests.factories import NOW
from tests.rules import with_rules
from tests.services.conftest import LATER, Office


async def run(policies: Policies) -> int:
    return await rescreen(policies=policies, clock=lambda: LATER)


async def test_what_waits_is_screened_under_the_new_policy_once(office: Office, tmp_path: Path) -> None:
    messages = [await office.write(office.people.ana, text=f"Our bicycle number {n} is back.") for n in "abc"]
    new = with_rules(tmp_path, ("bicycle", "block"))
    await record_loaded(new, now=LATER)
    assert await run(new) == 3
    for message in messages:
        now = await load_message(message.id)
        assert (now.state, now.withdrawn_for) == (State.WITHDRAWN, WithdrawnFor.SCREENING_CHANGED)
    assert await run(new) == 0
    assert (await actions()).count("message.withdrawn") == 3
    await assert_audited("revision.screened", stage="rescreen", decision="block", policy=new.screening.digest)


async def test_what_the_new_policy_allows_stays_as_it_is(office: Office, tmp_path: Path) -> None:
    message = await office.write(office.people.ana)
    new = with_rules(tmp_path, ("bicycle", "block"))
    assert await run(new) == 1
    assert (await load_message(message.id)).state is State.PENDING_APPROVAL
    assert await Screening.count().where(Screening.moment == "rescreen") == 1


async def test_same_policy_screens_nothing(office: Office) -> None:
    await office.write(office.people.ana)
    assert await run(office.policies) == 0


async def test_process_with_an_older_policy_leaves_the_messages_alone(office: Office, tmp_path: Path) -> None:
    old = with_rules(tmp_path, ("bicycle", "block"))
    await record_loaded(old, now=NOW)
    await record_loaded(office.policies, now=LATER)
    await office.write(office.people.ana, text="Our bicycle is back.")
    assert await run(old) == 0


async def test_more_messages_than_a_page_are_all_screened(office: Office, tmp_path: Path) -> None:
    for number in range(5):
        await office.write(office.people.ana, text=f"A bicycle, {number}.")
    new = with_rules(tmp_path, ("bicycle", "block"))
    assert await rescreen_unsent(policies=new, page_size=2, now=LATER) == 5


async def test_engine_that_breaks_lets_nothing_pass(office: Office) -> None:
    broken = msgspec.structs.replace(office.policies.screening, promotional=None)
    policies = msgspec.structs.replace(office.policies, screening=broken)
    with pytest.raises(ScreeningFailed):
        await msgspec.structs.replace(office, policies=policies).write(office.people.ana)
