"""`govern policy explain | who-can | where-can`, as processes beside a running database."""

import json
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from tests.asserts import assert_nothing_changed
from tests.factories import Company, make_company
from tests.running.conftest import Done, Govern

FACTS = ("--fact", "author=leo@example.com", "--fact", "editors=leo@example.com,", "--fact", "edit_and_approve=false")


@pytest.fixture
async def company(database: None) -> Company:
    return await make_company()


def shown(done: Done) -> str:
    assert "Traceback" not in done.stderr, done.stderr
    return " ".join(done.stdout.split())


async def test_explain_names_rule_grant_and_reason_and_exits_0(company: Company, govern: Govern) -> None:
    done = govern("policy", "explain", "Mia@example.com", "message.approve", "account:Help", *FACTS)
    assert done.returncode == 0, done.stderr
    told = shown(done)
    assert told.startswith("Allowed: Mia <mia@example.com>, message.approve at account:Help.")
    assert "Rule: brand_manager.message.approve" in told
    assert "Grant: brand_manager at brand:care, given by the system on " in told
    assert "UTC: for a test" in told
    assert "by policy sha256:" in told
    assert "four_eyes.author" in told


async def test_denial_exits_1_and_names_who_can_help(company: Company, govern: Govern) -> None:
    facts = ("--fact", "author=mia@example.com", *FACTS[2:])
    done = govern("policy", "explain", "mia@example.com", "message.approve", "account:Help", *facts)
    assert done.returncode == 1
    told = shown(done)
    assert "Denied: Mia" in told
    assert "You wrote this message, so another person must approve it." in told
    assert "Rule: four_eyes.author" in told
    assert "Max <max@example.com> (yes)" in told
    assert "It takes the role brand manager, compliance at account:Help or brand:care or company." in told


async def test_without_facts_it_says_which_are_missing(company: Company, govern: Govern) -> None:
    done = govern("policy", "explain", "mia@example.com", "message.approve", "account:Help")
    assert done.returncode == 1
    assert done.stderr == ""
    assert "It depends: allowed unless is_author, unless is_editor." in shown(done)
    assert "--fact author=… --fact edit_and_approve=… --fact editors=…" in shown(done)


async def test_stale_sign_in_is_helped_by_signing_in(company: Company, govern: Govern) -> None:
    command = ("policy", "explain", "ada@example.com", "account.connect", "company")
    assert govern(*command).returncode == 0
    done = govern(*command, "--fact", "fresh=false")
    assert done.returncode == 1
    assert "Signing in again would help." in shown(done)


async def test_explanation_as_json_is_complete(company: Company, govern: Govern, owner: asyncpg.Connection) -> None:
    async with assert_nothing_changed(owner):
        done = govern("policy", "explain", "ana@example.com", "message.schedule", "account:Help", "--json")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    decision = told["explanation"]["decision"]
    assert (decision["allowed"], decision["reason"], decision["rule"]) == (False, "no_rule", None)
    assert [role["role"] for role in told["explanation"]["unblock"]["roles"]] == ["brand_manager"]
    assert [each["member"]["name"] for each in told["helpers"]] == ["Bo", "Max", "Mia"]
    assert {line["rule"]: line["matched"] for line in told["explanation"]["lines"]} == {
        "brand_manager.message.schedule": False
    }


async def test_who_can_lists_people_conditions_and_grants(company: Company, govern: Govern) -> None:
    done = govern("policy", "who-can", "message.direct_reply", "account:Help")
    assert done.returncode == 0, done.stderr
    told = shown(done)
    assert "leo@example.com" in told
    assert "if is_plain_reply, unless not_direct" in told
    assert "is_plain_reply: plain replies" in told
    exact = govern("policy", "who-can", "message.approve", "account:Help", *FACTS, "--json")
    people = json.loads(exact.stdout)["people"]
    assert [(each["member"]["email"], each["standing"]["answer"]) for each in people] == [
        ("bo@example.com", "yes"),
        ("cleo@example.com", "yes"),
        ("max@example.com", "yes"),
        ("mia@example.com", "yes"),
    ]


async def test_where_can_lists_scopes(company: Company, govern: Govern) -> None:
    done = govern("policy", "where-can", "mia@example.com", "message.read", "--json")
    assert done.returncode == 0, done.stderr
    assert [place["scope"] for place in json.loads(done.stdout)["places"]] == ["brand:care", "account:Help"]
    assert "account:Help" in shown(govern("policy", "where-can", "mia@example.com", "message.read"))


async def test_questions_are_answered_as_of_a_date(company: Company, govern: Govern, owner: asyncpg.Connection) -> None:
    now = datetime.now(UTC)
    at = (now - timedelta(milliseconds=1)).isoformat()
    await owner.execute(
        "UPDATE role_grant SET revoked_at = $1, revoke_reason = 'Moved on.' WHERE member = $2", now, company.leo.member
    )
    command = ("policy", "explain", "leo@example.com", "message.write_post", "account:Help")
    assert govern(*command).returncode == 1
    then = govern(*command, "--at", at)
    assert then.returncode == 0, then.stdout + then.stderr
    before = govern(*command, "--at", "2020-01-01")
    assert before.returncode == 2
    assert before.stderr.startswith("access.nothing_in_force: ")


@pytest.mark.parametrize(
    ("question", "code"),
    [
        (("explain", "ghost@example.com", "message.read", "company"), "member.unknown"),
        (("explain", "mia@example.com", "message", "company"), "access.bad_action"),
        (("explain", "mia@example.com", "message.read", "Company"), "access.bad_scope"),
        (("explain", "mia@example.com", "message.read", "company", "--fact", "paused=true"), "access.bad_fact"),
        (("who-can", "message.burn", "company"), "access.bad_action"),
    ],
)
async def test_a_question_without_an_answer_is_one_line_and_exits_2(
    company: Company, govern: Govern, question: tuple[str, ...], code: str
) -> None:
    done = govern("policy", *question)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{code}: "), done.stderr


@pytest.mark.parametrize(
    "question",
    [
        ("explain", "mia@example.com", "message.read"),
        ("explain", "mia@example.com", "message.read", "company", "--fact", "author"),
        ("explain", "mia@example.com", "message.read", "company", "--at", "yesterday"),
        ("where-can", "mia@example.com"),
    ],
)
def test_wrong_usage_exits_2(govern: Govern, question: tuple[str, ...]) -> None:
    done = govern("policy", *question)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
