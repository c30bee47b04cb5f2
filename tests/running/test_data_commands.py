"""The commands for accounts and calendars, and what every command says without a database."""

import json
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx

from govern.services.accounts import find_account
from govern.services.credentials import load_credentials
from govern.settings import Settings
from govern.xapi.credentials import Credentials
from govern.xapi.vault import Vault
from tests.asserts import assert_audited, assert_nothing_changed
from tests.factories import Company, make_account
from tests.running.conftest import Done, Govern, refused

CALENDAR = "account,kind,text,scheduled_at,zone\n"


def test_without_a_database_the_command_says_what_to_do(govern: Govern, tmp_path: Path) -> None:
    done = govern("token", "create", "--member", "a@example.com", "--name", "x", GOVERN_DATABASE_URL="")
    assert done.returncode == 2
    assert done.stderr.startswith("GOVERN_DATABASE_URL is not set, and no `govern up` runs")


def test_database_that_is_away_is_one_line(govern: Govern, tmp_path: Path) -> None:
    away = f"postgresql://nobody@/govern?host={tmp_path}"
    done = govern("token", "create", "--member", "a@example.com", "--name", "x", GOVERN_DATABASE_URL=away)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("database.away: ")
    assert "Traceback" not in done.stderr


def keys_of(address: str, handle: str) -> dict[str, str]:
    answer = httpx.post(f"{address}/_sandbox/accounts", json={"handle": handle, "name": handle})
    fields = ("access_token", "access_token_secret", "api_key", "api_secret")
    return {field: answer.json()[field] for field in fields}


async def test_account_is_connected_after_x_confirmed_whose_keys_these_are(
    company: Company, govern: Govern, sandbox_address: str, config: Settings, owner: asyncpg.Connection
) -> None:
    await make_account("Fresh", brand="care")
    await owner.execute("UPDATE account SET state = 'disconnected', x_user_id = NULL WHERE handle = 'Fresh'")
    keys = keys_of(sandbox_address, "Fresh")
    told = {"GOVERN_X_BASE_URL": sandbox_address, "GOVERN_MEMBER": "ada@example.com"}
    done = govern("account", "connect", "@fresh", given=json.dumps(keys), **told)
    assert (done.returncode, done.stdout) == (0, "@Fresh is connected.\n"), done.stderr
    assert not any(key in done.stdout + done.stderr for key in keys.values())
    account = await find_account("Fresh")
    kept = await load_credentials(account.id, vault=Vault.from_settings(config), settings=config)
    assert isinstance(kept, Credentials)
    assert (kept.access_token, kept.access_token_secret) == (keys["access_token"], keys["access_token_secret"])
    await assert_audited("account.connected", actor=company.ada.id)


async def test_keys_that_x_or_we_cannot_use_change_nothing(
    company: Company, govern: Govern, sandbox_address: str, owner: asyncpg.Connection
) -> None:
    keys = keys_of(sandbox_address, "Other")
    told = {"GOVERN_X_BASE_URL": sandbox_address, "GOVERN_MEMBER": "ada@example.com"}

    def connect(given: str, **more: str) -> Done:
        return govern("account", "connect", "Help", given=given, **{**told, **more})

    async with assert_nothing_changed(owner):
        refused(connect(json.dumps(keys)), "account.wrong_x_user")
        refused(connect(json.dumps(keys), GOVERN_X_API_KEY="another"), "account.other_app")
        refused(connect("{"), "account.bad_keys")
        refused(connect(json.dumps({**keys, "access_token": "1-wrong"})), "account.x_refused")


async def test_calendar_is_imported_and_its_numbers_are_printed(
    company: Company, govern: Govern, tmp_path: Path
) -> None:
    (tmp_path / "week.csv").write_text(
        "\ufeff"
        + CALENDAR
        + "Help,post,One.,2030-01-07 09:30,\nHelp,post,Two.,2030-01-08 09:30,UTC\n".replace("2030", _year())
    )
    done = govern("import", "week.csv", "--member", "ana@example.com")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Imported 2 messages: 2 pending approval.\nThey are M-")
    await assert_audited("message.imported", actor=company.ana.id, count=2)
    refused(govern("import", "week.csv", "--member", "ana@example.com"), "import.already_done")


async def test_calendar_as_json_lines_is_imported_as_drafts(company: Company, govern: Govern, tmp_path: Path) -> None:
    (tmp_path / "week.jsonl").write_text('{"account": "Help", "kind": "post", "text": "One."}\n')
    done = govern("import", "week.jsonl", "--draft", "--json", GOVERN_MEMBER="ana@example.com")
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert (outcome["imported"], outcome["states"], len(outcome["messages"])) == (1, {"draft": 1}, 1)


async def test_faulty_lines_are_reported_and_nothing_is_imported(
    company: Company, govern: Govern, tmp_path: Path, owner: asyncpg.Connection
) -> None:
    (tmp_path / "week.csv").write_text(
        CALENDAR + "Help,post,Fine.,,\nNobody,post,Hi.,,\nHelp,post,Late.,2020-01-01 10:00,\n"
    )
    async with assert_nothing_changed(owner):
        done = govern("import", "week.csv", "--member", "ana@example.com")
        machine = govern("import", "week.csv", "--member", "ana@example.com", "--json")
    assert (done.returncode, machine.returncode) == (1, 1)
    assert "Nothing was imported: 2 faults" in done.stdout
    assert "There is no account @Nobody." in done.stdout
    outcome = json.loads(machine.stdout)
    assert outcome["imported"] == 0
    assert [(fault["line"], fault["column"], fault["code"]) for fault in outcome["faults"]] == [
        (3, "account", "account.unknown"),
        (4, "scheduled_at", "message.past_schedule"),
    ]


async def test_import_without_a_member_says_how_to_name_one(company: Company, govern: Govern, tmp_path: Path) -> None:
    (tmp_path / "week.csv").write_text(CALENDAR + "Help,post,Hi.,,\n")
    done = govern("import", "week.csv")
    refused(done, "member.nobody_acts")
    assert "--member EMAIL, or GOVERN_MEMBER" in done.stderr


async def test_file_of_another_kind_is_refused(company: Company, govern: Govern, tmp_path: Path) -> None:
    (tmp_path / "week.xlsx").write_bytes(b"PK")
    (tmp_path / "empty.csv").write_bytes(b"")
    refused(govern("import", "week.xlsx", "--member", "ana@example.com"), "import.bad_file")
    refused(govern("import", "empty.csv", "--member", "ana@example.com"), "import.bad_file")


def _year() -> str:
    """The next year: within the 400 days for January."""
    return str(datetime.now(UTC).year + 1)
