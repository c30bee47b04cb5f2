"""What a verification says: one claim per check, and the first entry that is not right."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec


class Found(StrEnum):
    """How a check ended."""

    PROVEN = "proven"
    FALSE = "false"
    NOT_CHECKED = "not checked"


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """One check, and what it found."""

    check: str
    found: Found
    says: str
    entry: int | None = None
    """Place in the log of the first entry concerned."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a verification found, from the entry `begin` up to, not including, the entry `size`."""

    claims: tuple[Claim, ...]
    origin: str
    begin: int
    size: int
    root: str
    """Hexadecimal; empty if there is no checkpoint to speak of."""

    @property
    def false(self) -> tuple[Claim, ...]:
        return tuple(claim for claim in self.claims if claim.found is Found.FALSE)

    @property
    def unchecked(self) -> tuple[Claim, ...]:
        return tuple(claim for claim in self.claims if claim.found is Found.NOT_CHECKED)

    @property
    def first_bad(self) -> int | None:
        """Place in the log of the first entry that is not right, where one can be named."""
        return min((claim.entry for claim in self.false if claim.entry is not None), default=None)


class Findings:
    """Collects what is wrong, check by check; of each check the first entry counts, the others are only counted."""

    def __init__(self) -> None:
        self._wrong: dict[str, tuple[int | None, str]] = {}
        self._times: dict[str, int] = {}
        self._skipped: dict[str, str] = {}

    def wrong(self, check: str, says: str, entry: int | None = None) -> None:
        """Say that a check failed."""
        self._times[check] = self._times.get(check, 0) + 1
        known = self._wrong.get(check)
        if known is None or (entry is not None and (known[0] is None or entry < known[0])):
            self._wrong[check] = (entry, says)

    def skip(self, check: str, why: str) -> None:
        """Say that a check could not be made; a failure of the same check weighs more."""
        self._skipped.setdefault(check, why)

    def failed(self, *checks: str) -> bool:
        """Tell whether one of these checks failed."""
        return any(check in self._wrong for check in checks)

    def claims(self, proven: Mapping[str, str]) -> Iterable[Claim]:
        """Give a claim for each of the checks, in their order; `proven` has the words for those that hold."""
        for check, holds in proven.items():
            if check in self._wrong:
                entry, says = self._wrong[check]
                more = self._times[check] - 1
                yield Claim(
                    check=check, found=Found.FALSE, says=says + (f" And {more} more." if more else ""), entry=entry
                )
            elif check in self._skipped:
                yield Claim(check=check, found=Found.NOT_CHECKED, says=self._skipped[check])
            else:
                yield Claim(check=check, found=Found.PROVEN, says=holds)
