"""What is not known denies; what is missing or of the wrong type is a fault; every answer is a bool."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from govern.access.bundle import Bundle
from govern.access.conditions import ALLOWING, CONDITIONS, DENYING, FactFault, when
from govern.domain.actions import Requester

Make = Callable[..., Requester]

TABLE: list[tuple[str, dict[str, object], bool]] = [
    ("always", {}, True),
    ("is_own", {"author": "me"}, True),
    ("is_own", {"author": "other"}, False),
    ("for_self", {"member": "me"}, True),
    ("for_self", {"member": "other"}, False),
    ("is_plain_reply", {"plain_reply": True}, True),
    ("is_plain_reply", {"plain_reply": False}, False),
    ("is_author", {"author": "other"}, False),
    ("is_author", {"author": "me"}, True),
    ("is_editor", {"editors": ["other"], "edit_and_approve": False}, False),
    ("is_editor", {"editors": [], "edit_and_approve": None}, False),
    ("is_editor", {"editors": ["other", "me"], "edit_and_approve": False}, True),
    ("is_editor", {"editors": {"me"}, "edit_and_approve": None}, True),
    ("is_editor", {"editors": None, "edit_and_approve": False}, True),
    ("is_editor", {"editors": ["me"], "edit_and_approve": True}, False),
    ("approvals_missing", {"approvals_valid": 2, "approvals_required": 2}, False),
    ("approvals_missing", {"approvals_valid": 1, "approvals_required": 2}, True),
    ("approvals_missing", {"approvals_valid": None, "approvals_required": 0}, True),
    ("approvals_missing", {"approvals_valid": 1, "approvals_required": None}, True),
    ("author_lost_right", {"author_may_write": True}, False),
    ("author_lost_right", {"author_may_write": False}, True),
    ("is_paused", {"paused": False}, False),
    ("is_paused", {"paused": True}, True),
    ("own_pause", {"pause_set_by": "other"}, False),
    ("own_pause", {"pause_set_by": "me"}, True),
    ("own_pause", {"pause_set_by": "member:me"}, True),
    ("is_self", {"member": "other"}, False),
    ("is_self", {"member": "me"}, True),
    ("not_givable", {"givable": True}, False),
    ("not_givable", {"givable": False}, True),
    ("has_conflict", {"conflicts": []}, False),
    ("has_conflict", {"conflicts": ["admin"]}, True),
    ("not_direct", {"direct_allowed": True}, False),
    ("not_direct", {"direct_allowed": False}, True),
    ("not_fresh", {"fresh": True}, False),
    ("not_fresh", {"fresh": False}, True),
    ("outside_hours", {"within_hours": True}, False),
    ("outside_hours", {"within_hours": False}, True),
]
SIMPLE = {name: facts for name, facts, _ in reversed(TABLE)}  # the first facts of each condition


@pytest.mark.parametrize(("name", "facts", "expected"), TABLE)
def test_a_condition_says_what_its_facts_say(
    make_requester: Make, name: str, facts: dict[str, object], expected: bool
) -> None:
    assert when(name, make_requester(), facts) is expected


def test_each_condition_is_once_true_and_once_false() -> None:
    for name in CONDITIONS.keys() - {"always"}:
        assert {expected for condition, _, expected in TABLE if condition == name} == {True, False}


@pytest.mark.parametrize("name", sorted(CONDITIONS.keys() - {"always"}))
def test_what_is_not_known_denies(make_requester: Make, name: str) -> None:
    facts: dict[str, object] = dict.fromkeys(SIMPLE[name])
    assert when(name, make_requester(), facts) is (name in DENYING)


@pytest.mark.parametrize("name", sorted(CONDITIONS.keys() - {"always"}))
@pytest.mark.parametrize("wrong", [object(), 1.5, "", b"me", {"me": 1}, [None]])
def test_a_mistyped_or_missing_fact_is_a_fault(make_requester: Make, name: str, wrong: object) -> None:
    for fact in SIMPLE[name]:
        with pytest.raises(FactFault, match=fact):
            when(name, make_requester(), {**SIMPLE[name], fact: wrong})
        with pytest.raises(FactFault, match=fact):
            when(name, make_requester(), {key: value for key, value in SIMPLE[name].items() if key != fact})


@pytest.mark.parametrize("name", ["is_plain_reply", "is_paused", "not_givable", "author_lost_right"])
@pytest.mark.parametrize("number", [0, 1])
def test_a_number_is_no_yes_or_no(make_requester: Make, name: str, number: int) -> None:
    with pytest.raises(FactFault):
        when(name, make_requester(), {**SIMPLE[name], next(iter(SIMPLE[name])): number})


def test_a_yes_is_no_number(make_requester: Make) -> None:
    with pytest.raises(FactFault):
        when("approvals_missing", make_requester(), {"approvals_valid": True, "approvals_required": 1})


def test_an_answer_that_is_no_bool_is_a_fault(make_requester: Make) -> None:
    def loud(_requester: Requester, _facts: Mapping[str, object]) -> Any:
        return 1.0

    with pytest.raises(TypeError, match="yes or no"):
        when("loud", make_requester(), {}, conditions={"loud": loud})


def test_allowing_and_denying_conditions_share_only_always() -> None:
    assert set(ALLOWING) & set(DENYING) == {"always"}


def test_conditions_read_the_facts_their_file_names(bundle: Bundle, make_requester: Make) -> None:
    class Noting(dict[str, object]):
        def __init__(self, facts: dict[str, object]) -> None:
            super().__init__(facts)
            self.read: set[str] = set()

        def __getitem__(self, key: str) -> object:
            self.read.add(key)
            return super().__getitem__(key)

    for name, spec in bundle.conditions.items():
        facts = Noting(SIMPLE[name])
        when(name, make_requester(), facts)
        assert facts.read == set(spec.facts), name
