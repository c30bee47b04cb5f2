"""The accounts we run on X, the brands that group them, and the scopes both make."""

import re
from enum import StrEnum
from uuid import UUID

import msgspec

from govern.errors import N_, Conflict, Invalid

COMPANY = "company"
LANGUAGES = ("en", "fr")
HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}")
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,38}")


class AccountKind(StrEnum):
    """What an account speaks for."""

    BRAND = "brand"
    """The brand itself."""
    THEMATIC = "thematic"
    """One topic."""


class AccountState(StrEnum):
    """Whether we may act as the account."""

    CONNECTED = "connected"
    """Its credentials work."""
    NEEDS_REAUTH = "needs_reauth"
    """X refused its credentials; an admin must connect it again."""
    DISCONNECTED = "disconnected"
    """No credentials."""


class Objective(StrEnum):
    """What an account is for."""

    RELATE = "relate"
    """Build and keep relations with the people who follow it."""
    INFLUENCE = "influence"
    """Argue for the company's views."""
    INFORM = "inform"
    """Tell news and facts."""
    ALERT = "alert"
    """Warn, fast, when something is wrong."""
    DIALOGUE = "dialogue"
    """Answer people and talk with them."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An X account we run."""

    id: UUID
    handle: str
    name: str
    brand: str
    """The brand's slug."""
    brand_id: UUID
    brand_name: str
    scope: str
    kind: AccountKind
    topic: str
    objectives: tuple[Objective, ...]
    zone: str
    language: str
    colour: int
    """1 to 6: which of the panel's account colours marks it."""
    state: AccountState
    x_user_id: str | None
    length_limit: int
    undo_window_seconds: int
    version: int = 1
    monthly_ceiling: int | None = None
    """What its messages may cost in a month, in whole US dollars; None: what `x.toml` says."""


class UnknownHandle(Invalid):
    code = "account.bad_handle"
    template = N_("{handle} is not a handle: 1 to 15 letters, digits or _.")


class AccountExists(Conflict):
    code = "account.exists"
    template = N_("@{handle} is already here.")


class WrongXUser(Conflict):
    """The credentials belong to another X user than the account."""

    code = "account.wrong_x_user"
    template = N_("These credentials are for @{actual}, not for @{expected}. Nothing was saved.")


def parse_handle(text: str) -> str:
    """Read a handle, with or without its @.

    Raises:
        UnknownHandle: it has other characters than X allows, or more than 15.
    """
    handle = text.strip().removeprefix("@")
    if not HANDLE.fullmatch(handle):
        raise UnknownHandle(handle=text[:40])
    return handle


def account_scope(handle: str) -> str:
    """Return the scope of an account: fixed when it is created, even if its handle changes on X."""
    return f"account:{handle}"


def brand_scope(slug: str) -> str:
    return f"brand:{slug}"
