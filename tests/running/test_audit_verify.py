"""`govern audit verify`: a line per claim, and an exit code that a script can go by."""

import json
from pathlib import Path

import asyncpg
import pytest

from govern.embedded import Engines, Login
from govern.tlog.note import SignerKey
from tests.asserts import actions
from tests.running.conftest import Done, Govern
from tests.the_log import Log


@pytest.fixture
async def signed(the_log: Log) -> Log:
    await the_log.grow()
    return the_log


@pytest.fixture
def verify(signed: Log, govern: Govern) -> Govern:
    """Run the command beside the log's files."""
    places = {
        "GOVERN_AUDIT_VERIFIER": str(signed.settings.verifier_file),
        "GOVERN_AUDIT_GUARD": str(signed.settings.guard_file),
    }

    def run(*options: str, **told: str) -> Done:
        return govern("audit", "verify", *options, **{**places, **told})

    return run


async def test_untouched_log_is_proven_and_the_run_recorded(signed: Log, verify: Govern) -> None:
    done = verify("--full", "--openings")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {line.split()[0] for line in done.stdout.splitlines()[:-1]} == {"proven"}
    assert done.stdout.splitlines()[-1].startswith("Proven: ")
    assert "log.verified" in await actions()


async def test_who_may_only_read_verifies_all_and_is_told_that_nothing_was_recorded(
    signed: Log, verify: Govern, engines: Engines
) -> None:
    done = verify("--full", GOVERN_DATABASE_URL=engines.database_url(Login.READER))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "proven       replay: " in done.stdout
    assert "could not be recorded" in done.stderr
    assert "Traceback" not in done.stderr
    assert "log.verified" not in await actions()


async def test_changed_log_ends_with_1_and_names_the_entry(
    signed: Log, verify: Govern, owner: asyncpg.Connection
) -> None:
    await owner.execute(
        "DO $$ BEGIN ALTER TABLE audit.entry DISABLE TRIGGER ALL; UPDATE audit.entry SET entry = entry || ' ';"
        " ALTER TABLE audit.entry ENABLE ALWAYS TRIGGER entry_append_only;"
        " ALTER TABLE audit.entry ENABLE ALWAYS TRIGGER entry_no_truncate; END $$"
    )
    done = verify()
    assert done.returncode == 1, done.stdout + done.stderr
    assert "FALSE        texts: " in done.stdout
    assert "The first entry that is not right: 0" in done.stdout
    assert "log.mismatch" in await actions()


async def test_json_has_each_claim(signed: Log, verify: Govern) -> None:
    done = verify("--json")
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["exit"], answer["first_bad"]) == (0, 0, None)
    assert {claim["found"] for claim in answer["verdict"]["claims"]} == {"proven"}


async def test_checkpoint_and_key_kept_outside_are_what_it_is_checked_against(
    signed: Log, verify: Govern, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "1.checkpoint").write_text(signed.guard.read() or "")
    key = str(signed.key.verifier)
    done = verify("--saved", str(kept), "--since", str(kept / "1.checkpoint"), "--key", key)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "goes on from 2 kept checkpoints" in done.stdout
    other = SignerKey.generate(signed.settings.audit_origin).verifier
    done = verify("--key", str(other))
    assert done.returncode == 1
    assert "FALSE        signature: " in done.stdout


async def test_what_cannot_be_checked_ends_with_2(signed: Log, verify: Govern, tmp_path: Path) -> None:
    done = verify(GOVERN_AUDIT_VERIFIER=str(tmp_path / "none"))
    assert done.returncode == 2, done.stdout
    assert verify("--key", "not a key").returncode == 2
    away = f"postgresql://nobody@/govern?host={tmp_path}"
    done = verify(GOVERN_DATABASE_URL=away)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert verify("--tiles", str(tmp_path)).returncode == 2
    done = verify("--tiles", str(tmp_path), "--key", str(signed.key.verifier))
    assert (done.returncode, done.stderr.splitlines()[-1][:9]) == (2, "log.none:")


async def test_copy_at_an_address_that_is_away_ends_with_2(signed: Log, verify: Govern) -> None:
    key = str(signed.key.verifier)
    done = verify("--tiles", "http://127.0.0.1:9/log", "--key", key)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("log.copy_away: ")
