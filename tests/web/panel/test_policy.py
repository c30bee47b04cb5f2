"""The policy's page, and questions to the rules: what can one do, who can, what would they say."""

from urllib.parse import urlencode

import pytest

from tests.asserts import actions
from tests.web.conftest import address
from tests.web.panel.conftest import SignIn, links, words

VIEWS = {
    "rules": "Withdraw messages (only own messages)",
    "guards": "You wrote this message, so another person must approve it.",
    "table": "only plain replies",
    "approval": "The first that fits decides.",
    "files": "p, everyone, message.approve, is_author, deny, four_eyes.author",
    "tests": "Passed",
    "history": "first policy of this company",
}


@pytest.mark.parametrize("view", VIEWS)
async def test_each_view_of_the_policy_says_what_it_is_for(browser: SignIn, view: str) -> None:
    page = await (await browser("cleo")).get(f"/admin/policy?view={view}")
    assert page.status_code == 200
    assert VIEWS[view] in words(page)


async def test_policy_is_for_those_who_may_read_it(browser: SignIn) -> None:
    mia, leo = await browser("mia"), await browser("leo")
    assert (await mia.get("/admin/policy")).status_code == 200
    assert "/admin/policy" in links(await mia.get("/admin"))
    assert (await leo.get("/admin/policy")).status_code == 403
    assert "/admin/policy" not in links(await leo.get("/admin"))


def ask(**fields: str) -> str:
    return f"/admin/policy/try?{urlencode(fields)}"


async def test_question_is_answered_with_the_rule_that_decides_and_who_can_help(browser: SignIn) -> None:
    ada = await browser("ada")
    question = {"who": address("mia"), "action": "message.approve", "scope": "account:Help"}
    known = {"fact.author": address("leo"), "fact.editors": address("leo"), "fact.edit_and_approve": "false"}
    allowed = words(await ada.get(ask(**question, **known)))
    assert "Answer Allowed" in allowed
    assert "brand_manager.message.approve decided" in allowed
    refused = words(await ada.get(ask(**question, **{**known, "fact.author": address("mia")})))
    assert "Answer Refused You wrote this message, so another person must approve it." in refused
    assert "four_eyes.author decided" in refused
    assert "Max" in refused.split("Who can help")[1]
    assert "message.approved" not in await actions()


async def test_faulty_question_keeps_what_was_typed(browser: SignIn) -> None:
    ada = await browser("ada")
    page = await ada.get(
        ask(who=address("mia"), action="message.publish", scope="account:Help", **{"fact.approvals_valid": "x"})
    )
    assert page.status_code == 422
    assert 'value="x"' in page.text
    nobody = await ada.get(ask(who="nobody@example.com", action="message.approve", scope="account:Help"))
    assert nobody.status_code == 422
    assert "There is no member" in words(nobody)
    nothing = await ada.get(ask(who=address("mia"), action="no action", scope="account:Help"))
    assert nothing.status_code == 422


async def test_what_a_person_can_do_is_yes_depends_or_missing(browser: SignIn) -> None:
    page = words(await (await browser("ada")).get(f"/admin/people/{address('leo')}/can"))
    assert "Write posts Yes" in page
    assert "Withdraw messages Depends only own messages" in page
    assert "Approve messages" not in page


async def test_everybody_sees_what_they_can_do_themselves_and_nobody_elses(browser: SignIn) -> None:
    leo = await browser("leo")
    assert "Write posts Yes" in words(await leo.get(f"/admin/people/{address('leo')}/can"))
    assert (await leo.get(f"/admin/people/{address('mia')}/can")).status_code in {403, 404}


async def test_past_day_is_shown_as_it_was(browser: SignIn) -> None:
    ada = await browser("ada")
    page = await ada.get(f"/admin/people/{address('leo')}/can?at=2026-05-xx")
    assert page.status_code == 422
    assert "is no day" in words(page)
    later = await ada.get(f"/admin/people/{address('leo')}/can?at=2999-01-01")
    assert "This day is still to come." in words(later)


async def test_who_can_approve_here_by_which_role_and_from_whom(browser: SignIn) -> None:
    ada = await browser("ada")
    account = await ada.get("/admin/accounts/Help")
    assert "Who can do this here?" in words(account)
    page = words(await ada.get("/admin/access/who?action=message.approve&scope=account:Help"))
    assert "Mia Depends" in page
    assert "Brand manager at care, given by the set-up: “for a test”" in page
    assert "Compliance officer at the whole company" in page
    assert " Noa " not in page
    assert (
        await (await browser("leo")).get("/admin/access/who?action=message.approve&scope=account:Help")
    ).status_code == 403
    bad = await ada.get("/admin/access/who?action=nothing&scope=account:Help")
    assert bad.status_code == 422


async def test_simple_form_says_what_a_role_would_bring_before_it_is_given(browser: SignIn) -> None:
    ada = await browser("ada")
    form = {"role": "author", "scope": "account:News", "do": "preview"}
    page = await ada.post(f"/admin/people/{address('leo')}/grants", **form)
    assert page.status_code == 200
    assert "Gains at @News:" in words(page)
    assert 'value="account:News" selected' in page.text
    refused = await ada.post(
        f"/admin/people/{address('leo')}/grants", **{**form, "role": "compliance", "scope": "company"}
    )
    assert "Would be refused: This role excludes another one" in words(refused)
    assert "role.assigned" not in await actions()


async def test_role_may_start_later(browser: SignIn) -> None:
    ada, leo = await browser("ada"), await browser("leo")
    form = {"role": "author", "scope": "account:News", "reason": "For the fair.", "starts": "2031-03-01"}
    page = await ada.follow(await ada.post(f"/admin/people/{address('leo')}/grants", **form))
    assert "from 1 Mar 2031, 00:00" in words(page)
    assert "account=News" not in (await leo.get("/admin/compose")).text
