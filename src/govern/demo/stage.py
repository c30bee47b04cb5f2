"""What the steps of seeding share, and what they keep between two starts."""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

import msgspec

from govern.access import Access
from govern.domain.members import Actor, Via, member_actor
from govern.services.members import UnknownMember, find_by_email
from govern.services.policies import Policies
from govern.settings import Settings
from govern.xapi.vault import Vault

FILE = "demo.json"
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is mistaken for another when typed


class Secrets(msgspec.Struct):
    """How one person of the demo signs in."""

    password: str
    token: str = ""


class Kept(msgspec.Struct):
    """What only this folder knows: the sign-ins, and how far the seeding came."""

    finished: bool = False
    people: dict[str, Secrets] = msgspec.field(default_factory=dict)
    inbound: dict[str, str] = msgspec.field(default_factory=dict)
    """Posts of customers in the sandbox, by our name for them: their ids on X."""

    @classmethod
    def load(cls, folder: Path) -> Self:
        file = folder / FILE
        return msgspec.json.decode(file.read_bytes(), type=cls) if file.is_file() else cls()

    def save(self, folder: Path) -> None:
        """Write it in one step, readable for its owner alone."""
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / f".{FILE}.new"
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(msgspec.json.format(msgspec.json.encode(self)))
        fresh.replace(folder / FILE)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One run of the seeding: the rules, the clock, what is kept."""

    settings: Settings
    access: Access
    policies: Policies
    vault: Vault
    clock: Callable[[], datetime]
    kept: Kept

    def keep(self) -> None:
        self.kept.save(self.settings.data_dir)


async def acting_as(email: str) -> Actor:
    """Return a person of the demo as the one who acts."""
    member = await find_by_email(email)
    if member is None:
        raise UnknownMember(name=email)
    return member_actor(member.id, member.name, via=Via.CLI, factors=(), fresh=True)


def make_password() -> str:
    """Make a password of 15 letters and digits, about 74 bits, easy to type."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(3))
    return "-".join(groups)
