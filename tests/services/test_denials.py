"""Refusals: the first of a kind is an entry at once, the rest is counted, the closed window is one entry more."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from govern.domain.actions import Decision, Reason
from govern.domain.audit import Outcome
from govern.domain.members import Actor
from govern.errors import Denied
from govern.services import audit
from govern.services.denials import WINDOW, record_denied, sum_denials
from govern.tables import AccessDenial
from tests.factories import NOW, Company, make_company

EVERYTHING = frozenset({"company"})
SCOPE = "brand:music"


@pytest.fixture
async def company(database: None) -> Company:
    return await make_company()


def _denied(*, action: str = "message.approve", scope: str = SCOPE, rule: str | None = "four_eyes.author") -> Denied:
    reason = Reason.DENIED_BY_RULE if rule else Reason.NO_RULE
    decision = Decision(allowed=False, reason=reason, action=action, scope=scope, digest="0" * 64, rule=rule)
    return Denied(sentence="No.", decision=decision, action=action, scope=scope, reason=reason.value, rule=rule)


async def _entries(actor: Actor) -> list[audit.EntryView]:
    page = await audit.search_entries(audit.EntryFilter(actor=actor.id, outcome=Outcome.DENIED), scopes=EVERYTHING)
    return list(page.items)


async def test_first_refusal_is_an_entry_with_rule_and_policy(company: Company) -> None:
    entry = await record_denied(_denied(), actor=company.mia, now=NOW)
    view = await audit.get_entry(entry, scopes=EVERYTHING)
    assert view.sentence["en"].startswith("Mia was refused message.approve on ")
    assert (view.outcome, view.context.rule, view.context.digest) == ("denied", "four_eyes.author", "0" * 64)


async def test_refusal_at_an_impossible_scope_is_recorded_at_the_company(company: Company) -> None:
    denied = _denied(action="role.assign", scope="'; DROP TABLE", rule=None)
    view = await audit.get_entry(await record_denied(denied, actor=company.mia, now=NOW), scopes=EVERYTHING)
    assert view.data == {"action": "role.assign", "scope": "company", "reason": "no_rule"}


async def test_repetitions_in_ten_minutes_are_counted_and_name_the_first(company: Company) -> None:
    given = [await record_denied(_denied(), actor=company.mia, now=NOW) for _ in range(5)]
    assert len(set(given)) == 1
    assert len(await _entries(company.mia)) == 1


async def test_refusals_at_once_write_one_entry(company: Company) -> None:
    given = await asyncio.gather(
        *(asyncio.create_task(record_denied(_denied(), actor=company.mia, now=NOW)) for _ in range(8))
    )
    assert len(set(given)) == 1
    assert UUID(int=0) not in given
    assert len(await _entries(company.mia)) == 1


@pytest.mark.parametrize("other", [{"action": "message.reject"}, {"scope": "company"}, {"rule": "four_eyes.editor"}])
async def test_another_action_scope_or_rule_is_another_entry(company: Company, other: dict[str, str]) -> None:
    assert await record_denied(_denied(), actor=company.mia, now=NOW) != await record_denied(
        _denied(**other), actor=company.mia, now=NOW
    )


async def test_another_person_or_the_next_window_is_another_entry(company: Company) -> None:
    first = await record_denied(_denied(), actor=company.mia, now=NOW)
    assert await record_denied(_denied(), actor=company.leo, now=NOW) != first
    assert await record_denied(_denied(), actor=company.mia, now=NOW + WINDOW) != first


async def test_a_window_that_is_over_gives_one_summary(company: Company) -> None:
    first = await record_denied(_denied(), actor=company.mia, now=NOW)
    for _ in range(3):
        await record_denied(_denied(), actor=company.mia, now=NOW)
    await record_denied(_denied(), actor=company.leo, now=NOW)
    assert await sum_denials(now=NOW) == 0
    assert await sum_denials(now=NOW + 2 * WINDOW) == 1
    assert await sum_denials(now=NOW + 2 * WINDOW) == 0
    summary = next(each for each in await _entries(company.mia) if each.action == "access.denied_again")
    assert summary.sentence["en"] == "Mia was refused message.approve 3 more times: four_eyes.author"
    assert (summary.data["times"], summary.data["first"]) == (3, str(first))


async def test_summed_windows_are_forgotten_after_a_week(company: Company) -> None:
    await record_denied(_denied(), actor=company.mia, now=NOW)
    await sum_denials(now=NOW + WINDOW * 2)
    await sum_denials(now=NOW + timedelta(days=8))
    assert not await AccessDenial.exists()
