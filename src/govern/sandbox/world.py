"""Everything one sandbox holds, handed to each handler."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Self

from litestar.di import NamedDependency

from govern.sandbox.callers import Callers
from govern.sandbox.codes import Codes
from govern.sandbox.courier import Courier
from govern.sandbox.faults import FaultBook
from govern.sandbox.ids import Clock
from govern.sandbox.ledger import Ledger
from govern.sandbox.limits import Windows
from govern.sandbox.records import App, Reset
from govern.sandbox.state import State
from govern.sandbox.uploads import Uploads

RETRIES = (1.0, 5.0, 30.0)
"""Seconds between one try to deliver an event and the next."""


class Tier(StrEnum):
    """The contract with X."""

    SELF_SERVE = "self_serve"
    """Replies only where the account was summoned, no quotes of others, one cashtag at most."""
    ENTERPRISE = "enterprise"
    """None of these."""


@dataclass
class Rules:
    """The switches of X's own rules. `duplicates` is on, off, or looks back so many minutes."""

    duplicates: bool | int = True
    tier: Tier = Tier.ENTERPRISE
    media_seconds: float = 0.0
    """How long X works on an upload before a post may use it."""

    def duplicates_since(self, now: datetime) -> datetime | None:
        """Return from when on a post counts as a twin; None: none does."""
        if isinstance(self.duplicates, bool):
            return datetime.fromtimestamp(0, now.tzinfo) if self.duplicates else None
        return now - timedelta(minutes=self.duplicates)


@dataclass
class World:
    """State, clock, limits, credits, faults and rules of one sandbox, and who brings its events away."""

    clock: Clock
    state: State
    callers: Callers
    courier: Courier
    faults: FaultBook
    codes: Codes
    uploads: Uploads = field(default_factory=Uploads)
    windows: Windows = field(default_factory=Windows)
    ledger: Ledger = field(default_factory=Ledger)
    rules: Rules = field(default_factory=Rules)

    @classmethod
    def build(cls, state_file: Path | None, app: App | None, retries: tuple[float, ...] = RETRIES) -> Self:
        clock = Clock()
        state = State(clock, state_file, app)
        faults = FaultBook()
        courier = Courier(state, clock, faults, retries)
        return cls(
            clock=clock,
            state=state,
            callers=Callers(state, clock),
            courier=courier,
            faults=faults,
            codes=Codes(clock),
        )

    def reset(self) -> None:
        """Forget all but our accounts, their credentials and what they granted."""
        self.state.add(Reset())
        for part in (self.faults, self.windows, self.ledger, self.uploads, self.courier):
            part.clear()
        self.rules = Rules()


TheWorld = NamedDependency[World]
