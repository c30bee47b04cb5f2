"""Everything one sandbox holds, handed to each handler."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from litestar.di import NamedDependency

from govern.sandbox.faults import FaultBook
from govern.sandbox.ids import Clock
from govern.sandbox.limits import Windows
from govern.sandbox.oauth import Verifier
from govern.sandbox.records import Reset
from govern.sandbox.state import State


@dataclass
class Rules:
    """The switches of X's own rules.

    `summoned_replies` is the rule of X's self-serve tier: reply to, or quote, only who mentioned or quoted you.
    """

    duplicates: bool = True
    summoned_replies: bool = False


@dataclass
class World:
    """State, clock, limits, faults and rules of one sandbox."""

    clock: Clock
    state: State
    verifier: Verifier
    windows: Windows = field(default_factory=Windows)
    faults: FaultBook = field(default_factory=FaultBook)
    rules: Rules = field(default_factory=Rules)

    @classmethod
    def build(cls, state_file: Path | None, app_keys: tuple[str, str] | None) -> Self:
        clock = Clock()
        state = State(clock, state_file, app_keys)
        return cls(clock=clock, state=state, verifier=Verifier(state))

    def reset(self) -> None:
        """Forget posts, direct messages, customers, faults, windows and rules; accounts and credentials stay."""
        self.state.add(Reset())
        self.faults.clear()
        self.windows.clear()
        self.rules = Rules()


TheWorld = NamedDependency[World]
