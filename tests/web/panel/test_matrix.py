"""The matrix of roles: what is chosen is collected in the address, seen before it is saved, and saved together."""

import re
from collections.abc import Sequence
from html import unescape
from urllib.parse import urlencode

import httpx
import pytest

from govern.services.grant_plans import GrantChange, Kind
from govern.web.panel.matrix_state import BadChange, read_change, read_state, write_change
from tests.asserts import actions
from tests.web.conftest import address
from tests.web.panel.conftest import Browser, SignIn, words

ROLES = "/admin/people/roles"
LEO_AT_NEWS = f"account:News~{address('leo')}"
GIVE_LEO = f"add~author~account:News~{address('leo')}"


def at(path: str = ROLES, **fields: str | Sequence[str]) -> str:
    return f"{path}?{urlencode(fields, doseq=True)}"


def cell_of(page: httpx.Response, key: str) -> str:
    """Return the cell's label: what it holds, in words."""
    found = re.search(rf'value="{re.escape(key)}"\s+aria-label="([^"]*)"', page.text)
    assert found, key
    return unescape(found[1])


async def choose(
    browser: Browser, cell: str, *roles: str, c: Sequence[str] = (), brand: str = "press"
) -> httpx.Response:
    """Fill the form of a cell."""
    answer = await browser.get(at(brand=brand, cell=cell, role=roles, c=c, do="choose"))
    assert answer.status_code == 303
    return await browser.get(answer.headers["location"])


async def test_brand_is_a_table_of_people_by_its_accounts(browser: SignIn) -> None:
    page = await (await browser("ada")).get(at(brand="care"))
    heads = re.findall(r'<th scope="col">(.*?)</th>', page.text)
    assert [re.sub(r"<[^>]+>", "", head) for head in heads] == [
        "Person",
        "Whole company",
        "All of Care",
        "@Help",
        "@Shop",
    ]
    assert cell_of(page, f"account:Help~{address('leo')}") == "Leo, @Help: Agent"
    assert cell_of(page, f"account:Shop~{address('leo')}") == "Leo, @Shop: no role"
    assert cell_of(page, f"account:Help~{address('mia')}") == "Mia, @Help: Brand manager, from care"


async def test_own_row_is_not_to_be_changed(browser: SignIn) -> None:
    ada = await browser("ada")
    page = await ada.get(at(brand="care"))
    assert f"account:Help~{address('ada')}" not in page.text
    opened = await ada.get(at(brand="care", cell=f"account:Help~{address('ada')}"))
    assert "Note this choice" not in opened.text


async def test_manager_sees_and_changes_only_the_own_brand(browser: SignIn) -> None:
    mia = await browser("mia")
    page = await mia.get(at(brand="press"))
    assert "@News" not in page.text
    assert "Whole company" not in page.text
    opened = await mia.get(at(brand="care", cell=f"account:Help~{address('leo')}"))
    assert 'value="author"' in opened.text
    assert 'value="compliance"' not in opened.text


async def test_agent_has_no_matrix(browser: SignIn) -> None:
    assert (await (await browser("leo")).get(ROLES)).status_code == 403


async def test_choice_is_collected_and_nothing_is_saved(browser: SignIn) -> None:
    ada = await browser("ada")
    page = await choose(ada, LEO_AT_NEWS, "author", "viewer")
    assert "2 changes collected" in words(page)
    assert cell_of(page, LEO_AT_NEWS) == "Leo, @News: Viewer, to be given; Author, to be given"
    less = await choose(ada, LEO_AT_NEWS, "author", c=[GIVE_LEO, f"add~viewer~account:News~{address('leo')}"])
    assert "1 change collected" in words(less)
    none = await choose(ada, LEO_AT_NEWS, c=[GIVE_LEO])
    assert "collected" not in words(none)
    assert "role.assigned" not in await actions()


async def test_unticking_a_held_role_takes_it_away(browser: SignIn) -> None:
    ada = await browser("ada")
    page = await choose(ada, f"account:Help~{address('leo')}", brand="care")
    assert cell_of(page, f"account:Help~{address('leo')}") == "Leo, @Help: Agent, to be taken away"
    back = await choose(ada, f"account:Help~{address('leo')}", "agent", brand="care")
    assert "collected" not in words(back)


async def test_review_shows_gains_and_losses_before_saving(browser: SignIn) -> None:
    ada = await browser("ada")
    page = await ada.get(at(f"{ROLES}/review", c=[GIVE_LEO]))
    said = words(page)
    assert re.search(r"Gains at @News: .*Write posts · ", said)
    assert "before: no · after: yes" in said
    assert "Save 1 change" in said
    assert "role.assigned" not in await actions()


async def test_review_says_what_would_be_refused_and_offers_no_saving(browser: SignIn) -> None:
    ada = await browser("ada")
    page = await ada.get(at(f"{ROLES}/review", c=[GIVE_LEO, f"add~compliance~company~{address('leo')}"]))
    assert "Would be refused: This role excludes another one" in words(page)
    assert "grant.conflict" in page.text
    assert re.search(r"type=\"submit\"\s+disabled>Save 2 changes", page.text)


async def test_all_is_saved_with_one_reason_and_told(browser: SignIn) -> None:
    ada = await browser("ada")
    changes = [GIVE_LEO, f"add~viewer~account:News~{address('ana')}"]
    page = await ada.follow(await ada.post(ROLES, brand="press", c=changes, reason="For the fair."))
    assert "Saved: 2 changes of roles." in words(page)
    assert cell_of(page, LEO_AT_NEWS) == "Leo, @News: Author"
    assert "For the fair." in (await ada.get(f"/admin/people/{address('leo')}")).text


async def test_made_up_result_says_nothing(browser: SignIn) -> None:
    assert "Saved" not in words(await (await browser("ada")).get(at(brand="press", done="1")))


async def test_reason_is_needed_and_the_choice_is_kept(browser: SignIn) -> None:
    ada = await browser("ada")
    answer = await ada.post(ROLES, c=[GIVE_LEO], until="2031-01-01")
    assert answer.status_code == 422
    assert "Please fill this in." in words(answer)
    assert f'value="{GIVE_LEO}"' in answer.text
    assert 'value="2031-01-01"' in answer.text


async def test_what_was_given_meanwhile_is_409_and_nothing_is_saved(browser: SignIn) -> None:
    ada = await browser("ada")
    await ada.follow(await ada.post(ROLES, c=[GIVE_LEO], reason="For the fair."))
    both = [GIVE_LEO, f"add~viewer~account:News~{address('ana')}"]
    answer = await ada.post(ROLES, c=both, reason="Once more.")
    assert answer.status_code == 409
    assert "already has the role" in words(answer)
    assert "Once more." in answer.text
    assert (await actions()).count("role.assigned") == 1


async def test_posting_by_hand_what_one_may_not_give_is_refused(browser: SignIn) -> None:
    for name in ("leo", "cleo", "mia"):
        answer = await (await browser(name)).post(ROLES, c=[GIVE_LEO], reason="I say so.")
        assert answer.status_code in {403, 404}, name
    assert "role.assigned" not in await actions()


@pytest.mark.parametrize("text", ["", "add", "add~author", "add~author~company", "end~a~b~c", "revoke~a~b~nothing~c@x"])
async def test_change_that_cannot_be_read_is_422(browser: SignIn, text: str) -> None:
    with pytest.raises(BadChange):
        read_change(text)
    assert (await (await browser("ada")).get(at(c=[text]))).status_code == 422


def test_change_survives_the_address() -> None:
    change = GrantChange(kind=Kind.ADD, email="a~b@example.com", role="author", scope="account:News")
    assert read_change(write_change(change)) == change
    state = read_state([("brand", "care"), ("page", "x"), ("c", write_change(change)), ("c", write_change(change))])
    assert (state.page, state.changes) == (1, (change,))
