"""The shipped policy, its engine, and a small company to decide in."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from govern.access.bundle import Bundle, load_bundle
from govern.access.engine import Engine
from govern.domain.actions import Grant, Requester

POLICY = Path(__file__).parents[2] / "policies" / "access"
TREE = {"brand:music": "company", "account:help": "brand:music", "account:news": "company"}
# Every door open: what a rule reads says yes, for someone who is not "me".
OPEN: Mapping[str, object] = {
    "author": "other",
    "editors": ["other"],
    "edit_and_approve": False,
    "approvals_valid": 1,
    "approvals_required": 1,
    "author_may_write": True,
    "paused": False,
    "pause_set_by": "other",
    "plain_reply": True,
    "direct_allowed": True,
    "within_hours": True,
    "fresh": True,
    "member": "other",
    "role": "viewer",
    "member_grants": [],
}


@pytest.fixture(scope="session")
def policy_folder() -> Path:
    return POLICY


@pytest.fixture(scope="session")
def policy_files() -> Mapping[str, bytes]:
    return {path.relative_to(POLICY).as_posix(): path.read_bytes() for path in POLICY.rglob("*") if path.is_file()}


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    return load_bundle(POLICY)


@pytest.fixture(scope="session")
def engine(bundle: Bundle) -> Engine:
    return Engine(bundle)


@pytest.fixture(scope="session")
def open_facts() -> Mapping[str, object]:
    return OPEN


@pytest.fixture(scope="session")
def make_requester() -> Callable[..., Requester]:
    """Make a requester "me" from pairs of role and scope."""

    def make(*held: tuple[str, str], member: str | None = "me", name: str = "member:me") -> Requester:
        grants: dict[str, tuple[Grant, ...]] = {}
        for number, (role, scope) in enumerate(held):
            grants[scope] = (*grants.get(scope, ()), Grant(id=f"g{number}", role=role, scope=scope))
        return Requester(id=name, member=member, grants=grants, parents=TREE)

    return make
