"""X's rate windows as rows: a claim takes one call out of each, an answer of X corrects them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from govern.database import rows
from govern.domain.ids import uuid7
from govern.domain.messages import Kind
from govern.domain.x_limits import DAY, QUARTER, X_APP, Bucket, Family, Limits, RateSeen, buckets_of, has_room
from govern.tables import RateWindow

MOST = 2**31 - 1

# The app's rows come last: whoever holds one waits for nothing else any more.
_ROWS = """
SELECT id, bucket, account IS NULL AS app, quota, remaining, opened_at, reset_at, seen_at FROM rate_window
 WHERE x_app = {} AND bucket = ANY({}) AND (account = {} OR account IS NULL)
 ORDER BY account NULLS LAST, bucket
"""
_LOCK = _ROWS + " FOR UPDATE"
_MAKE = """
INSERT INTO rate_window (id, x_app, account, bucket, quota, remaining, opened_at, reset_at)
VALUES ({}, {}, {}, {}, {}, {}, {}, {}) ON CONFLICT (x_app, bucket, account) DO NOTHING
"""
_WRITE = "UPDATE rate_window SET quota = {}, remaining = {}, opened_at = {}, reset_at = {} WHERE id = {}"
# What others took of the app's window since X counted is not given back; another quota or window is believed as it is.
_TELL = """
INSERT INTO rate_window AS w (id, x_app, account, bucket, quota, remaining, opened_at, reset_at, seen_at)
VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {})
ON CONFLICT (x_app, bucket, account) DO UPDATE SET
  quota = excluded.quota, reset_at = excluded.reset_at, opened_at = excluded.opened_at, seen_at = excluded.seen_at,
  remaining = CASE WHEN w.account IS NULL AND w.quota = excluded.quota AND w.reset_at > excluded.seen_at
                   THEN least(w.remaining, excluded.remaining) ELSE excluded.remaining END
"""
_GIVE_BACK = """
UPDATE rate_window SET remaining = least(remaining + 1, quota)
 WHERE x_app = {} AND bucket = ANY({}) AND (account = {} OR account IS NULL) AND opened_at <= {} AND reset_at > {}
"""


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """A window as it stands now; `seen_at` None: X has not told of it yet."""

    bucket: Bucket
    quota: int
    remaining: int
    opened_at: datetime
    reset_at: datetime
    seen_at: datetime | None = None
    id: UUID | None = None


class Full(msgspec.Struct, frozen=True, kw_only=True):
    """Why nothing more goes now, and until when; `kept`: what is left is for answers."""

    window: Window
    kept: bool

    @property
    def sentence(self) -> str:
        """Say it to whoever waits for the message."""
        whose = "of all accounts together" if self.window.bucket.app else "of this account"
        what = "direct messages" if self.window.bucket.name.startswith("dm") else "posts"
        until = f"{self.window.reset_at:%Y-%m-%d %H:%M} UTC"
        if self.kept:
            return f"What X still takes of {what} {whose} until {until} is kept for answers."
        return f"X takes no more {what} {whose} before {until}."


async def find_full(account: UUID, kind: Kind, lane: int, *, limits: Limits, now: datetime) -> Full | None:
    """Look, without a lock, whether X takes one more now."""
    return _first_full(await _windows(account, kind, limits, now), lane)


async def take_one(account: UUID, kind: Kind, lane: int, *, limits: Limits, now: datetime) -> Full | None:
    """Take one call out of every window that counts it, in the caller's transaction; nothing, if one is full."""
    for window in await _windows(account, kind, limits, now):
        if window.id is None:
            await _make(account, window, now)
    windows = await _windows(account, kind, limits, now, lock=True)
    if (full := _first_full(windows, lane)) is not None:
        return full
    for window in windows:
        await RateWindow.raw(_WRITE, window.quota, window.remaining - 1, window.opened_at, window.reset_at, window.id)
    return None


async def give_back(account: UUID, kind: Kind, *, taken_at: datetime, now: datetime) -> None:
    """Put back what was taken for a call that never left, where the window is still the same."""
    await RateWindow.raw(_GIVE_BACK, X_APP, _names(kind), account, taken_at, now)


async def tell_windows(account: UUID, kind: Kind, seen: Iterable[RateSeen], *, now: datetime) -> None:
    """Believe what X says of its windows; what it leaves out stays as it is known."""
    order = list(Family)
    for each in sorted(seen, key=lambda rate: order.index(rate.family)):
        name, span, app = _place(kind, each.family)
        known = next((row for row in await _read(account, [name]) if row["app"] is app), None)
        row = known or {"quota": 0, "remaining": 0, "reset_at": now + span}
        quota = row["quota"] if known and each.refused else _said(each.limit, row["quota"])
        remaining = _said(each.remaining, row["remaining"])
        reset_at = min(each.reset_at or row["reset_at"], now + span)  # a window never lasts longer than it is
        await RateWindow.raw(
            _TELL,
            uuid7(now),
            X_APP,
            None if app else account,
            name,
            max(quota, remaining),
            remaining,
            min(reset_at - span, now),
            reset_at,
            now,
        )


async def list_windows(account: UUID | None, kind: Kind, *, limits: Limits, now: datetime) -> Sequence[Window]:
    """Return the windows of an account and kind, or, without an account, those of the whole X app, as they stand now."""
    found = await _windows(account, kind, limits, now)
    return [window for window in found if window.bucket.app is (account is None)]


async def _windows(
    account: UUID | None, kind: Kind, limits: Limits, now: datetime, *, lock: bool = False
) -> Sequence[Window]:
    """Return every window that counts a call, the app's last: those of `x.toml`, and those X told of."""
    known = {(row["bucket"], row["app"]): row for row in await _read(account, _names(kind), lock=lock)}
    told = buckets_of(kind, limits)
    further = [
        Bucket(name, QUARTER if name == _names(kind)[0] else DAY, row["quota"], _kept(limits, app=app), app=app)
        for (name, app), row in known.items()
        if (name, app) not in {(each.name, each.app) for each in told}
    ]
    buckets = sorted((*told, *further), key=lambda each: each.app)
    return [_now(bucket, known.get((bucket.name, bucket.app)), now) for bucket in buckets]


def _now(bucket: Bucket, row: dict[str, Any] | None, now: datetime) -> Window:
    """Return a window, opened anew where its time is over: with X's own quota, if X ever told it."""
    if row is None:
        quota = bucket.quota
        return Window(bucket=bucket, quota=quota, remaining=quota, opened_at=now, reset_at=now + bucket.span)
    window = msgspec.convert({**row, "bucket": bucket}, Window)
    quota = window.quota if window.seen_at is not None and window.quota > 0 else max(bucket.quota, 1)
    if window.reset_at > now:
        used = window.quota - window.remaining
        return msgspec.structs.replace(window, quota=quota, remaining=max(0, quota - used))
    return msgspec.structs.replace(window, quota=quota, remaining=quota, opened_at=now, reset_at=now + bucket.span)


def _first_full(windows: Sequence[Window], lane: int) -> Full | None:
    for window in windows:
        percent = window.bucket.kept_percent
        if not has_room(remaining=window.remaining, quota=window.quota, percent=percent, lane=lane):
            return Full(window=window, kept=window.remaining > 0)
    return None


async def _make(account: UUID, window: Window, now: datetime) -> None:
    owner = None if window.bucket.app else account
    await RateWindow.raw(
        _MAKE,
        uuid7(now),
        X_APP,
        owner,
        window.bucket.name,
        window.quota,
        window.remaining,
        window.opened_at,
        window.reset_at,
    )


async def _read(account: UUID | None, names: Sequence[str], *, lock: bool = False) -> list[dict[str, Any]]:
    if lock:
        return rows(await RateWindow.raw(_LOCK, X_APP, list(names), account))
    return rows(await RateWindow.raw(_ROWS, X_APP, list(names), account))


def _said(number: int | None, known: int) -> int:
    return known if number is None else min(number, MOST)


def _names(kind: Kind) -> list[str]:
    operation = "dm" if kind is Kind.DM else "post"
    return [operation, f"{operation}_day"]


def _place(kind: Kind, family: Family) -> tuple[str, timedelta, bool]:
    quarter, day = _names(kind)
    return (quarter, QUARTER, False) if family is Family.WINDOW else (day, DAY, family is Family.APP_DAY)


def _kept(limits: Limits, *, app: bool) -> int:
    return limits.answers_app_day_percent if app else limits.answers_percent
