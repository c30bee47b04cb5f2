"""`govern audit export` and `proof`: what an officer hands to somebody who trusts nobody here."""

import asyncio
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from govern.services.audit.indexing import index_published
from govern.tlog.canonical import leaf_hash
from govern.tlog.note import parse_verifier
from govern.tlog.proof import parse_proof, verify_proof
from tests.asserts import actions
from tests.factories import Company
from tests.running.conftest import Done, Govern
from tests.the_log import Log

WHY = ("--reason", "The auditor asked for it")


@pytest.fixture
async def signed(company: Company, the_log: Log) -> Log:
    await the_log.grow()
    async with the_log.as_sequencer():
        await index_published()
    return the_log


@pytest.fixture
def audit(signed: Log, govern: Govern) -> Govern:
    """Run a command beside the log's public key, for the compliance officer."""
    told = {"GOVERN_AUDIT_VERIFIER": str(signed.settings.verifier_file), "GOVERN_MEMBER": "cleo@example.com"}

    def run(*command: str, **more: str) -> Done:
        return govern("audit", *command, **{**told, **more})

    return run


async def test_a_stranger_proves_the_bundle_with_the_program_inside_it(
    audit: Govern, signed: Log, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    kept.write_text(str(await signed.grow() or signed.guard.read()))
    file = tmp_path / "x.govern-evidence.zip"
    done = audit("export", "--range", "0:", *WHY, "-o", str(file), "--since", str(kept), "--open", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    with zipfile.ZipFile(file) as archive:
        program = tmp_path / "verify.py"
        program.write_bytes(archive.read("verify.py"))
    key = signed.settings.verifier_file.read_text().strip()
    checked = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-I", "-S", str(program), str(file), "--key", key, "--since", str(kept)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout
    assert said["manifest"] in checked.stdout
    assert said["opened"] > 0
    assert "audit.exported" in await actions()


async def test_a_query_goes_into_lines(audit: Govern, tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    done = audit("export", "--query", "action:member.created", *WHY, "-o", str(file), "--format", "csv")
    assert done.returncode == 0, done.stderr
    assert file.read_text().startswith("leaf_index,leaf_hash,")
    assert len(file.read_text().splitlines()) == 10


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--range", "0:99999"), "export.beyond_log"),
        (("--range", "5"), "export.question_invalid"),
        (("--query", "colour:red"), "audit.unknown_key"),
        ((), "Give --query or --range"),
        (("--range", "0:1", "--query", "x"), "Give --query or --range"),
    ],
)
async def test_what_is_refused_ends_with_2_and_leaves_no_file(
    audit: Govern, tmp_path: Path, options: tuple[str, ...], says: str
) -> None:
    file = tmp_path / "out" / "x.zip"
    file.parent.mkdir()
    done = audit("export", *options, *WHY, "-o", str(file))
    assert done.returncode == 2, done.stdout + done.stderr
    assert says in done.stderr
    assert list(file.parent.iterdir()) == []


async def test_who_may_not_export_gets_nothing(audit: Govern, tmp_path: Path) -> None:
    file = tmp_path / "x.zip"
    done = audit("export", "--range", "0:1", *WHY, "-o", str(file), GOVERN_MEMBER="ada@example.com")
    assert done.returncode == 2
    assert "access.denied" in done.stderr
    assert not file.exists()


async def test_one_entry_is_proven(audit: Govern, signed: Log, tmp_path: Path) -> None:
    lines = tmp_path / "log.jsonl"
    assert audit("export", "--range", "3:4", *WHY, "-o", str(lines), "--format", "jsonl").returncode == 0
    entry = json.loads(lines.read_text())
    file = tmp_path / "entry.tlog-proof"
    done = audit("proof", entry["id"], "-o", str(file))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    found, key = parse_proof(file.read_text()), parse_verifier(signed.settings.verifier_file.read_text())
    assert found.index == 3
    verify_proof(found, leaf_hash(entry["entry"]), [key])
    for which in ("nonsense", "00000000-0000-0000-0000-000000000000", "999999"):
        refused = audit("proof", which)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "audit.entry_not_found" in refused.stderr
