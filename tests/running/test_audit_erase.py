"""`govern audit erase`, `hold` and `rewrap`, as processes beside a running database."""

import base64
import json

import asyncpg
import pytest

from govern.services.contacts import find_contact
from govern.settings import current
from tests.asserts import assert_audited, assert_nothing_changed
from tests.factories import Company, receive_dm
from tests.running.conftest import Done, Govern

CLEO = {"GOVERN_MEMBER": "cleo@example.com"}
NEW = f"new:{base64.b64encode(b'n' * 32).decode()}"


def turned_down(done: Done, code: str) -> None:
    """Exit code 2: 1 is kept for a log that proves false."""
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert done.stderr.startswith(f"{code}: "), done.stderr


async def test_contact_is_erased_with_a_reason_and_the_entry_is_named(company: Company, govern: Govern) -> None:
    await receive_dm(company.help)
    contact = await find_contact("marion")
    assert contact is not None
    done = govern("audit", "erase", "--contact", "@marion", "--reason", "A letter", "--json", **CLEO)
    assert done.returncode == 0, done.stderr
    entry = await assert_audited("contact.erased", actor=company.cleo.id, ground="person_asked", openings=3)
    said = json.loads(done.stdout)
    assert (said["subject"], said["openings"], said["entry"]) == (f"contact:{contact.id}", 3, entry["id"])
    assert entry["actor"]["via"] == "cli"
    again = govern("audit", "erase", "--contact", "marion", "--reason", "A letter", **CLEO)
    turned_down(again, "contact.unknown")


async def test_who_may_not_erase_is_refused(company: Company, govern: Govern, owner: asyncpg.Connection) -> None:
    await receive_dm(company.help)
    async with assert_nothing_changed(owner):
        command = ("audit", "erase", "--contact", "marion", "--reason", "A letter")
        turned_down(govern(*command), "member.nobody_acts")
        turned_down(govern(*command, "--as", "ada@example.com"), "access.denied")
        turned_down(
            govern("audit", "erase", "--member", "leo@example.com", "--reason", "A letter", **CLEO),
            "erasure.still_here",
        )


async def test_hold_keeps_content_until_it_is_lifted(company: Company, govern: Govern) -> None:
    await receive_dm(company.help)
    who = ("--contact", "marion", "--reason", "A claim is open")
    assert govern("audit", "hold", *who, **CLEO).returncode == 0
    turned_down(govern("audit", "erase", *who, **CLEO), "erasure.under_hold")
    assert json.loads(govern("audit", "hold", *who, "--lift", "--json", **CLEO).stdout)["held"] is False
    done = govern("audit", "erase", *who, "--ground", "retention", **CLEO)
    assert done.stdout.startswith("Erased 3 fields of contact:"), done.stderr


@pytest.mark.parametrize("named", [(), ("--contact", "a", "--member", "b@example.com")])
def test_exactly_one_subject_is_named(govern: Govern, named: tuple[str, ...]) -> None:
    done = govern("audit", "erase", *named, "--reason", "A letter")
    assert done.returncode == 2
    assert "Name one subject" in done.stderr


async def test_keys_are_wrapped_anew_and_the_old_wrapping_key_is_needed_once(
    company: Company, govern: Govern, owner: asyncpg.Connection
) -> None:
    live = await owner.fetchval("SELECT count(*) FROM audit.subject_key WHERE wrapped IS NOT NULL")
    assert live > 0
    old = f"old:{base64.b64encode(b'o' * 32).decode()}"
    turned_down(govern("audit", "rewrap", GOVERN_AUDIT_KEKS=old), "audit.missing_kek")
    done = govern("audit", "rewrap", GOVERN_AUDIT_KEKS="not a key")
    assert (done.returncode, "GOVERN_AUDIT_KEKS: key 1" in done.stderr) == (2, True)
    await owner.execute("DELETE FROM audit.subject_key")
    assert govern("member", "create", *WORDS, given="correct horse 7 battery", GOVERN_AUDIT_KEKS=old).returncode == 0
    done = govern("audit", "rewrap", "--json", GOVERN_AUDIT_KEKS=f"{NEW},{old}")
    assert json.loads(done.stdout) == {"keys": 1, "key": "new"}, done.stderr
    await assert_audited("keys.rewrapped", actor="system:rewrap", keys=1)
    assert current().secret_key not in done.stdout + done.stderr


WORDS = ("--email", "zoe@example.com", "--name", "Zoe", "--password-stdin", "--as", "ada@example.com")
