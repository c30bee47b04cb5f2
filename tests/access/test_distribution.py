"""Casbin is decided with only if it is the released pycasbin, and nothing has been written over it."""

import base64
import hashlib
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest

from govern.access import WrongCasbin, check_distribution

Find = Callable[[str], metadata.Distribution]


class FakeDistribution(metadata.Distribution):
    def __init__(self, folder: Path, record: str | None) -> None:
        self.folder, self.record = folder, record

    def read_text(self, filename: str) -> str | None:
        return self.record if filename == "RECORD" else None

    def locate_file(self, path: object) -> Path:
        return self.folder / str(path)


@pytest.fixture
def released(tmp_path: Path) -> FakeDistribution:
    (tmp_path / "casbin").mkdir()
    (tmp_path / "casbin" / "engine.py").write_bytes(b"ALLOW = False\n")
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"ALLOW = False\n").digest()).rstrip(b"=").decode()
    return FakeDistribution(tmp_path, f"casbin/engine.py,sha256={digest},14\npycasbin.dist-info/RECORD,,\n")


def _find(**installed: FakeDistribution) -> Find:
    def find(name: str) -> metadata.Distribution:
        if name not in installed:
            raise metadata.PackageNotFoundError(name)
        return installed[name]

    return find


def test_the_installed_engine_is_the_released_one() -> None:
    check_distribution()


def test_released_files_are_accepted(released: FakeDistribution) -> None:
    check_distribution(_find(pycasbin=released))


def test_the_old_distribution_beside_it_is_refused(released: FakeDistribution) -> None:
    with pytest.raises(WrongCasbin, match="casbin is installed beside pycasbin"):
        check_distribution(_find(pycasbin=released, casbin=released))


def test_a_missing_engine_is_refused() -> None:
    with pytest.raises(WrongCasbin, match="not installed"):
        check_distribution(_find())


def test_a_changed_file_is_refused(released: FakeDistribution) -> None:
    (released.folder / "casbin" / "engine.py").write_bytes(b"ALLOW = True\n")
    with pytest.raises(WrongCasbin, match=r"casbin/engine\.py"):
        check_distribution(_find(pycasbin=released))


def test_a_lost_file_is_refused(released: FakeDistribution) -> None:
    (released.folder / "casbin" / "engine.py").unlink()
    with pytest.raises(WrongCasbin, match=r"casbin/engine\.py"):
        check_distribution(_find(pycasbin=released))


@pytest.mark.parametrize("record", [None, "", "casbin/engine.py,,\n"])
def test_an_engine_without_recorded_hashes_is_refused(released: FakeDistribution, record: str | None) -> None:
    released.record = record
    with pytest.raises(WrongCasbin, match="no recorded hashes"):
        check_distribution(_find(pycasbin=released))
