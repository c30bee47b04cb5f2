"""An attacker who owns the database, without the log's key: each change is found, and the first bad entry is named."""

import base64
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from govern.domain.audit import LogContinued, SystemStarted
from govern.services.audit.state import Health, log_health
from govern.services.audit.verifying import LOG
from govern.tlog.canonical import leaf_hash
from govern.tlog.checkpoint import Checkpoint, sign_checkpoint
from govern.tlog.note import SignerKey, parse_note, sign_note
from tests.factories import NOW
from tests.services.audit.conftest import record
from tests.services.audit.watched import Watched, entry_at, falls


def hexed(data: bytes) -> str:
    return f"'\\x{data.hex()}'"


async def test_edited_text_is_named(watched: Watched, steps: Sequence[int]) -> None:
    await watched.attack(
        f"UPDATE audit.entry SET entry = replace(entry, 'step-1', 'step-9') WHERE {entry_at(steps[1])}"
    )
    verdict = await watched.verify()
    assert falls(verdict)["texts"] == verdict.first_bad == steps[1]


async def test_one_flipped_bit_of_a_text_is_named(watched: Watched, steps: Sequence[int]) -> None:
    await watched.attack(f"UPDATE audit.entry SET entry = entry || ' ' WHERE {entry_at(steps[2])}")
    assert (await watched.verify()).first_bad == steps[2]


async def test_text_edited_with_all_its_hashes_contradicts_the_checkpoints(
    watched: Watched, steps: Sequence[int]
) -> None:
    await rewrite(watched, steps[2], "step-2", "step-8")
    await watched.attack("DELETE FROM audit.search")
    verdict = await watched.verify()
    assert set(falls(verdict)) == {"history", "root", "guard"}
    assert verdict.first_bad == steps[2]


async def rewrite(watched: Watched, place: int, old: str, new: str) -> None:
    """Edit a text, and every hash that follows from it but those that were signed."""
    text = await watched.owner.fetchval(f"SELECT entry FROM audit.entry WHERE {entry_at(place)}")
    made = hexed(leaf_hash(text.replace(old, new)))
    await watched.attack(
        f"UPDATE audit.entry SET entry = replace(entry, '{old}', '{new}'), leaf_hash = {made} WHERE {entry_at(place)}",
        f"UPDATE audit.leaf SET leaf_hash = {made} WHERE leaf_index = {place}",
        f"UPDATE audit.tile SET hashes = overlay(hashes placing {made}::bytea from {place * 32 + 1})"
        " WHERE level = 0 AND n = 0",
    )


async def test_deleted_entry_is_named(watched: Watched, steps: Sequence[int]) -> None:
    await watched.attack(f"DELETE FROM audit.entry WHERE {entry_at(steps[3])}")
    verdict = await watched.verify()
    assert falls(verdict)["leaves"] == verdict.first_bad == steps[3]


async def test_entry_deleted_with_its_leaf_is_named(watched: Watched, steps: Sequence[int]) -> None:
    await watched.attack(
        f"DELETE FROM audit.entry WHERE {entry_at(steps[3])}",
        f"DELETE FROM audit.leaf WHERE leaf_index = {steps[3]}",
        f"DELETE FROM audit.search WHERE leaf_index = {steps[3]}",
    )
    assert (await watched.verify()).first_bad == steps[3]


async def test_truncated_log_is_gone_from_its_first_entry(watched: Watched, steps: Sequence[int]) -> None:
    await watched.attack("TRUNCATE audit.entry")
    verdict = await watched.verify()
    assert verdict.first_bad == 0
    await watched.attack("TRUNCATE audit.leaf", "TRUNCATE audit.tile")
    assert set(falls(await watched.verify())) >= {"leaves", "root"}


async def test_cut_tail_contradicts_the_guard_and_what_was_kept(
    watched: Watched, steps: Sequence[int], tmp_path: Path
) -> None:
    kept = watched.log.guard.read() or ""
    await cut(watched, steps[3])
    verdict = await watched.verify(saved=[("mine", kept)])
    assert falls(verdict) == {"guard": steps[3], "saved": steps[3]}
    settings = replace(watched.log.settings, audit_guard=tmp_path / "lost")
    watched.log.settings = settings
    assert falls(await watched.verify(saved=[("mine", kept)])) == {"saved": steps[3]}


async def cut(watched: Watched, size: int) -> None:
    """Take the database back to when it had `size` entries: a restored backup looks the same."""
    tiles = size * 32
    await watched.attack(
        f"DELETE FROM audit.entry WHERE arrival IN (SELECT arrival FROM audit.leaf WHERE leaf_index >= {size})",
        f"DELETE FROM audit.leaf WHERE leaf_index >= {size}",
        f"DELETE FROM audit.search WHERE leaf_index >= {size}",
        f"DELETE FROM audit.checkpoint WHERE size > {size}",
        f"UPDATE audit.tile SET hashes = substring(hashes for {tiles})",
        f"UPDATE audit.log_state SET size = {size}",
    )


async def test_swapped_leaves_are_named(watched: Watched, steps: Sequence[int]) -> None:
    one, two = steps[1], steps[3]
    await watched.attack(
        f"UPDATE audit.leaf SET leaf_index = 999 WHERE leaf_index = {one}",
        f"UPDATE audit.leaf SET leaf_index = {one} WHERE leaf_index = {two}",
        f"UPDATE audit.leaf SET leaf_index = {two} WHERE leaf_index = 999",
    )
    assert (await watched.verify()).first_bad == one


async def test_edited_tile_is_named(watched: Watched, steps: Sequence[int]) -> None:
    await watched.attack(
        f"UPDATE audit.tile SET hashes = set_byte(hashes, {steps[2] * 32}, get_byte(hashes, {steps[2] * 32}) # 1)"
    )
    assert falls(await watched.verify()) == {"tiles": steps[2]}


async def test_edited_upper_tile_is_named(watched: Watched) -> None:
    for number in range(260):
        await record(SystemStarted(process="worker", version=str(number)))
    await watched.sign()
    await watched.attack("UPDATE audit.tile SET hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1) WHERE level = 1")
    assert falls(await watched.verify()) == {"tiles": 0}
    await watched.attack("DELETE FROM audit.tile WHERE level = 1")
    assert falls(await watched.verify()) == {"tiles": 0}


async def test_edited_leaf_is_named(watched: Watched, steps: Sequence[int]) -> None:
    await watched.attack(
        f"UPDATE audit.leaf SET leaf_hash = {hexed(secrets.token_bytes(32))} WHERE leaf_index = {steps[2]}"
    )
    assert falls(await watched.verify()) == {"leaves": steps[2]}


async def test_writer_who_lied_about_a_hash_is_named(watched: Watched, steps: Sequence[int]) -> None:
    await watched.attack(f"UPDATE audit.entry SET leaf_hash = {hexed(bytes(32))} WHERE {entry_at(steps[2])}")
    assert falls(await watched.verify()) == {"texts": steps[2]}


async def test_edited_checkpoint_is_named(watched: Watched, steps: Sequence[int]) -> None:
    root = secrets.token_bytes(32)
    noted = base64.b64encode(root).decode()
    await watched.attack(
        f"UPDATE audit.checkpoint SET root = {hexed(root)}, note = regexp_replace(note, '[A-Za-z0-9+/]{{43}}=', '{noted}')"
        f" WHERE size = {steps[2]}"
    )
    assert falls(await watched.verify()) == {"history": steps[2] - 1}


async def test_older_checkpoint_that_another_key_signed_is_named(watched: Watched, steps: Sequence[int]) -> None:
    found = await watched.owner.fetchval(f"SELECT note FROM audit.checkpoint WHERE size = {steps[2]}")
    forged = sign_note(parse_note(found).text, SignerKey.generate(watched.log.key.name))
    await watched.attack(f"UPDATE audit.checkpoint SET note = '{forged}' WHERE size = {steps[2]}")
    assert falls(await watched.verify()) == {"history": steps[2] - 1}, "its root is right, its signature is not"


async def test_checkpoint_under_an_earlier_name_of_the_log_is_judged_by_its_root(
    watched: Watched, steps: Sequence[int]
) -> None:
    before = SignerKey.generate("before.example/audit")
    told: dict[str, Any] = {"key": "0" * 64, "signed": 9, "root": "0" * 64, "size": 1, "reason": "restored"}
    await record(LogContinued(before=before.name, origin=watched.log.key.name, **told), object=LOG)
    await watched.sign()
    root = await watched.owner.fetchval(f"SELECT root FROM audit.checkpoint WHERE size = {steps[2]}")
    for kept, found in ((root, {}), (bytes(32), {"history": steps[2] - 1})):
        note = sign_checkpoint(Checkpoint(before.name, steps[2], kept), before)
        await watched.attack(
            f"UPDATE audit.checkpoint SET note = '{note}', root = {hexed(kept)} WHERE size = {steps[2]}"
        )
        assert falls(await watched.verify()) == found


async def test_edited_newest_checkpoint_is_no_checkpoint(watched: Watched, steps: Sequence[int]) -> None:
    await watched.attack(f"UPDATE audit.checkpoint SET root = {hexed(bytes(32))} WHERE size = {steps[4] + 1}")
    assert set(falls(await watched.verify())) == {"signature", "root", "history"}
    await watched.attack("DELETE FROM audit.checkpoint")
    assert falls(await watched.verify()) == {}, "the guard file has the same checkpoint"


async def test_entry_that_waits_for_its_place_is_found(watched: Watched) -> None:
    await record(SystemStarted(process="worker", version="waiting"))
    assert falls(await watched.verify()) == {}
    await watched.attack("UPDATE audit.entry SET recorded_at = now() - interval '61 s' WHERE entry LIKE '%waiting%'")
    assert falls(await watched.verify()) == {"waiting": None}


async def test_text_in_another_format_is_named(watched: Watched, steps: Sequence[int]) -> None:
    said = '{"action":"policy.activated"}'
    await watched.owner.execute("INSERT INTO audit.entry (entry, leaf_hash) VALUES ($1, $2)", said, leaf_hash(said))
    await watched.sign()
    assert falls(await watched.verify()) == {"format": steps[4] + 1}


async def test_entry_of_another_log_is_named(watched: Watched, steps: Sequence[int]) -> None:
    old = await watched.owner.fetchval(f"SELECT entry FROM audit.entry WHERE {entry_at(steps[0])}")
    said = old.replace("govern.local/audit", "other.example/audit")
    await watched.owner.execute("INSERT INTO audit.entry (entry, leaf_hash) VALUES ($1, $2)", said, leaf_hash(said))
    await watched.sign()
    verdict = await watched.verify()
    assert falls(verdict) == {"format": steps[4] + 1}


async def test_clock_that_was_set_back_changes_nothing(watched: Watched) -> None:
    for year in (2030, 2020):
        await record(SystemStarted(process="worker", version=str(year)), now=NOW.replace(year=year))
        await watched.sign()
    assert falls(await watched.verify()) == {}


async def test_change_before_the_last_verification_is_found_by_a_full_one(watched: Watched) -> None:
    for number in range(300):
        await record(SystemStarted(process="worker", version=f"old-{number}"))
    await watched.sign()
    await watched.verify_and_record()
    await watched.sign()
    place = await watched.place_of('old-7"')
    await watched.attack(f"UPDATE audit.entry SET entry = replace(entry, 'old-7', 'new-7') WHERE {entry_at(place)}")
    assert falls(await watched.verify()) == {}
    verdict = await watched.verify_and_record(full=True)
    assert falls(verdict)["texts"] == place
    health = await log_health(now=NOW)
    assert (health.state, health.first_bad) == (Health.BROKEN, place)
    assert (await watched.verify()).begin == 0, "after a mismatch everything is read again"


async def test_history_rewritten_before_the_last_verification_is_found_at_once(watched: Watched) -> None:
    for number in range(300):
        await record(SystemStarted(process="worker", version=f"old-{number}"))
    await watched.sign()
    await watched.verify_and_record()
    await watched.sign()
    await watched.attack("UPDATE audit.tile SET hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1) WHERE level = 1")
    assert {"root", "history"} <= set(falls(await watched.verify()))
