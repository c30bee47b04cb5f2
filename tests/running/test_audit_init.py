"""`govern audit init`: one log per database, and none goes on that might have two histories."""

import json
import stat
from pathlib import Path

import asyncpg
import pytest
from msgspec.structs import replace

from govern.embedded import Engines, Login
from govern.tlog.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from govern.tlog.note import SignerKey, parse_verifier
from tests.running.conftest import Done, Govern
from tests.services.audit.test_publishing import as_attacker, fill
from tests.the_log import Log, forget


class Host:
    """A machine with its folder for the log, and the test database."""

    def __init__(self, govern: Govern, engines: Engines, folder: Path) -> None:
        self.govern = govern
        self.folder = folder
        self.kept = folder.with_name("kept.checkpoint")
        self.told = {
            "GOVERN_MIGRATE_DATABASE_URL": engines.database_url(Login.OWNER),
            "GOVERN_AUDIT_ORIGIN": "acme.example/audit",
        }

    def init(self, *options: str, **told: str) -> Done:
        return self.govern("audit", "init", *options, **{**self.told, **self.files(), **told})

    def keep(self, note: str | None) -> str:
        """Keep a checkpoint elsewhere, as the officer does."""
        assert note is not None
        self.kept.write_text(note)
        return str(self.kept)

    def files(self) -> dict[str, str]:
        return {f"GOVERN_AUDIT_{name.upper()}": str(self.folder / name) for name in ("key", "guard", "verifier")}

    def refused(self, code: str, *options: str, **told: str) -> None:
        done = self.init(*options, **told)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert done.stderr.splitlines()[-1].startswith(f"{code}: "), done.stderr


@pytest.fixture
def host(govern: Govern, engines: Engines, tmp_path: Path) -> Host:
    return Host(govern, engines, tmp_path / "log")


@pytest.fixture
def home(govern: Govern, engines: Engines, the_log: Log, tmp_path: Path) -> Host:
    """The machine of a log that is there."""
    host = Host(govern, engines, tmp_path / "log")
    host.folder = the_log.settings.key_file.parent
    host.told["GOVERN_AUDIT_ORIGIN"] = the_log.settings.audit_origin
    return host


async def actions(owner: asyncpg.Connection) -> list[str]:
    return [
        json.loads(row["entry"]).get("action")
        for row in await owner.fetch("SELECT entry FROM audit.entry ORDER BY arrival")
    ]


async def test_it_makes_key_guard_and_first_entry_once(host: Host, owner: asyncpg.Connection) -> None:
    first = host.init("--json")
    assert first.returncode == 0, first.stderr
    begun = json.loads(first.stdout)
    key = parse_verifier(begun["verifier"])
    assert begun["created"] is True
    assert key.name == "acme.example/audit"
    assert stat.S_IMODE((host.folder / "key").stat().st_mode) == 0o600
    assert (host.folder / "verifier").read_text().strip() == str(key)
    assert open_checkpoint((host.folder / "guard").read_text(), [key]).size == 0
    again = host.init()
    assert again.returncode == 0
    assert "is there" in again.stdout
    assert str(key) in again.stdout
    assert (await actions(owner)).count("log.created") == 1


async def test_a_stop_before_the_database_knew_is_made_good(host: Host, owner: asyncpg.Connection) -> None:
    host.init()
    await owner.execute("ALTER TABLE audit.entry DISABLE TRIGGER ALL")
    await owner.execute("UPDATE audit.log_state SET origin = NULL")
    await owner.execute("DELETE FROM audit.entry")
    await owner.execute("ALTER TABLE audit.entry ENABLE ALWAYS TRIGGER entry_append_only")
    key = (host.folder / "key").read_text()
    assert host.init().returncode == 0
    assert (host.folder / "key").read_text() == key
    assert "log.created" in await actions(owner)


async def test_an_origin_is_fixed(home: Host) -> None:
    home.refused("log.origin_fixed", GOVERN_AUDIT_ORIGIN="other.example/audit")


async def test_a_lost_public_key_comes_back_from_the_private_one(home: Host, the_log: Log) -> None:
    the_log.settings.verifier_file.unlink()
    assert home.init().returncode == 0
    assert the_log.settings.verifier_file.read_text().strip() == str(the_log.key.verifier)


async def test_a_lost_private_key_is_a_refusal_and_never_a_new_key(home: Host, the_log: Log) -> None:
    key = the_log.settings.key_file.read_text()
    the_log.settings.key_file.unlink()
    try:
        home.refused("log.key_unfit")
        assert not the_log.settings.key_file.exists()
    finally:
        the_log.settings.key_file.write_text(key)
        the_log.settings.key_file.chmod(0o600)


async def test_a_lost_guard_file_is_replaced_by_a_checkpoint_kept_elsewhere(
    home: Host, the_log: Log, owner: asyncpg.Connection
) -> None:
    await fill(owner, 5)
    kept = home.keep(await the_log.grow())
    await fill(owner, 5)
    await the_log.grow()
    home.refused("log.note_unfit", "--adopt", kept)  # the guard is there
    forget(the_log.settings.guard_file)
    home.refused("log.no_guard")
    done = home.init("--adopt", kept)
    assert done.returncode == 0, done.stderr
    assert await the_log.grow() is not None
    assert "log.adopted" in await actions(owner)


async def test_a_checkpoint_the_database_contradicts_is_not_adopted(
    home: Host, the_log: Log, owner: asyncpg.Connection
) -> None:
    await the_log.grow()
    forget(the_log.settings.guard_file)
    key = the_log.key
    forked = str(sign_checkpoint(Checkpoint(key.name, 1, b"x" * 32), key))
    home.refused("log.forked", "--adopt", home.keep(forked))
    ahead = str(sign_checkpoint(Checkpoint(key.name, 99, b"x" * 32), key))
    home.refused("log.rolled_back", "--adopt", home.keep(ahead))
    stranger = SignerKey.generate(key.name)
    foreign = str(sign_checkpoint(Checkpoint(key.name, 1, b"x" * 32), stranger))
    home.refused("log.note_unfit", "--adopt", home.keep(foreign))
    home.refused("log.note_unfit", "--adopt", home.keep("nonsense"))
    assert the_log.guard.read() is None


async def test_an_older_database_goes_on_under_a_new_origin_and_names_the_gap(
    home: Host, the_log: Log, engines: Engines, owner: asyncpg.Connection
) -> None:
    await the_log.grow()
    old = the_log.key
    ahead = home.keep(str(sign_checkpoint(Checkpoint(old.name, 9, b"x" * 32), old)))
    the_log.guard.swap(the_log.guard.read(), home.kept.read_text())
    because = ("--reason", "The disk was lost; yesterday's backup.")
    home.refused("log.rolled_back")
    home.refused("log.origin_fixed", "--after", ahead, *because)  # still the old name
    renamed = {"GOVERN_AUDIT_ORIGIN": "acme.example/audit-2"}
    try:
        assert home.init("--after", ahead, **renamed).returncode == 2, "a reason is asked for"
        done = home.init("--after", ahead, *because, **renamed)
        assert done.returncode == 0, done.stderr
        new = parse_verifier(done.stdout.splitlines()[-1])
        assert new.name == "acme.example/audit-2"
        assert str(new) != str(old.verifier)
        entry = json.loads(
            (await owner.fetch("SELECT entry FROM audit.entry ORDER BY arrival DESC LIMIT 1"))[0]["entry"]
        )
        assert (entry["action"], entry["log"]) == ("log.continued", "acme.example/audit-2")
        assert (entry["data"]["signed"], entry["data"]["size"]) == (9, 1)
        assert because[1] not in json.dumps(entry)
        note = await Log(engines, replace(the_log.settings, audit_origin=new.name)).grow()
        assert note is not None
        assert open_checkpoint(note, [new]).size == 2
        home.refused("log.origin_fixed")  # the old name is over
    finally:
        the_log.settings.key_file.unlink()
        aside = the_log.settings.key_file.with_name(f"key.{old.verifier.key_id.hex()}")
        if aside.exists():
            aside.rename(the_log.settings.key_file)


async def test_where_nothing_is_lost_no_new_origin_begins(home: Host, the_log: Log) -> None:
    note = home.keep(await the_log.grow())
    home.refused("log.note_unfit", "--after", note, "--reason", "Just so.", GOVERN_AUDIT_ORIGIN="acme.example/audit-2")
    assert the_log.key.name == the_log.settings.audit_origin


async def test_the_last_checkpoint_is_printed_and_kept(home: Host, the_log: Log, owner: asyncpg.Connection) -> None:
    told = {**home.files(), "GOVERN_AUDIT_ORIGIN": the_log.settings.audit_origin}
    none = home.govern("audit", "checkpoint", **told)
    assert (none.returncode, none.stderr.split(":")[0]) == (2, "log.none")
    note = await the_log.grow()
    assert home.govern("audit", "checkpoint", **told).stdout == note
    for _ in range(2):
        saved = home.govern("audit", "checkpoint", "--save", "saved", **told)
        assert saved.returncode == 0, saved.stderr
    await fill(owner, 3)
    await the_log.grow()
    home.govern("audit", "checkpoint", "--save", "saved", **told)
    kept = sorted(path.name for path in (home.kept.parent / "saved").iterdir())
    assert kept == ["000000000001.checkpoint", "000000000004.checkpoint"]
    await as_attacker(owner, "checkpoint", "UPDATE audit.checkpoint SET note = 'forged' WHERE size = 4")
    forged = home.govern("audit", "checkpoint", **told)
    assert (forged.returncode, forged.stderr.split(":")[0]) == (2, "log.damaged")
