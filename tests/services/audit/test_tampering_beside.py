"""What stands beside the tree, changed by whoever owns the database: search rows, sealed fields, the company's tables."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from govern.domain.audit import MessageRejected, ObjectRef
from tests.factories import NOW
from tests.services.audit.conftest import DIGEST, record
from tests.services.audit.watched import Watched, falls
from tests.services.conftest import Office


@pytest.mark.parametrize(
    "change",
    ["outcome = 'denied'", "actor_id = 'member:1'", "words = 'a'::tsvector", "refs = '{x}'", "entry_id = NULL"],
)
async def test_edited_search_row_is_named(watched: Watched, steps: Sequence[int], change: str) -> None:
    await watched.attack(f"UPDATE audit.search SET {change} WHERE leaf_index = {steps[2]}")
    assert falls(await watched.verify()) == {"search": steps[2]}


async def test_deleted_search_row_is_named(watched: Watched, steps: Sequence[int]) -> None:
    await watched.attack(f"DELETE FROM audit.search WHERE leaf_index = {steps[2]}")
    assert falls(await watched.verify()) == {"search": steps[2]}


async def test_edited_subject_key_is_named_by_the_first_entry_it_sealed(watched: Watched) -> None:
    await reject()
    await watched.sign()
    await watched.owner.execute(
        "UPDATE audit.subject_key SET wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)"
        " WHERE subject = 'message:untold'"
    )
    verdict = await watched.verify(openings=True)
    assert falls(verdict) == {"openings": await watched.place_of("untold")}


async def test_opening_taken_away_without_an_erasure_is_named(watched: Watched) -> None:
    await reject()
    await watched.sign()
    assert falls(await watched.verify(openings=True)) == {}
    await watched.owner.execute("DELETE FROM audit.opening")
    assert set(falls(await watched.verify(openings=True))) == {"openings"}


async def test_opening_moved_to_another_entry_is_named(watched: Watched) -> None:
    first, second = await reject(), await reject()
    await watched.sign()
    await watched.owner.execute("DELETE FROM audit.opening WHERE entry_id = $1", second)
    await watched.owner.execute("UPDATE audit.opening SET entry_id = $1 WHERE entry_id = $2", second, first)
    assert set(falls(await watched.verify(openings=True))) == {"openings"}


async def reject() -> object:
    return (
        await record(MessageRejected(revision=1, digest=DIGEST, comment="No"), object=ObjectRef("message", "untold"))
    ).entry_id


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("UPDATE message SET state = 'sent'", "state"),
        ("UPDATE role_grant SET role = 'admin' WHERE role = 'viewer'", "role"),
        ("UPDATE role_grant SET revoked_at = now(), revoke_reason = 'gone'", "ended"),
        ("DELETE FROM role_grant WHERE role = 'viewer'", "not in its table"),
    ],
)
async def test_row_that_the_log_tells_otherwise_is_named(
    watched: Watched, office: Office, change: str, what: str
) -> None:
    await office.write(office.people.ana)
    await watched.sign()
    assert falls(await watched.verify()) == {}
    await watched.attack(change)
    (claim,) = (await watched.verify()).false
    assert claim.check == "replay"
    assert what in claim.says
    assert claim.entry is not None


async def test_message_that_waits_for_its_time_is_told_so_and_one_that_does_not_is_not(
    watched: Watched, office: Office
) -> None:
    timed = await office.write(office.people.ana, scheduled_at=NOW + timedelta(hours=5))
    for message in (timed, await office.write(office.people.ana, text="At once.")):
        await office.approve(message, office.people.mia)
    await watched.sign()
    assert falls(await watched.verify()) == {}
    await watched.attack("UPDATE message SET state = 'scheduled' WHERE state = 'approved'")
    (claim,) = (await watched.verify()).false
    assert "state is 'scheduled' in its table, 'approved' by the log" in claim.says


async def test_grant_that_no_entry_tells_of_is_found(watched: Watched) -> None:
    await watched.attack(
        "INSERT INTO role_grant (id, member, role, scope, granted_at, reason, starts_at)"
        " SELECT gen_random_uuid(), id, 'admin', 'company', now(), 'mine', now() FROM member LIMIT 1"
    )
    (claim,) = (await watched.verify()).false
    assert (claim.check, claim.entry) == ("replay", None)
