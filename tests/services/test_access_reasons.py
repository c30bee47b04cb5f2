"""Why something was allowed or denied, from what the audit log kept of the decision."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from govern.access import read_bundle
from govern.database import transaction
from govern.domain.actions import Decision, Reason
from govern.domain.audit import EntryNotFound, ObjectRef, RoleAssigned
from govern.domain.members import Actor, system_actor
from govern.errors import Denied
from govern.services import audit
from govern.services.access_questions import OPERATOR, EntryWhy, explain_entry
from govern.services.denials import sum_denials
from govern.services.grants import list_grants, revoke_role
from govern.settings import shipped
from tests.asserts import entries
from tests.services.conftest import LATER, Office


def clock() -> datetime:
    return datetime.now(UTC)


async def why_entry(office: Office, which: int | UUID, by: Actor) -> EntryWhy:
    return await explain_entry(which, actor=by, access=office.access, now=clock())


async def last_entry(action: str) -> UUID:
    return UUID([entry for entry in await entries() if entry["action"] == action][-1]["id"])


async def record_decision(office: Office, digest: str) -> UUID:
    """Record an act that a rule of these policy files allowed."""
    vera = office.people.vera.member
    assert vera is not None
    decision = Decision(
        allowed=True,
        reason=Reason.ALLOWED,
        action="role.assign",
        scope="company",
        digest=digest,
        rule="admin.role.assign",
        via_grant="fixed:publisher",
    )
    async with transaction():
        receipt = await audit.record(
            RoleAssigned(member=vera, role="author", reason="For a test."),
            actor=office.people.ada,
            now=clock(),
            object=ObjectRef("grant", uuid4()),
            refs=(ObjectRef("member", vera),),
            scope="company",
            decision=decision,
        )
    return receipt.entry_id


async def test_an_entry_of_the_log_tells_why_it_was_allowed(office: Office) -> None:
    message = await office.write(office.people.leo)
    await office.approve(message, office.people.mia)
    entry = await last_entry("message.approved")
    for reader in (office.people.mia, office.people.cleo, office.people.max, OPERATOR):
        found = await why_entry(office, entry, reader)
        assert (found.allowed, found.action, found.scope, found.reason) == (
            True,
            "message.approve",
            "account:Help",
            "allowed",
        )
        assert found.rule is not None
        assert found.rule.rule == found.rule_id == "brand_manager.message.approve"
        assert found.sentence is not None
        assert found.sentence.en == "The role brand manager allows: Approve messages."
        assert found.grant is not None
        assert (found.grant.member, found.grant.role, found.grant.scope, found.grant.reason) == (
            office.people.mia.member,
            "brand_manager",
            "brand:care",
            "for a test",
        )
        assert found.digest == office.access.bundle.digest
        assert (found.unblock, found.helpers) == (None, ())


async def test_a_denial_in_the_log_tells_the_rule_and_who_could_help_now(office: Office) -> None:
    message = await office.write(office.people.bo)
    with pytest.raises(Denied):
        await office.approve(message, office.people.bo)
    entry = await last_entry("access.denied")
    found = await why_entry(office, entry, office.people.cleo)
    assert (found.allowed, found.action, found.rule_id, found.reason) == (
        False,
        "message.approve",
        "four_eyes.author",
        "denied_by_rule",
    )
    assert found.sentence is not None
    assert found.sentence.fr.startswith("Vous avez écrit ce message")
    assert found.helpers is not None
    assert [each.member.name for each in found.helpers] == ["Cleo", "Max", "Mia"]


async def test_a_denial_without_a_rule_names_roles_to_whoever_sees_no_names(office: Office) -> None:
    message = await office.write(office.people.leo)
    with pytest.raises(Denied):
        await office.approve(message, office.people.ana)
    found = await why_entry(office, await last_entry("access.denied"), office.people.ana)
    assert (found.reason, found.rule, found.helpers) == ("no_rule", None, None)
    assert found.sentence is not None
    assert found.sentence.en.startswith("Approving messages for @Help needs the role")
    assert found.unblock is not None
    assert [role.role for role in found.unblock.roles] == ["brand_manager", "compliance"]


async def test_entries_of_others_do_not_exist_for_those_who_may_not_look(office: Office) -> None:
    message = await office.write(office.people.leo)
    await office.approve(message, office.people.mia)
    entry = await last_entry("message.approved")
    for actor in (office.people.leo, office.people.noa, system_actor("demo")):
        with pytest.raises(EntryNotFound):
            await why_entry(office, entry, actor)
    with pytest.raises(EntryNotFound):
        await why_entry(office, uuid4(), OPERATOR)


async def test_an_entry_without_a_decision_says_that_no_rule_was_asked(office: Office) -> None:
    found = await why_entry(office, await last_entry("member.created"), OPERATOR)
    assert (found.allowed, found.reason, found.rule, found.grant, found.helpers) == (None, None, None, None, ())


async def test_a_grant_taken_since_is_still_told_with_its_story(office: Office) -> None:
    message = await office.write(office.people.leo)
    await office.approve(message, office.people.mia)
    (grant,) = await list_grants(email="mia@example.com", actor=office.people.ada, access=office.access, now=clock())
    await revoke_role(grant.id, reason="Moved on.", actor=office.people.ada, access=office.access, now=clock())
    found = await why_entry(office, await last_entry("message.approved"), office.people.cleo)
    assert found.grant is not None
    assert found.grant.revoked_at is not None
    assert found.grant.revoked_at - found.grant.granted_at > timedelta(0)


async def test_repeated_refusals_are_explained_by_the_first(office: Office) -> None:
    message = await office.write(office.people.leo)
    for _ in range(2):
        with pytest.raises(Denied):
            await office.approve(message, office.people.ana)
    first = await last_entry("access.denied")
    assert await sum_denials(now=LATER + timedelta(hours=1)) == 1
    found = await why_entry(office, await last_entry("access.denied_again"), office.people.ana)
    assert (found.entry, found.action) == (first, "message.approve")


async def test_an_old_decision_is_told_in_the_words_of_its_own_policy(office: Office) -> None:
    folder = shipped("policies") / "access"
    files = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}
    files["actions.toml"] = files["actions.toml"].replace('en = "Assign roles"', 'en = "Hand out roles"')
    digest = read_bundle({name: text.encode() for name, text in files.items()}).digest
    await office.owner.execute(
        "INSERT INTO policy_bundle (digest, files) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        digest,
        msgspec.json.encode(files).decode(),
    )
    found = await why_entry(office, await record_decision(office, digest), OPERATOR)
    assert found.sentence is not None
    assert found.sentence.en == "The role admin allows: Hand out roles."
    assert (found.action, found.digest, found.grant) == ("role.assign", digest, None)


async def test_a_decision_of_a_policy_nobody_kept_has_its_rule_but_no_words(office: Office) -> None:
    found = await why_entry(office, await record_decision(office, "sha256:" + "0" * 64), OPERATOR)
    assert (found.allowed, found.rule_id) == (True, "admin.role.assign")
    assert (found.rule, found.sentence, found.action) == (None, None, None)
