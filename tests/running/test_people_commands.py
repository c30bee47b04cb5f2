"""The commands for people, their tokens and their roles, as processes beside a running database."""

import json
from datetime import UTC, datetime

import asyncpg

from govern.domain.actions import TokenLimit
from govern.domain.sign_in import LinkKind
from govern.services.member_links import find_link
from govern.services.members import find_by_email
from govern.services.sessions import SignedIn
from govern.services.sign_in import sign_in
from govern.services.tokens import find_token
from tests.asserts import assert_audited, assert_nothing_changed
from tests.factories import Company
from tests.running.conftest import Done, Govern, refused

PASSWORD = "correct horse 7 battery"


def first_admin(govern: Govern, **told: str) -> Done:
    command = ("member", "create", "--email", "Nadia@example.com", "--name", "Nadia", "--admin", "--password-stdin")
    return govern(*command, given=f"{PASSWORD}\n", **told)


async def test_first_admin_is_made_once_and_signs_in(govern: Govern, owner: asyncpg.Connection) -> None:
    done = first_admin(govern)
    assert (done.returncode, done.stdout) == (0, "Nadia <nadia@example.com> can sign in and is the admin.\n"), (
        done.stderr
    )
    assert PASSWORD not in done.stdout + done.stderr
    signed_in = await sign_in(
        email="nadia@example.com", password=PASSWORD, address="", user_agent="", now=datetime.now(UTC)
    )
    assert isinstance(signed_in, SignedIn)
    assert signed_in.session.member.roles == ("admin",)
    await assert_audited("member.created", actor="system:bootstrap")
    await assert_audited("role.assigned", actor="system:bootstrap", role="admin")
    async with assert_nothing_changed(owner):
        refused(first_admin(govern), "member.admin_exists")


async def test_further_people_are_added_by_a_member_who_may(company: Company, govern: Govern) -> None:
    command = ("member", "create", "--email", "zoe@example.com", "--name", "Zoé", "--password-stdin")
    refused(govern(*command, given=PASSWORD), "member.nobody_acts")
    refused(govern(*command, "--as", "ana@example.com", given=PASSWORD), "access.denied")
    done = govern(*command, given=PASSWORD, GOVERN_MEMBER="ada@example.com")
    assert done.returncode == 0, done.stderr
    assert await find_by_email("zoe@example.com")
    entry = await assert_audited("member.created", actor=company.ada.id)
    assert entry["actor"]["via"] == "cli"


def test_password_is_never_asked_of_a_pipe(govern: Govern) -> None:
    done = govern("member", "create", "--email", "a@example.com", "--name", "A", "--admin")
    assert done.returncode == 2
    assert "--password-stdin" in done.stderr


async def test_token_is_printed_alone_and_works(company: Company, govern: Govern) -> None:
    done = govern("token", "create", "--member", "leo@example.com", "--name", "drafts", "--days", "7")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    actor = await find_token(done.stdout.strip(), now=datetime.now(UTC))
    assert actor is not None
    assert actor.member == company.leo.member
    await assert_audited("token.issued", actor=company.leo.id)


async def test_token_can_be_limited_listed_and_revoked(company: Company, govern: Govern) -> None:
    create = ("token", "create", "--member", "leo@example.com", "--name", "posts", "--scope", "account:Help")
    refused(govern(*create, "--action", "role.assign"), "token.bad_actions")
    done = govern(*create, "--action", "message.read", "--action", "message.write_post")
    assert done.returncode == 0, done.stderr
    actor = await find_token(done.stdout.strip(), now=datetime.now(UTC))
    assert actor is not None
    assert actor.limit == TokenLimit(actions=frozenset({"message.read", "message.write_post"}), scope="account:Help")
    listed = govern("token", "list", "--member", "leo@example.com", "--json")
    (token,) = json.loads(listed.stdout)["tokens"]
    assert (token["name"], token["actions"]) == ("posts", ["message.read", "message.write_post"])
    assert "account:Help" in govern("token", "list", "--member", "leo@example.com").stdout
    refused(govern("token", "list", "--member", "leo@example.com", "--as", "ana@example.com"), "access.denied")
    refused(govern("token", "revoke", token["id"], "--as", "ana@example.com"), "access.denied")
    assert govern("token", "revoke", token["id"], "--as", "ada@example.com").returncode == 0
    assert await find_token(done.stdout.strip(), now=datetime.now(UTC)) is None


async def test_person_is_invited_by_a_link_that_is_printed_alone(company: Company, govern: Govern) -> None:
    command = ("member", "invite", "zoe@example.com", "--name", "Zoé", "--language", "fr")
    refused(govern(*command, "--as", "leo@example.com"), "access.denied")
    done = govern(*command, "--as", "ada@example.com", GOVERN_PUBLIC_URL="https://x.example")
    assert done.returncode == 0, done.stderr
    assert "nothing was e-mailed" in done.stderr
    page, _, token = done.stdout.strip().rpartition("/")
    assert page == "https://x.example/admin/welcome"
    link = await find_link(token, now=datetime.now(UTC))
    assert link is not None
    assert (link.kind, link.name, link.language) == (LinkKind.INVITE, "Zoé", "fr")
    entry = await assert_audited("member.invited", actor=company.ada.id)
    assert (entry["actor"]["via"], entry["actor"].get("factors", [])) == ("cli", [])


async def test_sign_in_is_reset_by_a_link(company: Company, govern: Govern) -> None:
    done = govern("member", "reset", "leo@example.com", "--reason", "Lost the phone", "--as", "ada@example.com")
    assert done.returncode == 0, done.stderr
    assert "GOVERN_PUBLIC_URL is not set" in done.stderr
    link = await find_link(done.stdout.strip().rpartition("/")[2], now=datetime.now(UTC))
    assert link is not None
    assert (link.kind, link.email) == (LinkKind.RESET, "leo@example.com")
    await assert_audited("member.sign_in_reset", actor=company.ada.id)


async def test_life_of_a_member_is_led_by_commands(company: Company, govern: Govern) -> None:
    def lead(deed: str, who: str = "leo", by: str = "ada") -> Done:
        return govern("member", deed, f"{who}@example.com", "--reason", "It is agreed", "--as", f"{by}@example.com")

    refused(lead("suspend", by="mia"), "access.denied")
    refused(lead("suspend", who="ada"), "member.oneself")
    refused(lead("remove", who="ghost"), "member.unknown")
    for deed, said, action in (
        ("suspend", "may do nothing until reinstated", "member.suspended"),
        ("reinstate", "may sign in again", "member.reinstated"),
        ("remove", "has left: roles, sessions and tokens ended", "member.removed"),
    ):
        done = lead(deed)
        assert (done.returncode, done.stdout) == (0, f"Leo <leo@example.com> {said}.\n"), done.stderr
        await assert_audited(action, actor=company.ada.id)
    assert govern("member", "remove", "ana@example.com", "--as", "ada@example.com").returncode == 2


async def test_role_is_given_listed_and_taken_by_commands(company: Company, govern: Govern) -> None:
    role, year = ("leo@example.com", "author", "account:Help"), datetime.now(UTC).year + 1
    give = ("grant", "give", *role, "--reason", "Covers for Noa", "--from", f"{year}-07-01", "--until")
    refused(govern(*give, f"{year}-08-01", "--as", "leo@example.com"), "access.denied")
    refused(govern(*give, f"{year}-06-01", "--as", "ada@example.com"), "grant.end_in_past")
    assert govern(*give, "soon", "--as", "ada@example.com").returncode == 2
    done = govern(*give, f"{year}-08-01T00:00:00+02:00", "--as", "ada@example.com")
    said = f"Leo has the role author at account:Help from {year}-07-01 00:00 UTC until {year}-07-31 22:00 UTC.\n"
    assert (done.returncode, done.stdout) == (0, said), done.stderr
    listed = json.loads(govern("grant", "list", "leo@example.com", "--json").stdout)["grants"]
    assert [(each["role"], each["scope"]) for each in listed] == [("agent", "account:Help"), role[1:]]
    assert "Covers for Noa" in govern("grant", "list", "leo@example.com", "--as", "cleo@example.com").stdout
    refused(govern("grant", "list", "leo@example.com", "--as", "ana@example.com"), "access.denied")
    revoke = ("grant", "revoke", *role, "--reason", "Noa is back", "--as", "ada@example.com")
    assert govern(*revoke).stdout == "Leo no longer has the role author at account:Help.\n"
    refused(govern(*revoke), "grant.none")
    await assert_audited("role.revoked", actor=company.ada.id, role="author")


async def test_token_of_nobody_is_refused(company: Company, govern: Govern) -> None:
    refused(govern("token", "create", "--member", "ghost@example.com", "--name", "x"), "member.unknown")
