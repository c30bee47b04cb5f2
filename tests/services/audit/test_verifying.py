"""Verification of a log that nobody changed: what it proves, from where, and what it writes down."""

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from govern.database import rows
from govern.domain.audit import SystemStarted
from govern.domain.messages import Kind
from govern.services.audit.claims import Found
from govern.services.audit.copy_verifying import verify_copy
from govern.services.audit.log_state import NoLog
from govern.services.audit.state import Health, log_health, verification_due, verification_state
from govern.services.audit.tree_sources import Tables, from_folder
from govern.services.audit.verifying import Question, verify_log
from govern.services.pauses import lift_pause, set_pause
from govern.tables import AuditCheckpoint
from govern.tlog.checkpoint import parse_checkpoint
from govern.tlog.note import SignerKey, parse_note
from govern.tlog.tiles import TileRef, pack_bundle, tiles_of, width_at
from tests.factories import NOW
from tests.services.audit.conftest import record
from tests.services.audit.watched import Watched, falls
from tests.services.conftest import LATER, Office

CHECKS = {
    "key",
    "signature",
    "leaves",
    "texts",
    "format",
    "tiles",
    "root",
    "history",
    "guard",
    "search",
    "replay",
    "waiting",
}


async def many(count: int) -> None:
    for number in range(count):
        await record(SystemStarted(process="worker", version=str(number)))


async def test_untouched_log_is_proven_check_by_check(watched: Watched, office: Office) -> None:
    people = office.people
    message = await office.write(people.ana)
    await office.approve(message, people.mia)
    planned = await office.write(people.ana, scheduled_at=NOW + timedelta(days=1))
    await office.approve(planned, people.mia)
    await watched.sign()
    set_ = await set_pause(
        scope="brand:care", kinds=[Kind.POST], reason="Storm.", actor=people.mia, access=office.access, now=LATER
    )
    await lift_pause(set_.pause.id, actor=people.cleo, access=office.access, now=LATER)
    await watched.sign()
    verdict = await watched.verify(openings=True)
    assert {claim.check: claim.found for claim in verdict.claims} == dict.fromkeys(
        CHECKS | {"openings"}, Found.PROVEN
    ), verdict.claims
    assert (verdict.begin, verdict.first_bad) == (0, None)


async def test_next_verification_begins_where_the_last_one_ended(watched: Watched) -> None:
    await many(300)
    await watched.sign()
    first = await watched.verify_and_record()
    await many(300)
    await watched.sign()
    second = await watched.verify()
    assert (first.begin, second.begin, second.size) == (0, first.size // 256 * 256, first.size + 301)
    assert falls(second) == {}
    assert (await watched.verify(full=True)).begin == 0


async def test_what_was_found_is_an_entry_of_the_log(watched: Watched) -> None:
    verdict = await watched.verify_and_record()
    health = await log_health(now=NOW)
    assert (health.state, health.size, health.against) == (Health.INTACT, verdict.size, ("key", "guard"))


async def test_log_nobody_verified_for_26_hours_is_an_alarm(watched: Watched) -> None:
    assert (await log_health(now=NOW)).state is Health.BEING_CHECKED
    assert await verification_due(now=NOW)
    await watched.verify_and_record()
    checked = (await log_health(now=NOW)).checked_at
    assert checked is not None
    assert not await verification_due(now=checked + timedelta(hours=11))
    assert await verification_due(now=checked + timedelta(hours=25))
    assert await verification_state(now=checked + timedelta(hours=25)) == "ok"
    assert (await verification_state(now=checked + timedelta(hours=27))).startswith("late")
    assert (await log_health(now=checked + timedelta(hours=27))).state is Health.BEING_CHECKED


async def test_log_goes_on_from_checkpoints_kept_elsewhere(watched: Watched) -> None:
    await many(3)
    early = await watched.sign()
    await many(700)
    late = await watched.sign()
    await watched.verify_and_record()
    await many(10)
    await watched.sign()
    verdict = await watched.verify(saved=[("early", early), ("late", late)])
    assert falls(verdict) == {}
    assert verdict.begin > parse_checkpoint(parse_note(early).text).size
    assert {claim.check: claim.found for claim in verdict.claims}["saved"] is Found.PROVEN


async def test_without_a_key_the_signature_is_not_checked(watched: Watched, tmp_path: Path) -> None:
    settings = replace(watched.log.settings, audit_verifier=tmp_path / "none", audit_guard=tmp_path / "no guard")
    verdict = await verify_log(Question(), settings=settings)
    assert {claim.check for claim in verdict.unchecked} == {"key", "signature", "guard"}
    given = await verify_log(Question(key=watched.log.key.verifier), settings=settings)
    assert {claim.check for claim in given.unchecked} == {"guard"}


async def test_key_of_somebody_else_signed_nothing_here(watched: Watched) -> None:
    other = SignerKey.generate(watched.log.settings.audit_origin)
    verdict = await watched.verify(key=other.verifier)
    assert set(falls(verdict)) == {"signature"}


async def test_without_a_log_there_is_nothing_to_verify(database: None, watched: Watched, tmp_path: Path) -> None:
    await watched.attack("DELETE FROM audit.leaf", "UPDATE audit.log_state SET origin = NULL, size = 0")
    with pytest.raises(NoLog):
        await verify_log(Question(), settings=replace(watched.log.settings, audit_guard=tmp_path / "none"))


async def copy_to(folder: Path) -> None:
    """Write the log in the layout of C2SP tlog-tiles."""
    newest = rows(await AuditCheckpoint.raw("SELECT size, note FROM audit.checkpoint ORDER BY size DESC LIMIT 1"))[0]
    (folder / "checkpoint").write_text(newest["note"])
    source = Tables(newest["size"])
    for ref in tiles_of(newest["size"]):
        file = folder / ref.path()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(await source.tile(ref.level or 0, ref.n, ref.width) or b"")
    for n in range((newest["size"] + 255) // 256):
        ref = TileRef(None, n, width_at(0, n, newest["size"]))
        file = folder / ref.path()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(pack_bundle(leaf.text or b"" for leaf in await source.leaves(n, ref.width)))


async def test_copy_in_a_folder_is_verified_without_the_database(watched: Watched, tmp_path: Path) -> None:
    await many(300)
    kept = await watched.sign()
    await copy_to(tmp_path)
    key = watched.log.key.verifier
    verdict = await verify_copy(from_folder(tmp_path), key=key, saved=[("kept", kept)])
    assert {claim.found for claim in verdict.claims} == {Found.PROVEN}
    bundle = tmp_path / "tile" / "entries" / "000"
    bundle.write_bytes(bundle.read_bytes().replace(b"system.started", b"system.stopped", 1))
    verdict = await verify_copy(from_folder(tmp_path), key=key)
    assert set(falls(verdict)) == {"texts"}
    bundle.unlink()
    assert falls(await verify_copy(from_folder(tmp_path), key=key)) == {"leaves": 0}


async def test_copy_without_a_checkpoint_is_no_log(watched: Watched, tmp_path: Path) -> None:
    with pytest.raises(NoLog):
        await verify_copy(from_folder(tmp_path), key=watched.log.key.verifier)
    (tmp_path / "checkpoint").write_text("nobody\n0\nAAAA\n\n")
    verdict = await verify_copy(from_folder(tmp_path), key=watched.log.key.verifier)
    assert set(falls(verdict)) == {"signature"}
