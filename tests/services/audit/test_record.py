"""Recording: canonical, in the change's own transaction, or refused."""

import asyncio
from typing import Any

import pytest

from govern.database import transaction
from govern.domain.actions import Decision, Reason
from govern.domain.audit import (
    AccountEdited,
    BadEntry,
    Change,
    EntryNotFound,
    MessageBlocked,
    MessageRejected,
    ObjectRef,
    Outcome,
    SystemStarted,
)
from govern.domain.members import PUBLISHER
from govern.services import audit
from govern.services.audit import Receipt
from govern.tlog.canonical import leaf_hash, parse
from tests.services.audit.conftest import DIGEST, EVERYTHING, HERE, NOW, Company, approve, record, text_of


async def test_entry_holds_the_canonical_text_and_its_leaf_hash(company: Company, request_id: str) -> None:
    decision = Decision(
        allowed=True,
        reason=Reason.ALLOWED,
        action="message.approve",
        scope=company.scope,
        digest="sha256:" + DIGEST,
        rule="brand_manager.message.approve",
        via_role="brand_manager",
        via_scope=f"brand:{company.tag}",
        via_grant="g-1",
    )
    receipt = await approve(company, decision=decision, refs=[ObjectRef("approval", company.brand)])
    text = await text_of(receipt)
    entry = parse(text)
    assert isinstance(entry, dict)
    assert receipt.leaf_hash == leaf_hash(text)
    assert isinstance(promised := entry.pop("commit"), dict)
    assert set(promised) == {"comment"}
    assert entry == {
        "v": 1,
        "log": "govern.local/audit",
        "id": str(receipt.entry_id),
        "at": "2026-11-22T13:29:07.412000Z",
        "action": "message.approved",
        "outcome": "done",
        "actor": {"kind": "member", "id": f"member:{company.mia}", "via": "panel", "factors": ["password"]},
        "object": {"kind": "message", "id": str(company.message), "rev": 3},
        "refs": [{"kind": "approval", "id": str(company.brand)}],
        "scope": company.scope,
        "data": {"revision": 3, "digest": DIGEST, "approvals": 1, "required": 1, "edited": False},
        "change": {},
        "ctx": {
            "request": request_id,
            "rule": "brand_manager.message.approve",
            "via": {"role": "brand_manager", "scope": f"brand:{company.tag}", "grant": "g-1"},
            "digest": "sha256:" + DIGEST,
            "govern": "0.1.0",
        },
    }


async def test_record_needs_a_transaction() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        await audit.record(
            SystemStarted(process="web", version="1"), actor=PUBLISHER, now=NOW, object=HERE, scope="company"
        )


async def reject_and_fail(company: Company, receipts: list[Receipt]) -> None:
    async with transaction():
        action = MessageRejected(revision=1, digest=DIGEST, comment="No")
        about = ObjectRef("message", company.message)
        receipts.append(await audit.record(action, actor=company.actor, now=NOW, object=about, scope=company.scope))
        raise ZeroDivisionError


async def test_entry_and_openings_roll_back_with_the_change(company: Company) -> None:
    receipts: list[Receipt] = []
    with pytest.raises(ZeroDivisionError):
        await reject_and_fail(company, receipts)
    with pytest.raises(EntryNotFound):
        await audit.get_entry(receipts[0].entry_id, scopes=EVERYTHING)
    assert await audit.openings(receipts[0].entry_id) == {}


@pytest.mark.parametrize(
    "given",
    [
        {"scope": "everywhere"},
        {"object": ObjectRef("Message", "1")},
        {"object": ObjectRef("message", "")},
        {"object": ObjectRef("message", "x" * 65)},
        {"change": {"topic": Change(0.5, 1)}},
        {"change": {"topic": Change({"Key": 1}, 1)}},
        {"change": {"topic": Change("\0", 1)}},
        {"refs": [HERE] * 51},
    ],
)
async def test_what_breaks_the_format_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(BadEntry):
        await record(AccountEdited(), **given)


async def test_outcome_is_the_actions_own_unless_given(company: Company) -> None:
    blocked = MessageBlocked(revision=1, rules=("PRM-1",))
    by_itself, given = await record(blocked), await record(blocked, outcome=Outcome.FAILED)
    assert (await audit.get_entry(by_itself.arrival, scopes=EVERYTHING)).outcome == "denied"
    assert (await audit.get_entry(given.arrival, scopes=EVERYTHING)).outcome == "failed"


async def test_entries_of_one_moment_keep_apart(company: Company) -> None:
    receipts = await asyncio.gather(*(asyncio.create_task(approve(company)) for _ in range(4)))
    assert len({receipt.entry_id for receipt in receipts}) == len({receipt.arrival for receipt in receipts}) == 4
