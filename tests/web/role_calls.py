"""What is to be known of a route to call it as somebody who may, and as somebody who may not."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from govern.domain.actions import Action
from tests.web.role_world import Thing


class At(StrEnum):
    """Where a route asks for its right."""

    ACCOUNT = "account"
    BRAND = "brand"
    COMPANY = "company"
    SOMEWHERE = "somewhere"
    """Anywhere at all: what is shown depends on where."""
    HELD = "held"
    """Where the person holds a role: for one's own things."""
    NEVER = "never"
    """Nobody has it: these are other people's own things."""


class Seen(StrEnum):
    """Who may know of what a request is about: others hear the same as if it did not exist."""

    BY_READERS = "readers"
    """Whoever reads the account, or something of the brand."""
    BY_ADMINISTRATION = "administration"
    """Whoever sees who may do what there."""
    SOMEWHERE = "somewhere"
    """Whoever sees who may do what anywhere."""
    BY_NOBODY = "nobody"
    """Whoever has no right hears the same."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A valid request. `listing` shows what one may see, to everybody."""

    thing: str = "account"
    body: Callable[[Thing], Mapping[str, Any]] | None = None
    query: Callable[[Thing], Mapping[str, Any]] | None = None
    files: Callable[[Thing], Mapping[str, Any]] | None = None
    at: At = At.ACCOUNT
    action: Action | None = None
    """Which one of those declared, if there are several; or what the service asks beside."""
    seen: Seen = Seen.BY_READERS
    listing: bool = False
