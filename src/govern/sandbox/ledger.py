"""What calls cost, and the credits they are paid with. Prices are X's of August 2026, in millionths of a dollar."""

from enum import StrEnum


class Charge(StrEnum):
    """What X bills."""

    POST = "post"
    POST_WITH_URL = "post_with_url"
    SUMMONED_REPLY = "summoned_reply"
    DM = "dm"
    MEDIA_METADATA = "media_metadata"
    READ_POST = "read_post"
    READ_DM = "read_dm"
    READ_USER = "read_user"


PRICES: dict[Charge, int] = {
    Charge.POST: 15_000,
    Charge.POST_WITH_URL: 200_000,
    Charge.SUMMONED_REPLY: 10_000,
    Charge.DM: 15_000,
    Charge.MEDIA_METADATA: 5_000,
    Charge.READ_POST: 5_000,
    Charge.READ_DM: 10_000,
    Charge.READ_USER: 10_000,
}


class Ledger:
    """What was billed to the X app; `credit` is what is left, or None while nobody counts."""

    def __init__(self) -> None:
        self.credit: int | None = None
        self.counts: dict[Charge, int] = {}

    @property
    def empty(self) -> bool:
        return self.credit is not None and self.credit <= 0

    @property
    def spent(self) -> int:
        return sum(PRICES[charge] * count for charge, count in self.counts.items())

    def bill(self, charge: Charge, count: int = 1) -> None:
        """Charge for what was done or read; the last call may take the credit below zero, as with X."""
        if count == 0:
            return
        self.counts[charge] = self.counts.get(charge, 0) + count
        if self.credit is not None:
            self.credit -= PRICES[charge] * count

    def clear(self) -> None:
        self.credit = None
        self.counts.clear()
