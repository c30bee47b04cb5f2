"""import-linter 2: what our contracts rely on."""

import os
import subprocess
import sys
from pathlib import Path

CONFIG = """
[importlinter]
root_package = house
include_external_packages = True

[importlinter:contract:layers]
name = layers
type = layers
containers = house
exhaustive = True
layers =
    web
    services
    tables

[importlinter:contract:driver]
name = driver
type = protected
protected_modules = asyncpg
allowed_importers = house.tables

[importlinter:contract:tables]
name = tables
type = protected
protected_modules = house.tables
allowed_importers = house.services
"""
GOOD = {
    "__init__": "",
    "web": "from house import services",
    "services": "from house import tables",
    "tables": "import asyncpg",
}


def lint(folder: Path, **files: str) -> str:
    (folder / "house").mkdir()
    for name, text in (GOOD | files).items():
        (folder / "house" / f"{name}.py").write_text(text + "\n")
    (folder / "lint.ini").write_text(CONFIG)
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--config", "lint.ini", "--no-cache", "--no-logo"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) == ("0 broken" in done.stdout), done.stdout + done.stderr
    return done.stdout


def test_good_house_keeps_its_contracts(tmp_path: Path) -> None:
    assert "3 kept, 0 broken" in lint(tmp_path)


def test_exhaustive_layers_refuse_a_stray_module(tmp_path: Path) -> None:
    assert "not listed as layers" in lint(tmp_path, utils="")


def test_protected_works_for_an_external_package(tmp_path: Path) -> None:
    assert "driver BROKEN" in lint(tmp_path, services="import asyncpg")


def test_layers_alone_let_a_module_skip_down(tmp_path: Path) -> None:
    said = lint(tmp_path, web="from house import tables")
    assert "layers KEPT" in said
    assert "tables BROKEN" in said
