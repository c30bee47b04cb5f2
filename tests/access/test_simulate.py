"""A simulation says exactly who gains and who loses: checked against the engine itself, over all facts."""

import time
from collections.abc import Callable, Mapping
from itertools import product

import pytest

from govern.access import read_bundle
from govern.access.cases import possible_sets
from govern.access.engine import Engine
from govern.access.simulate import Difference, Line, RuleChange, compare_bundles, compare_grants
from govern.access.weighing import Answer
from govern.domain.actions import COMPANY, Grant, Requester, Role, Target

Files = Mapping[str, bytes]
Make = Callable[..., Requester]
WRITE = "p, viewer, message.write_post, always, allow, viewer.message.write_post\n"
READ = "p, viewer, report.read, always, allow, viewer.report.read\n"
PAUSED = "p, everyone, message.publish, is_paused, deny, pause.publish\n"


def changed(files: Files, *changes: tuple[str, str, str]) -> Engine:
    """Return the engine of the policy after replacing texts in its files."""
    edited = {name: content.decode() for name, content in files.items()}
    for name, old, new in changes:
        assert old in edited[name]
        edited[name] = edited[name].replace(old, new, 1)
    return Engine(read_bundle({name: text.encode() for name, text in edited.items()}))


def said(lines: tuple[Line, ...]) -> set[tuple[str, str, str, str | None]]:
    return {(line.member, line.scope, line.action, line.role) for line in lines}


def test_the_same_policy_changes_nothing(engine: Engine, make_requester: Make) -> None:
    assert compare_bundles(engine, engine, [make_requester(("admin", COMPANY))]) == Difference()


def test_new_rule_is_a_gain_and_dropped_rule_a_loss_for_those_who_hold_the_role(
    engine: Engine, policy_files: Files, make_requester: Make
) -> None:
    new = changed(policy_files, ("roles/viewer.csv", READ, WRITE))
    people = [make_requester(("viewer", "brand:music")), make_requester(("author", COMPANY), member="ann")]
    found = compare_bundles(engine, new, people)
    assert said(found.gains) == {("me", "brand:music", "message.write_post", None)}
    assert said(found.losses) == {("me", "brand:music", "report.read", None)}
    (gain,), (loss,) = found.gains, found.losses
    assert (gain.before.answer, gain.after.answer, gain.rules) == (
        Answer.NO,
        Answer.YES,
        ("viewer.message.write_post",),
    )
    assert (loss.before.answer, loss.after.answer, loss.rules) == (Answer.YES, Answer.NO, ("viewer.report.read",))
    assert found.rules == (
        RuleChange(rule="viewer.message.write_post", before=None, after="viewer, message.write_post, always, allow"),
        RuleChange(rule="viewer.report.read", before="viewer, report.read, always, allow", after=None),
    )


def test_guard_that_falls_away_is_a_gain_of_the_publisher_whoever_else_there_is(
    engine: Engine, policy_files: Files
) -> None:
    found = compare_bundles(engine, changed(policy_files, ("guards.csv", PAUSED, "")), [])
    (gain,) = found.gains
    assert found.losses == ()
    assert (gain.member, gain.action, gain.rules) == ("worker:publisher", "message.publish", ("pause.publish",))
    assert {each.condition for each in gain.before.conditions} - {each.condition for each in gain.after.conditions} == {
        "is_paused"
    }


def test_condition_that_is_exchanged_is_a_gain_and_a_loss(
    engine: Engine, policy_files: Files, make_requester: Make
) -> None:
    new = changed(
        policy_files,
        ("roles/agent.csv", "message.withdraw, is_own,", "message.withdraw, is_plain_reply,"),
        ("actions.toml", 'facts = ["author"]\n', 'facts = ["author", "plain_reply"]\n'),
    )
    found = compare_bundles(engine, new, [make_requester(("agent", "account:help"))])
    expected = {("me", "account:help", "message.withdraw", None)}
    assert said(found.gains) == said(found.losses) == expected
    assert found.gains == found.losses


def test_action_that_no_longer_asks_for_a_fresh_sign_in_is_a_gain(
    engine: Engine, policy_files: Files, make_requester: Make
) -> None:
    new = changed(
        policy_files,
        ("guards.csv", "p, everyone, audit.export, not_fresh, deny, fresh.audit.export\n", ""),
        ("actions.toml", '[audit.export]\nrisk = "critical"', '[audit.export]\nrisk = "high"'),
    )
    (gain,) = compare_bundles(engine, new, [make_requester(("compliance", COMPANY))]).gains
    assert (gain.action, gain.before.fresh, gain.after.fresh) == ("audit.export", True, False)


def test_role_that_may_give_other_roles_gains_and_loses_them_by_name(
    engine: Engine, policy_files: Files, make_requester: Make
) -> None:
    new = changed(
        policy_files, ("roles/roles.toml", '["viewer", "author", "agent"]', '["viewer", "author", "compliance"]')
    )
    found = compare_bundles(engine, new, [make_requester(("brand_manager", "brand:music"))])
    both = ("role.assign", "role.revoke")
    assert said(found.gains) == {("me", "brand:music", action, "compliance") for action in both}
    assert said(found.losses) == {("me", "brand:music", action, "agent") for action in both}
    (rule,) = found.rules
    assert rule.rule == "roles.brand_manager"


def test_roles_that_no_longer_exclude_each_other_are_a_gain_of_who_gives_them(
    engine: Engine, policy_files: Files, make_requester: Make
) -> None:
    new = changed(policy_files, ("roles/roles.toml", '["author", "agent", "brand_manager"]\n', '["author", "agent"]\n'))
    found = compare_bundles(engine, new, [make_requester(("admin", COMPANY)), make_requester(("viewer", COMPANY))])
    assert {(line.action, line.role, line.beside) for line in found.gains} == {
        ("role.assign", "compliance", "brand_manager"),
        ("role.assign", "brand_manager", "compliance"),
    }
    assert found.losses == ()


def test_grant_is_a_gain_at_its_scope_alone_and_revoking_it_the_same_as_a_loss(
    engine: Engine, make_requester: Make
) -> None:
    before, after = make_requester(("viewer", COMPANY)), make_requester(("viewer", COMPANY), ("agent", "brand:music"))
    found = compare_grants(engine, before, after)
    assert {line.scope for line in found.gains} == {"brand:music"}
    actions = {line.action for line in found.gains}
    assert {"message.write_post", "contact.read", "message.withdraw"} <= actions
    assert "message.read" not in actions  # read already, higher up
    assert (found.losses, found.rules) == ((), ())
    back = compare_grants(engine, after, before)
    assert (said(back.losses), back.gains) == (said(found.gains), ())


def test_what_is_the_same_below_is_not_told_twice_and_what_differs_there_is(
    engine: Engine, make_requester: Make
) -> None:
    before = make_requester(("author", "account:help"), ("viewer", "account:news"))
    after = make_requester(("author", "account:help"), ("viewer", "account:news"), ("agent", COMPANY))
    found = compare_grants(engine, before, after)
    assert {line.scope for line in found.gains} == {COMPANY}
    suspended = make_requester(("agent", COMPANY), ("suspended", "account:help"))
    lost = compare_grants(engine, make_requester(("agent", COMPANY)), suspended)
    assert {line.scope for line in lost.losses} == {"account:help"}
    assert "message.read" not in {line.action for line in lost.losses}


def test_account_that_moves_to_another_brand_takes_and_gives_rights(engine: Engine) -> None:
    grants = {"brand:music": (Grant("g", "author", "brand:music"),)}
    trees = [
        {"brand:music": COMPANY, "brand:food": COMPANY, "account:help": brand}
        for brand in ("brand:music", "brand:food")
    ]
    there, away = (Requester(id="member:me", member="me", grants=grants, parents=tree) for tree in trees)
    assert {line.scope for line in compare_grants(engine, there, away).losses} == {"account:help"}
    assert compare_grants(engine, there, away).gains == ()
    assert {line.scope for line in compare_grants(engine, away, there).gains} == {"account:help"}


EITHER: Mapping[str, tuple[object, object]] = {
    "author": ("me", "other"),
    "editors": (["me"], ["other"]),
    "edit_and_approve": (True, False),
    "approvals_valid": (0, 1),
    "author_may_write": (True, False),
    "paused": (True, False),
    "pause_set_by": ("me", "other"),
    "member": ("me", "other"),
    "member_grants": ([["admin", COMPANY]], []),
    "plain_reply": (True, False),
    "direct_allowed": (True, False),
    "within_hours": (True, False),
    "fresh": (True, False),
}


@pytest.mark.parametrize(
    "change",
    [
        ("roles/viewer.csv", READ, WRITE),
        ("roles/agent.csv", "message.direct_reply, is_plain_reply,", "message.direct_reply, always,"),
        (
            "roles/compliance.csv",
            "message.approve, always, allow, compliance.message.approve",
            "report.read, always, allow, x",
        ),
        ("roles/suspended.csv", "p, suspended, message.approve, always, deny, suspended.message.approve\n", ""),
        ("guards.csv", PAUSED, ""),
        ("guards.csv", "p, everyone, message.approve, is_editor, deny, four_eyes.editor\n", ""),
        ("guards.csv", "p, everyone, message.direct_dm, not_direct, deny, approval.needed.dm\n", ""),
        ("roles/roles.toml", '["viewer", "author", "agent"]', '["viewer", "author"]'),
    ],
)
def test_every_decision_that_differs_is_in_the_simulation(
    engine: Engine, policy_files: Files, open_facts: Mapping[str, object], change: tuple[str, str, str]
) -> None:
    new = changed(policy_files, change)
    rules = new.bundle.rows
    moved = {action for action in rules if rules[action] != engine.bundle.rows[action]}
    moved = moved or {"role.assign", "role.revoke"}
    for roles in possible_sets(engine.bundle):
        grants = {"account:help": tuple(Grant(role, role, "account:help") for role in sorted(roles))}
        requester = Requester(id="member:me", member="me", grants=grants, parents={"account:help": COMPANY})
        found = compare_bundles(engine, new, [requester])
        told = {
            way: {(line.action, line.role) for line in lines if line.member == "me"}
            for way, lines in ((True, found.gains), (False, found.losses))
        }
        assert _decided_otherwise(engine, new, requester, moved, open_facts) == told, roles


def _decided_otherwise(
    old: Engine, new: Engine, requester: Requester, actions: set[str], open_facts: Mapping[str, object]
) -> dict[bool, set[tuple[str, str | None]]]:
    """Ask both engines everything; True: what only the new one allows, False: what only the old one allows."""
    differs: dict[bool, set[tuple[str, str | None]]] = {True: set(), False: set()}
    for action in actions:
        readable = [name for name in EITHER if name in new.bundle.actions[action].facts]
        by_role = "role" in new.bundle.actions[action].facts
        for role, values in product(Role if by_role else [None], product(*(EITHER[name] for name in readable))):
            facts = {**open_facts, **dict(zip(readable, values, strict=True)), **({"role": role} if role else {})}
            before, after = (
                each.decide(requester, action, Target("account:help", facts)).allowed for each in (old, new)
            )
            if before is not after:
                differs[after].add((action, role))
    return differs


def test_ten_thousand_members_take_no_time_that_grows_with_their_square(engine: Engine, policy_files: Files) -> None:
    new = changed(policy_files, ("roles/viewer.csv", READ, WRITE))
    parents = {f"brand:b{i}": COMPANY for i in range(50)} | {f"account:a{i}": f"brand:b{i % 50}" for i in range(2_000)}
    roles = ("viewer", "author", "agent", "brand_manager", "compliance", "admin")
    people = [
        Requester(
            id=f"member:{i}",
            member=str(i),
            grants={
                scope: (Grant(f"{i}.{scope}", roles[(i + place) % 6], scope),)
                for place, scope in enumerate(
                    (f"account:a{i % 2_000}", f"brand:b{i % 50}", f"account:a{i * 7 % 2_000}")
                )
            },
            parents=parents,
        )
        for i in range(10_000)
    ]
    begun = time.perf_counter()
    found = compare_bundles(engine, new, people)
    assert time.perf_counter() - begun < 5
    assert len(found.gains) > 1_000
    assert {line.action for line in found.gains} == {"message.write_post"}
