"""The guard file: compare-and-swap that outlives a crash, and a key that nobody else may read."""

import subprocess
import sys
from pathlib import Path

import pytest

from govern.services.audit.guard import Guard, GuardChanged
from govern.services.audit.log_key import (
    LogKeyUnfit,
    VerifierUnfit,
    make_signer,
    read_signer,
    read_verifier,
    write_verifier,
)
from govern.tlog.note import SignerKey

ORIGIN = "acme.example/audit"


def test_a_new_guard_is_empty_and_then_holds_what_was_swapped_in(tmp_path: Path) -> None:
    guard = Guard(tmp_path / "apart" / "guard")
    assert guard.read() is None
    guard.swap(None, "one\n")
    guard.swap("one\n", "two\n")
    assert guard.read() == "two\n"
    assert sorted(path.name for path in guard.path.parent.iterdir()) == ["guard", "guard.lock"]


@pytest.mark.parametrize("old", [None, "zero\n", "one"])
def test_who_is_late_changes_nothing(tmp_path: Path, old: str | None) -> None:
    guard = Guard(tmp_path / "guard")
    guard.swap(None, "one\n")
    with pytest.raises(GuardChanged):
        guard.swap(old, "two\n")
    assert guard.read() == "one\n"


def test_what_a_crash_left_half_written_is_not_read(tmp_path: Path) -> None:
    guard = Guard(tmp_path / "guard")
    guard.swap(None, "one\n")
    (tmp_path / ".guard.new").write_text("tw")
    assert guard.read() == "one\n"
    guard.swap("one\n", "two\n")
    assert guard.read() == "two\n"


# A program of its own: each process has its own lock, as two sequencers would.
COUNT_UP = """
import sys
from pathlib import Path
from govern.services.audit.guard import Guard, GuardChanged

guard, done = Guard(Path(sys.argv[1])), 0
while done < 20:
    old = guard.read()
    try:
        guard.swap(old, f"{int(old) + 1}\\n")
    except GuardChanged:
        continue
    done += 1
"""


def test_processes_that_swap_at_once_lose_no_swap(tmp_path: Path) -> None:
    path = tmp_path / "guard"
    Guard(path).swap(None, "0\n")
    programs = [subprocess.Popen([sys.executable, "-c", COUNT_UP, str(path)]) for _ in range(3)]
    assert [program.wait(60) for program in programs] == [0, 0, 0]
    assert Guard(path).read() == "60\n"


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "apart" / "log.key"
    key = make_signer(path, ORIGIN)
    assert make_signer(path, ORIGIN) == key == read_signer(path, ORIGIN)
    assert path.stat().st_mode & 0o777 == 0o600
    assert "PRIVATE" not in repr(key)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "log.key"
    make_signer(path, ORIGIN)
    path.chmod(mode)
    with pytest.raises(LogKeyUnfit, match="0600"):
        read_signer(path, ORIGIN)


def test_a_missing_malformed_or_foreign_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    with pytest.raises(LogKeyUnfit, match="no such file"):
        read_signer(path, ORIGIN)
    path.write_text("PRIVATE+KEY+nonsense")
    path.chmod(0o600)
    with pytest.raises(LogKeyUnfit):
        read_signer(path, ORIGIN)
    with pytest.raises(LogKeyUnfit):
        make_signer(path, ORIGIN)
    path.unlink()
    make_signer(path, "other.example/audit")
    with pytest.raises(LogKeyUnfit, match=r"other\.example"):
        read_signer(path, ORIGIN)


def test_the_key_of_another_log_is_put_aside_and_never_lost(tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    old = make_signer(path, ORIGIN)
    new = make_signer(path, "acme.example/audit-2")
    assert new.name == "acme.example/audit-2"
    aside = path.with_name(f"log.key.{old.verifier.key_id.hex()}")
    assert SignerKey.parse(aside.read_text()) == old


def test_the_public_key_is_for_all_to_read(tmp_path: Path) -> None:
    key, path = SignerKey.generate(ORIGIN).verifier, tmp_path / "public" / "log.pub"
    with pytest.raises(VerifierUnfit):
        read_verifier(path)
    write_verifier(path, key)
    assert read_verifier(path) == key
    assert path.stat().st_mode & 0o444 == 0o444
    path.write_text("nonsense")
    with pytest.raises(VerifierUnfit):
        read_verifier(path)
