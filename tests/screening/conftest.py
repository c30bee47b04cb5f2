from pathlib import Path
from typing import Any

import pytest
import yaml

from govern.screening.policy import Policy, load_policy

ROOT = Path(__file__).parents[2]
VECTORS = ROOT.parent / "shared" / "vectors" / "twitter-text"


@pytest.fixture(scope="session")
def policy() -> Policy:
    return load_policy(ROOT / "policies")


@pytest.fixture(scope="session")
def vectors() -> dict[str, Any]:
    """X's own conformance cases by section where they lie beside the checkout; else none, and the summary says so."""
    if not VECTORS.is_dir():
        return {}
    sections: dict[str, Any] = {}
    for name in ("validate.yml", "extract.yml"):
        tests = yaml.safe_load((VECTORS / name).read_text(encoding="utf-8"))["tests"]
        sections |= {f"{Path(name).stem}.{section}": cases for section, cases in tests.items()}
    for name in ("v1.json", "v2.json", "v3.json"):
        sections[Path(name).stem] = (VECTORS / name).read_bytes()
    return sections
