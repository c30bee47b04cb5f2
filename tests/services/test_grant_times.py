"""Roles with a start and an end: they hold from the second they start until the second they end."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from govern.domain.actions import Action, Decision, Target
from govern.errors import GovernError
from govern.services.grant_writing import AlreadyGranted, BadEnd, BadStart
from govern.services.grants import GrantView, assign_role
from tests.asserts import assert_audited, assert_denied, assert_refused
from tests.factories import make_member
from tests.services.conftest import Office

SECOND = timedelta(seconds=1)


async def give(office: Office, **changes: Any) -> GrantView:
    values = {
        "email": "leo@example.com",
        "role": "author",
        "scope": "account:News",
        "reason": "Covers for Noa",
        "now": datetime.now(UTC),
        **changes,
    }
    return await assign_role(**values, actor=office.people.ada, access=office.access)


async def watch(office: Office, until: datetime) -> list[Decision]:
    """Ask whether Leo may write until the database's clock has passed a moment."""
    asked: list[Decision] = []
    async with asyncio.timeout(20):
        while not asked or asked[-1].at is None or asked[-1].at <= until:
            asked.append(
                await office.access.decide(office.people.leo, Action.MESSAGE_WRITE_POST, Target(scope="account:News"))
            )
    return asked


async def test_role_holds_from_its_start_to_its_end_and_not_a_moment_longer(office: Office) -> None:
    start = await office.owner.fetchval("SELECT now()") + SECOND
    end = start + SECOND
    await give(office, starts_at=start, expires_at=end)
    asked = await watch(office, end)
    assert {decision.allowed for decision in asked} == {True, False}
    for decision in asked:
        assert decision.at is not None
        assert decision.allowed == (start <= decision.at < end), decision


async def test_start_and_end_are_recorded(office: Office) -> None:
    start = datetime(datetime.now(UTC).year + 1, 7, 1, tzinfo=UTC)
    given = await give(office, starts_at=start, expires_at=start + timedelta(days=31))
    assert (given.starts_at, given.expires_at) == (start, start + timedelta(days=31))
    text = start.strftime("%Y-%m-%dT00:00:00Z")
    await assert_audited("role.assigned", starts_at=text, expires_at=text.replace("-07-", "-08-"))


async def test_role_to_come_is_not_given_twice_and_excludes_what_it_conflicts_with(office: Office) -> None:
    start = datetime.now(UTC) + timedelta(days=1)
    await give(office, starts_at=start)
    async with assert_refused(AlreadyGranted, office.owner):
        await give(office)
    async with assert_denied(office.owner, office.people.ada, "role.assign", rule="grant.conflict"):
        await give(office, role="compliance", scope="company")


@pytest.mark.parametrize(
    ("starts", "ends", "kind"),
    [(-SECOND, None, BadStart), (timedelta(days=2), timedelta(days=2), BadEnd), (None, timedelta(0), BadEnd)],
)
async def test_times_that_make_no_sense_are_refused(
    starts: timedelta | None, ends: timedelta | None, kind: type[GovernError], office: Office
) -> None:
    now = datetime.now(UTC)
    async with assert_refused(kind, office.owner):
        await give(
            office,
            now=now,
            starts_at=None if starts is None else now + starts,
            expires_at=None if ends is None else now + ends,
        )


async def test_restriction_is_given_like_any_role_and_ends_by_itself(office: Office) -> None:
    pam = await make_member("pam", ("brand_manager", "brand:care"))
    end = await office.owner.fetchval("SELECT now()") + SECOND
    await give(office, email="pam@example.com", role="suspended", scope="company", expires_at=end)
    here = Target(scope="account:Help")
    refused = await office.access.decide(pam, Action.MESSAGE_WRITE_POST, here)
    assert refused.rule == "suspended.message.write_post"
    await watch(office, end)
    assert await office.access.allows(pam, Action.MESSAGE_WRITE_POST, here)
    await give(office, email="pam@example.com", role="office_hours_only", scope="account:Help")


async def test_refusal_does_not_tell_whether_there_is_such_a_person(office: Office) -> None:
    told = []
    for who in ("ana", "nobody"):
        async with assert_refused(GovernError, office.owner) as refused:
            await assign_role(
                email=f"{who}@example.com",
                role="author",
                scope="account:Help",
                reason="Wants it",
                actor=office.people.leo,
                access=office.access,
                now=datetime.now(UTC),
            )
        told.append((refused.value.code, refused.value.detail))
    assert told[0] == told[1]
