"""Receipts of what a request recorded: its answer carries them, so that whoever asked can demand the proofs later."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

import msgspec

from govern.database import after_commit

_kept: ContextVar[list["Receipt"] | None] = ContextVar("govern_receipts", default=None)


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller may keep, to demand the proof of its entry later."""

    entry_id: UUID
    arrival: int
    leaf_hash: bytes


@contextmanager
def kept_receipts() -> Iterator[list[Receipt]]:
    """Give a list that gains the receipt of each entry the block commits, in their order."""
    receipts: list[Receipt] = []
    before = _kept.set(receipts)
    try:
        yield receipts
    finally:
        _kept.reset(before)


def keep_receipt(receipt: Receipt) -> None:
    """Keep the receipt for whoever collects them, once its transaction is committed: before that it is no entry."""
    receipts = _kept.get()
    if receipts is not None:
        after_commit(lambda: receipts.append(receipt))
