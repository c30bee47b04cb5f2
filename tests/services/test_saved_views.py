"""Saved views: one's own, few, and each under one name."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from govern.domain.members import Actor, NotSignedIn, system_actor
from govern.errors import NotFound
from govern.services.saved_views import (
    MOST,
    BadView,
    NameTaken,
    TooManyViews,
    forget_view,
    list_views,
    save_view,
)
from tests.factories import make_member

NOW = datetime(2026, 11, 22, 13, 29, 7, tzinfo=UTC)


@pytest.fixture
async def mia(database: None) -> Actor:
    return await make_member("mia")


async def save(actor: Actor, name: str, query: str = "outcome:denied", page: str = "audit") -> None:
    await save_view(page, name=name, query=query, actor=actor, now=NOW)


async def test_views_are_ones_own_and_of_one_page(mia: Actor) -> None:
    leo = await make_member("leo")
    await save(mia, "  Refusals ")
    await save(mia, "Refusals", page="messages")
    await save(leo, "Refusals", query="")
    assert [(each.name, each.query) for each in await list_views("audit", actor=mia)] == [
        ("Refusals", "outcome:denied")
    ]
    assert [each.query for each in await list_views("audit", actor=leo)] == [""]


async def test_a_name_is_taken_once(mia: Actor) -> None:
    await save(mia, "Refusals")
    with pytest.raises(NameTaken):
        await save(mia, "Refusals ", query="")


async def test_thirty_views_are_enough(mia: Actor) -> None:
    for number in range(MOST):
        await save(mia, f"View {number}")
    with pytest.raises(TooManyViews):
        await save(mia, "One more")
    await save(mia, "Elsewhere", page="messages")


@pytest.mark.parametrize(("name", "query"), [("", ""), ("   ", ""), ("x" * 61, ""), ("x", "q" * 2001)])
async def test_a_view_beyond_its_limits_is_refused(mia: Actor, name: str, query: str) -> None:
    with pytest.raises(BadView):
        await save(mia, name, query)


async def test_only_ones_own_view_is_removed(mia: Actor) -> None:
    leo = await make_member("leo")
    await save(mia, "Refusals")
    view = (await list_views("audit", actor=mia))[0].id
    for other, which in ((leo, view), (mia, uuid4())):
        with pytest.raises(NotFound):
            await forget_view(which, actor=other, now=NOW)
    await forget_view(view, actor=mia, now=NOW)
    assert await list_views("audit", actor=mia) == []


async def test_programs_of_the_system_keep_no_views(mia: Actor) -> None:
    with pytest.raises(NotSignedIn):
        await save(system_actor("sweep"), "Refusals")
