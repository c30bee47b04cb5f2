"""Keys of subjects: random, wrapped, made once, gone when the subject is erased; wrapped anew on demand."""

import base64
from collections.abc import Iterator

import asyncpg
import pytest

from govern import settings
from govern.database import rows, transaction
from govern.domain.members import system_actor
from govern.services import audit
from govern.services.audit import subject_keys
from govern.services.audit.rewrapping import BATCH, rewrap_keys
from govern.services.audit.subject_keys import find_keys, keys_for
from govern.services.audit.wrapping import BrokenWrap, Keks, MissingKek
from govern.settings import Env, Settings, SettingsError
from govern.tables import AuditEntry, AuditSubjectKey
from tests.asserts import assert_audited, race
from tests.services.audit.conftest import NOW, Company, approve

OLD, NEW = (f"{name}:{base64.b64encode(fill * 32).decode()}" for name, fill in (("old", b"o"), ("new", b"n")))
REWRAP = system_actor("rewrap")


@pytest.fixture
def keks(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The environment, to put keys into; afterwards this process is as it was."""
    yield monkeypatch
    monkeypatch.undo()
    settings.current.cache_clear()


def use(keks: pytest.MonkeyPatch, text: str) -> None:
    keks.setenv("GOVERN_AUDIT_KEKS", text)
    settings.current.cache_clear()


async def make(*subjects: str) -> dict[str, bytes | None]:
    async with transaction():
        return await keys_for(subjects)


async def test_key_is_made_once_and_is_nowhere_in_the_database() -> None:
    first = await make("contact:1", "member:1")
    assert await make("contact:1", "member:1") == first
    assert len(set(first.values())) == 2
    for row in rows(await AuditSubjectKey.select()):
        assert (row["key_id"], len(row["wrapped"])) == ("dev", 60)
        assert first[row["subject"]] not in row["wrapped"]


async def test_writers_at_once_get_the_same_key() -> None:
    made = await race(*(make("contact:1") for _ in range(8)))
    assert len({key["contact:1"] for key in made if isinstance(key, dict)}) == 1
    assert all(isinstance(key, dict) for key in made)


async def test_writers_of_the_same_subjects_in_another_order_do_not_wait_in_a_ring() -> None:
    subjects = [f"contact:{n}" for n in range(6)]
    made = await race(*(make(*order) for order in (subjects, subjects[::-1]) for _ in range(4)))
    assert all(result == made[0] for result in made)


async def test_wrapped_key_of_another_subject_does_not_open(owner: asyncpg.Connection) -> None:
    await make("contact:1", "contact:2")
    await owner.execute(
        "UPDATE audit.subject_key SET wrapped = (SELECT wrapped FROM audit.subject_key WHERE subject = 'contact:2') "
        "WHERE subject = 'contact:1'"
    )
    with pytest.raises(BrokenWrap):
        await find_keys(["contact:1"])


async def test_all_keys_given_open_and_the_first_one_wraps(keks: pytest.MonkeyPatch) -> None:
    use(keks, OLD)
    before = await make("contact:1")
    use(keks, f"{NEW},{OLD}")
    assert await make("contact:1", "contact:2") == before | await find_keys(["contact:2"])
    stored = {row["subject"]: row["key_id"] for row in rows(await AuditSubjectKey.select())}
    assert stored == {"contact:1": "old", "contact:2": "new"}
    use(keks, NEW)
    with pytest.raises(MissingKek, match="old"):
        await find_keys(["contact:1"])


async def test_rewrapped_keys_open_without_the_old_wrapping_key(company: Company, keks: pytest.MonkeyPatch) -> None:
    use(keks, OLD)
    receipt = await approve(company)
    use(keks, f"{NEW},{OLD}")
    done = await rewrap_keys(actor=REWRAP, now=NOW)
    assert (done.keys, done.key_id) == (1, "new")
    await assert_audited("keys.rewrapped", actor=REWRAP.id, keys=1, key="new")
    use(keks, NEW)
    assert await audit.openings(receipt.entry_id) == {"comment": "Fine, said Zoé"}


async def test_rewrapping_goes_on_beyond_one_batch_and_then_has_nothing_to_do(keks: pytest.MonkeyPatch) -> None:
    use(keks, OLD)
    await make(*(f"contact:{n}" for n in range(BATCH + 3)))
    use(keks, f"{NEW},{OLD}")
    assert (await rewrap_keys(actor=REWRAP, now=NOW)).keys == BATCH + 3
    written = await AuditEntry.count()
    assert (await rewrap_keys(actor=REWRAP, now=NOW)).keys == 0
    assert await AuditEntry.count() == written


async def test_rewrapping_without_the_old_key_changes_nothing(keks: pytest.MonkeyPatch) -> None:
    use(keks, OLD)
    await make("contact:1")
    use(keks, NEW)
    with pytest.raises(MissingKek):
        await rewrap_keys(actor=REWRAP, now=NOW)
    use(keks, OLD)
    assert (await find_keys(["contact:1"]))["contact:1"]


@pytest.mark.parametrize("text", ["x", "a:AAAA", f"{OLD},{OLD}", "a b:" + "A" * 43 + "=", "é:é", f"{OLD},"])
def test_malformed_keys_are_refused_and_not_shown(text: str) -> None:
    with pytest.raises(SettingsError, match="GOVERN_AUDIT_KEKS: key") as refused:
        Keks.from_setting(text)
    assert "AAAA" not in str(refused.value)


def test_production_needs_keys_of_its_own() -> None:
    with pytest.raises(SettingsError, match="GOVERN_AUDIT_KEKS is not set"):
        Keks.from_settings(Settings(env=Env.PRODUCTION))


def test_keys_are_in_no_text_made_of_them() -> None:
    assert "ooo" not in repr(Keks.from_setting(OLD))
    assert subject_keys.keks().first == "dev"
