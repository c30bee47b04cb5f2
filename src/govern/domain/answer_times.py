"""Until when somebody who wrote is to be answered: `[answer]` of `policies/approval.toml`."""

from datetime import timedelta

import msgspec

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def duration(text: str) -> timedelta:
    """Read a duration such as 15m, 1h or 2d.

    Raises:
        ValueError
    """
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not (number.isascii() and number.isdigit()) or int(number) == 0:
        raise ValueError(f"{text!r} is no duration such as 15m, 1h or 2d")
    return int(number) * _UNITS[unit]


class AnswerWithin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Other times for one account; an absent one is as everywhere."""

    public: str | None = None
    private: str | None = None


class AnswerTimes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Until when somebody who wrote is to be answered, from when they wrote."""

    public: str = "1h"
    private: str = "15m"
    accounts: dict[str, AnswerWithin] = {}

    def within(self, account: str, *, private: bool) -> timedelta:
        """Return the time for an answer of this account."""
        own = self.accounts.get(account, AnswerWithin())
        return duration((own.private or self.private) if private else (own.public or self.public))
