"""OAuth 2 grants and their tokens, as the records tell them."""

from datetime import datetime
from typing import assert_never

import msgspec

from govern.sandbox.records import Expired, Grant, GrantRecord, Revoked, Tokens


class Lost(msgspec.Struct, frozen=True):
    """A refresh token that is worth nothing, and whether its whole grant is over."""

    grant_over: bool


class Grants:
    """Who may act for whom, with which tokens."""

    def __init__(self) -> None:
        self._grants: dict[int, Grant] = {}
        self._current: dict[int, Tokens] = {}
        self._access: dict[str, Tokens] = {}
        self._refresh: dict[str, int] = {}
        self._over: set[int] = set()

    def apply(self, record: GrantRecord) -> None:
        match record:
            case Grant():
                self._grants[record.id] = record
            case Tokens():
                self._access[record.access] = self._current[record.grant] = record
                if record.refresh:
                    self._refresh[record.refresh] = record.grant
            case Expired():
                self._access.pop(record.access, None)
            case Revoked():
                self._over.add(record.grant)
            case _:
                assert_never(record)

    def of_access(self, token: str, now: datetime) -> Grant | None:
        """Return the grant an access token stands for, while it lives."""
        tokens = self._access.get(token)
        if tokens is None or tokens.grant in self._over or now.timestamp() >= tokens.expires_at:
            return None
        return self._grants[tokens.grant]

    def of_refresh(self, token: str) -> Grant | Lost:
        """Return the grant whose newest refresh token this is; one that was used before is lost."""
        grant = self._refresh.get(token)
        if grant is None or grant in self._over:
            return Lost(grant is not None)
        return self._grants[grant] if self._current[grant].refresh == token else Lost(grant_over=False)

    def holding(self, token: str) -> int | None:
        """Return the id of the grant a token of either kind belongs to, whatever it is worth."""
        known = self._access.get(token)
        return known.grant if known else self._refresh.get(token)

    def living(self, user: int) -> list[Grant]:
        """Return what a user has granted and not taken back."""
        return [grant for grant in self._grants.values() if grant.user == user and grant.id not in self._over]

    def user_of(self, grant: int) -> int:
        return self._grants[grant].user

    def newest_access(self, grant: int) -> str | None:
        tokens = self._current.get(grant)
        return tokens.access if tokens else None
