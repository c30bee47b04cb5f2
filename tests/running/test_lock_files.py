import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = ("requirements.lock", "requirements-dev.lock")


def pinned(lock: str) -> dict[str, str]:
    """Package and version of every pin. A name may be pinned once more under another marker."""
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)", (ROOT / lock).read_text(), re.MULTILINE))


def wanted(*groups: str) -> list[Requirement]:
    lines = list(PROJECT["project"]["dependencies"])
    for group in groups:
        lines += [line for line in PROJECT["dependency-groups"][group] if isinstance(line, str)]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("lock", LOCKS)
def test_no_address_of_an_index_is_in_a_lock_file(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert not [
        word for word in ("://", "--index", "--extra-index", "--find-links", "--trusted-host", " @ ") if word in text
    ]
    assert not re.search(r"(^|\s)/(?!/)\w+/", text), "a path of some machine"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock: str) -> None:
    blocks = re.split(r"^(?=[a-z0-9])", (ROOT / lock).read_text(), flags=re.MULTILINE)
    assert [block.split()[0] for block in blocks if "==" in block and "--hash=sha256:" not in block] == []
    assert len(pinned(lock)) > 30


@pytest.mark.parametrize(("lock", "groups"), [(LOCKS[0], ("build",)), (LOCKS[1], ("build", "dev"))])
def test_the_lock_file_answers_what_the_project_asks_for(lock: str, groups: tuple[str, ...]) -> None:
    versions = pinned(lock)
    for requirement in wanted(*groups):
        version = versions.get(canonicalize_name(requirement.name))
        assert version, f"{requirement.name} is missing: make lock"
        assert requirement.specifier.contains(version, prereleases=True), f"{requirement} is out of date: make lock"


def test_development_uses_the_versions_that_ship() -> None:
    shipped, development = pinned(LOCKS[0]), pinned(LOCKS[1])
    assert {name: development.get(name) for name in shipped} == shipped


def test_there_is_no_other_lock_file_and_no_index_in_the_project_file() -> None:
    assert not (ROOT / "uv.lock").exists()
    assert "index" not in PROJECT.get("tool", {}).get("uv", {})


def test_nothing_under_the_gpl_ships() -> None:
    assert not {"codespell", "djlint", "casbin"} & set(pinned(LOCKS[0]))
