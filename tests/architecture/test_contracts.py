"""The contracts of import-linter cover every module, and name things that exist."""

import tomllib
from importlib.util import find_spec
from typing import Any

from tests.architecture.sources import ROOT

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONTRACTS: dict[str, dict[str, Any]] = {each["name"]: each for each in PROJECT["tool"]["importlinter"]["contracts"]}
SHARED_WITH_SANDBOX = {"settings", "log", "errors"}


def modules() -> set[str]:
    found = (ROOT / "src/govern").iterdir()
    return {path.stem for path in found if path.suffix == ".py" or (path / "__init__.py").exists()} - {"__init__"}


def layers() -> list[set[str]]:
    return [{name.strip() for name in layer.split("|")} for layer in CONTRACTS["Imports point down"]["layers"]]


def test_every_module_has_its_layer() -> None:
    listed = set().union(*layers())
    assert modules() <= {name.strip("()") for name in listed}
    assert {name for name in listed if not name.startswith("(")} <= modules()


def test_the_sandbox_reaches_three_modules_only() -> None:
    (name,) = [name for name in CONTRACTS if name.startswith("The sandbox shares only")]
    forbidden = {module.removeprefix("govern.") for module in CONTRACTS[name]["forbidden_modules"]}
    assert modules() - {"sandbox"} - SHARED_WITH_SANDBOX <= forbidden


def test_engines_reach_nothing_that_stands_above_them_but_errors() -> None:
    forbidden = set(CONTRACTS["Rules and engines do no input or output"]["forbidden_modules"])
    assert {"govern.database", "govern.log", "govern.settings", "piccolo", "litestar", "httpx"} <= forbidden
    assert "govern.errors" in CONTRACTS["The log's format knows nothing of govern"]["forbidden_modules"]


def test_contracts_name_libraries_that_are_installed() -> None:
    named = {
        module
        for contract in CONTRACTS.values()
        for module in [*contract.get("protected_modules", []), *contract.get("forbidden_modules", [])]
        if not module.startswith("govern.")
    }
    assert len(named) > 10
    assert [module for module in sorted(named) if find_spec(module) is None] == []


def test_layers_stand_in_the_order_of_the_house() -> None:
    order = [name for layer in layers() for name in layer]
    assert layers()[0] == {"cli"}
    assert order.index("services") < order.index("tables") < order.index("domain") < order.index("errors")
