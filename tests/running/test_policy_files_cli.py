"""Testing, comparing and activating policies from the command line: what they print, and the exit codes CI reads."""

import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from click.testing import CliRunner, Result

from govern.access import load_bundle
from govern.access.bundle import read_folder
from govern.cli.parts import COMMAND
from govern.cli.policy import testing
from govern.cli.policy.matrix import write_matrix
from govern.embedded import Engines, Login
from govern.services.policy_activation import activate_shipped, find_active
from govern.settings import shipped
from tests.asserts import assert_audited, assert_nothing_changed
from tests.factories import Company, make_company
from tests.running.conftest import clean_environment

Done = subprocess.CompletedProcess[str]
Govern = Callable[..., Done]
VIEWER, GUARDS, CASES = "roles/viewer.csv", "guards.csv", "tests/roles.yaml"
WRITE = "p, viewer, conversation.assign, always, allow, viewer.conversation.assign\n"
CASE = """  - {who: vic, at: "account:help", can: [conversation.assign]}
  - {who: vic, at: "brand:music", cannot: [conversation.assign], because: no_rule}
"""


@pytest.fixture
def govern(tmp_path: Path) -> Govern:
    """Run a command in an empty folder, with nothing set but what is told."""

    def run(*command: str, **told: str) -> Done:
        return subprocess.run(
            [*COMMAND, "policy", *command],
            cwd=tmp_path,
            env={**clean_environment(), **told},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


def try_policy(*options: str) -> Result:
    """Run `govern policy test` in this process: it needs no database, nor settings where the folder is named."""
    return CliRunner().invoke(testing.test, options)


def try_matrix(*options: str) -> Result:
    return CliRunner().invoke(write_matrix, options)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the policies, to be edited."""
    return shutil.copytree(shipped("policies"), tmp_path / "policies")


def add(folder: Path, name: str, text: str) -> None:
    with (folder / "access" / name).open("a") as file:
        file.write(text)


def drop(folder: Path, name: str, words: str) -> None:
    path = folder / "access" / name
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if words not in line))


def test_shipped_policy_passes_its_tests_without_a_database(govern: Govern) -> None:
    done = govern("test", "--mutate", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(done.stdout)
    assert result["passed"] is True
    assert result["access"]["failures"] == result["mutation"]["survivors"] == result["screening"]["failures"] == []
    assert result["screening"]["tests"] > 0
    assert result["seconds"] > 0


def test_failed_case_is_named_in_words(folder: Path) -> None:
    drop(folder, GUARDS, "pause.publish")
    done = try_policy(str(folder))
    assert done.exit_code == 1
    assert "tests/guards.yaml, line 5" in done.stdout
    assert "worker at account:help: message.publish" in done.stdout
    assert "expected denied because pause.publish, found allowed by publisher.message.publish" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("Failed (")


def test_rule_that_no_case_tests_fails(folder: Path) -> None:
    add(folder, VIEWER, WRITE)
    done = try_policy(str(folder / "access"))
    assert done.exit_code == 1
    assert "no case is decided by the rule viewer.conversation.assign" in done.stdout


def test_mutant_that_survives_fails(folder: Path) -> None:
    drop(folder, CASES, 'vic, at: "account:help", cannot: [token.issue')
    assert try_policy(str(folder)).exit_code == 0
    done = try_policy("--mutate", str(folder))
    assert done.exit_code == 1
    assert "roles/viewer.csv, line 6: no test notices viewer.token.issue: always" in done.stdout


def test_inline_tests_of_screening_rules_run_as_well(folder: Path) -> None:
    file = folder / "screening" / "promotional.toml"
    text = file.read_text()
    assert "\ntest = [\n" in text
    file.write_text(text.replace("\ntest = [\n", '\ntest = [\n  { text = "Bonjour", expect = "hit" },\n', 1))
    done = try_policy(str(folder))
    assert done.exit_code == 1
    assert "'Bonjour': expected hit, found miss" in done.stdout


def test_golden_cases_run_as_well_and_name_what_they_expected(folder: Path) -> None:
    case = '{"id":"A-1","text":"Bonjour","kind":"post","expect":{"class":"promotional"}}\n'
    (folder / "screening" / "cases" / "own.jsonl").write_text(case)
    done = try_policy("screening", str(folder))
    assert done.exit_code == 1
    assert "  A-1: 'Bonjour': expected promotional, found clean" in done.stdout.splitlines()
    assert "access: " not in done.stdout


def test_one_part_of_the_policies_can_be_tested_alone(folder: Path) -> None:
    (folder / "screening" / "lexicon.toml").write_text("version = [")
    assert try_policy("access", str(folder)).exit_code == 0
    done = try_policy("screening", str(folder))
    assert (done.exit_code, done.stdout) == (2, "")
    assert "screening/lexicon.toml: " in done.stderr
    assert try_policy("screening", str(folder), str(folder)).exit_code == 2


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (VIEWER, "p, viewer, contact.read, always, Deny, x.y\n", "roles/viewer.csv, line 8: allow or deny, not Deny"),
        (VIEWER, "p, viewer, contact.burn, always, allow, x.y\n", "an action of actions.toml, not contact.burn"),
        (CASES, "  - {who: vic, at: company, can: [contact.burn]}\n", "Invalid enum value 'contact.burn'"),
        (CASES, '  - {who: vic, at: "brand:ghost", can: [contact.read]}\n', "a scope of this file, not brand:ghost"),
    ],
)
def test_faulty_policy_is_another_exit_code(folder: Path, name: str, text: str, said: str) -> None:
    add(folder, name, text)
    done = try_policy(str(folder))
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_folder_without_a_policy_and_faulty_screening_rules_end_the_same_way(folder: Path, tmp_path: Path) -> None:
    assert try_policy(str(tmp_path / "ghost")).exit_code == 2
    (folder / "screening" / "promotional.toml").write_text("version = [")
    assert try_policy(str(folder)).exit_code == 2


def test_matrix_is_checked_and_written(folder: Path) -> None:
    assert try_matrix("--check").exit_code == 0
    add(folder, VIEWER, WRITE)
    done = try_matrix("--check", str(folder))
    assert done.exit_code == 1
    assert "+conversation.assign,allow,,allow," in done.stdout
    assert try_matrix(str(folder)).exit_code == 0
    assert "conversation.assign,allow,,allow," in (folder / "access" / "tests" / "matrix.csv").read_text()
    assert try_matrix("--check", str(folder)).exit_code == 0


@pytest.fixture
async def company(database: None) -> AsyncIterator[Company]:
    """People to compare policies on; the shipped policy is in force again afterwards."""
    yield await make_company()
    await activate_shipped(read_folder(shipped("policies") / "access"), renew=True, now=datetime.now(UTC))


@pytest.fixture
def beside(govern: Govern, engines: Engines, company: Company) -> Govern:
    """Run a command beside the test database."""

    def run(*command: str, **told: str) -> Done:
        return govern(*command, **{"GOVERN_DATABASE_URL": os.environ["GOVERN_DATABASE_URL"], **told})

    return run


def test_difference_names_who_gains_and_ends_with_1(beside: Govern, folder: Path) -> None:
    assert beside("diff").returncode == 0
    add(folder, VIEWER, WRITE)
    done = beside("diff", "active", str(folder))
    assert done.returncode == 1
    assert "Gains: 1" in done.stdout
    assert "Vera <vera@example.com>" in done.stdout
    assert "+ viewer.conversation.assign: viewer, conversation.assign, always, allow" in done.stdout
    back = beside("diff", str(folder), "active", "--json")
    assert back.returncode == 0
    assert [line["action"] for line in json.loads(back.stdout)["difference"]["losses"]] == ["conversation.assign"]


async def test_policy_is_activated_after_its_simulation_was_shown(
    beside: Govern, folder: Path, company: Company
) -> None:
    before = await find_active()
    add(folder, VIEWER, WRITE)
    command = ("activate", str(folder), "--reason", "Viewers assign", "--as", "ada@example.com")
    done = beside(*command)
    assert done.returncode == 2
    assert "--yes" in done.stderr
    done = beside(*command, "--yes")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("policy.tests_fail: ")
    add(folder, CASES, CASE)
    done = beside(*command, "--yes")
    assert done.returncode == 0, done.stderr
    assert done.stdout.index("Gains: 1") < done.stdout.index("In force: sha256:")
    await assert_audited("policy.activated", actor=company.ada.id, previous=before, gains=1, losses=0)
    assert beside("diff", str(before), "active").returncode == 1
    assert beside("diff", f"sha256:{'f' * 64}").stderr.startswith("policy.unknown: ")


async def test_who_may_not_activate_is_refused(beside: Govern, folder: Path, owner: asyncpg.Connection) -> None:
    add(folder, VIEWER, WRITE)
    add(folder, CASES, CASE)
    before = await find_active()
    done = beside("activate", str(folder), "--reason", "Viewers assign", "--as", "mia@example.com", "--yes")
    assert done.returncode == 1
    assert done.stderr.startswith("access.denied: ")
    async with assert_nothing_changed(owner):
        assert beside("activate", str(folder), "--reason", "Viewers assign", "--yes").returncode == 1  # nobody acts
    assert await find_active() == before


async def test_faulty_policy_is_neither_compared_nor_activated(beside: Govern, folder: Path) -> None:
    before = await find_active()
    add(folder, VIEWER, "p, viewer, contact.read, always, Deny, x.y\n")
    for command in (("diff", "active", str(folder)), ("activate", str(folder), "--reason", "Why not", "--yes")):
        done = beside(*command)
        assert (done.returncode, done.stdout) == (2, "")
        assert "roles/viewer.csv, line 8: allow or deny, not Deny" in done.stderr
    assert await find_active() == before


def migrate(url: str, *options: str, **told: str) -> None:
    env = {**clean_environment(), "GOVERN_DATABASE_URL": url, "GOVERN_MIGRATE_DATABASE_URL": url, **told}
    subprocess.run([*COMMAND, "migrate", *options], env=env, check=True, capture_output=True, timeout=120)


async def test_migrating_puts_the_first_policy_in_force_and_another_one_only_where_it_is_told_to(
    engines: Engines, folder: Path
) -> None:
    engines.create_database("policies")
    url = engines.database_url(Login.OWNER, "policies")
    production = {
        "GOVERN_ENV": "production",
        "GOVERN_SECRET_KEY": "a secret of our own, long enough for production",
        "GOVERN_AUDIT_KEKS": "test:" + "A" * 43 + "=",
        "GOVERN_X_BASE_URL": "https://api.x.com",
        "GOVERN_PUBLIC_URL": "https://govern.example",
    }

    async def active(*options: str, **told: str) -> list[str]:
        migrate(url, *options, **told)
        connection = await asyncpg.connect(url)
        found = await connection.fetch("SELECT digest FROM policy_activation ORDER BY activated_at")
        await connection.close()
        return [row["digest"] for row in found]

    first = await active()
    assert first == [load_bundle(shipped("policies") / "access").digest]
    add(folder, VIEWER, WRITE)
    ours = {"GOVERN_POLICIES": str(folder)}
    assert await active(**ours) == first
    assert await active("--renew-policy", **ours, **production) == first
    assert await active("--renew-policy", **ours) == [*first, load_bundle(folder / "access").digest]
