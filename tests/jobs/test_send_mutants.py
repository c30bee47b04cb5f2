"""The list of mutants of sending stays true, and those that need no database are killed here (`tools/send_mutants.py`)."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("send_mutants", ROOT / "tools" / "send_mutants.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


mutants = _load()


@pytest.mark.parametrize("mutant", mutants.MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mutant_has_its_passage_once_and_its_test(mutant: object) -> None:
    assert (ROOT / mutant.file).read_text(encoding="utf-8").count(mutant.passage) == 1  # type: ignore[attr-defined]
    file, _, test = mutant.killed_by.partition("::")  # type: ignore[attr-defined]
    assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8")
    assert mutant.name in str(mutants.__doc__)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "mutant", [mutant for mutant in mutants.MUTANTS if mutant.pure], ids=lambda mutant: mutant.name
)
def test_mutant_that_needs_no_database_is_killed(mutant: object) -> None:
    assert not mutants.passes(mutant, [mutant.killed_by])  # type: ignore[attr-defined]
