"""The conditions rules may name: pure functions of the requester and the facts.

What is not known (`None`) denies: a condition of an allow rule is true only if the fact says so, one of a deny rule
false only if the fact says so. A missing or mistyped fact raises `FactFault`, which is a denial too.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from uuid import UUID

from govern.domain.actions import Requester

Facts = Mapping[str, object]
Condition = Callable[[Requester, Facts], bool]

DERIVED = frozenset({"givable", "conflicts"})
GIVEN = frozenset(
    {
        "author",  # member who wrote the message
        "editors",  # members who wrote the revision
        "edit_and_approve",  # approval.toml lets the approver edit
        "approvals_valid",  # approvals whose givers may still give them
        "approvals_required",  # how many the revision needs
        "author_may_write",  # the author may still write this kind here
        "paused",  # publishing is stopped here or above
        "pause_set_by",  # who set the pause
        "member",  # the member a grant or token is about
        "role",  # the role to give or take
        "member_grants",  # that member's grants now: pairs of role and scope
        "plain_reply",  # a short answer to someone who wrote first
        "direct_allowed",  # approval.toml lets it go without approval
        "within_hours",  # inside the account's hours
        "fresh",  # the actor proved a moment ago who they are; gathered by `Access` itself
    }
)


class FactFault(Exception):
    """A fact is missing or not of its type. Carries the name, never the value."""

    def __init__(self, fact: str) -> None:
        self.fact = fact
        super().__init__(fact)


def when(name: str, requester: Requester, facts: Facts, *, conditions: Mapping[str, Condition] | None = None) -> bool:
    """Evaluate a condition by its name, as the matcher does; anything but a bool is an error."""
    answer = (CONDITIONS if conditions is None else conditions)[name](requester, facts)
    if type(answer) is not bool:
        raise TypeError(f"condition {name} did not answer yes or no")
    return answer


def _known(facts: Facts, name: str) -> object:
    if name not in facts:
        raise FactFault(name)
    return facts[name]


def person(facts: Facts, name: str) -> str | None:
    """Read a fact that names a member, by id."""
    value = _known(facts, name)
    if value is None:
        return None
    if not isinstance(value, str | UUID) or value == "":
        raise FactFault(name)
    return str(value)


def _flag(facts: Facts, name: str) -> bool | None:
    value = _known(facts, name)
    if value is None or isinstance(value, bool):
        return value
    raise FactFault(name)


def _count(facts: Facts, name: str) -> int | None:
    value = _known(facts, name)
    if value is None or type(value) is int:
        return value
    raise FactFault(name)


def names(facts: Facts, name: str) -> frozenset[str] | None:
    """Read a fact that is a set of names or member ids."""
    value = _known(facts, name)
    if value is None:
        return None
    if not isinstance(value, list | tuple | set | frozenset):
        raise FactFault(name)
    if not all(isinstance(each, str | UUID) for each in value):
        raise FactFault(name)
    return frozenset(str(each) for each in value)


def pairs(facts: Facts, name: str) -> tuple[tuple[str, str], ...] | None:
    """Read a fact that is a list of (role, scope)."""
    value = _known(facts, name)
    if value is None:
        return None
    if not isinstance(value, list | tuple | set | frozenset):
        raise FactFault(name)
    read = [tuple(each) for each in value if isinstance(each, list | tuple)]
    if len(read) != len(value) or not all(len(each) == 2 and all(isinstance(x, str) for x in each) for each in read):
        raise FactFault(name)
    return tuple((str(role), str(scope)) for role, scope in read)


def _is(requester: Requester, who: str) -> bool:
    return who in {requester.member, requester.id}


def always(_requester: Requester, _facts: Facts) -> bool:
    """No condition."""
    return True


def is_own(requester: Requester, facts: Facts) -> bool:
    author = person(facts, "author")
    return author is not None and _is(requester, author)


def for_self(requester: Requester, facts: Facts) -> bool:
    member = person(facts, "member")
    return member is not None and _is(requester, member)


def is_plain_reply(_requester: Requester, facts: Facts) -> bool:
    return _flag(facts, "plain_reply") is True


def is_author(requester: Requester, facts: Facts) -> bool:
    author = person(facts, "author")
    return author is None or _is(requester, author)


def is_editor(requester: Requester, facts: Facts) -> bool:
    editors, may_edit = names(facts, "editors"), _flag(facts, "edit_and_approve")
    if may_edit is True:
        return False
    return editors is None or any(_is(requester, editor) for editor in editors)


def approvals_missing(_requester: Requester, facts: Facts) -> bool:
    valid, required = _count(facts, "approvals_valid"), _count(facts, "approvals_required")
    return valid is None or required is None or valid < required


def author_lost_right(_requester: Requester, facts: Facts) -> bool:
    return _flag(facts, "author_may_write") is not True


def is_paused(_requester: Requester, facts: Facts) -> bool:
    return _flag(facts, "paused") is not False


def own_pause(requester: Requester, facts: Facts) -> bool:
    setter = person(facts, "pause_set_by")
    return setter is None or _is(requester, setter)


def is_self(requester: Requester, facts: Facts) -> bool:
    member = person(facts, "member")
    return member is None or _is(requester, member)


def not_givable(_requester: Requester, facts: Facts) -> bool:
    return _flag(facts, "givable") is not True


def has_conflict(_requester: Requester, facts: Facts) -> bool:
    found = names(facts, "conflicts")
    return found is None or bool(found)


def not_direct(_requester: Requester, facts: Facts) -> bool:
    return _flag(facts, "direct_allowed") is not True


def not_fresh(_requester: Requester, facts: Facts) -> bool:
    return _flag(facts, "fresh") is not True


def outside_hours(_requester: Requester, facts: Facts) -> bool:
    return _flag(facts, "within_hours") is not True


def _by_name(*functions: Condition) -> Mapping[str, Condition]:
    return MappingProxyType({function.__name__: function for function in functions})


ALLOWING = _by_name(always, is_own, for_self, is_plain_reply)
DENYING = _by_name(
    always,
    is_author,
    is_editor,
    approvals_missing,
    author_lost_right,
    is_paused,
    own_pause,
    is_self,
    not_givable,
    has_conflict,
    not_direct,
    not_fresh,
    outside_hours,
)
CONDITIONS: Mapping[str, Condition] = MappingProxyType({**ALLOWING, **DENYING})
