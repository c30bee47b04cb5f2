"""The right to write: what a person's consent events allow one account to send them in private. Pure."""

from calendar import monthrange
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from govern.domain.consent import (
    CONFIRM_WITHIN,
    OPT_IN_EVIDENCE,
    ConsentEvent,
    ConsentKind,
    ConsentRules,
    DmPermission,
    OptOutScope,
    PermissionState,
    Purpose,
)


def dm_permission(
    events: Iterable[ConsentEvent],
    *,
    account: UUID,
    brand: UUID,
    now: datetime,
    rules: ConsentRules,
    open_conversation: bool = False,
) -> DmPermission:
    """Derive what `account` of `brand` may write to one contact at `now` from all of that contact's events.

    Their order does not matter. What gives a right counts from its time on; what takes one away counts even when its time
    lies ahead of `now`, because clocks differ and a stop must not wait. On equal times the stop is the later one.
    """
    history = _History(events, account=account, brand=brand, now=now, rules=rules)
    window = rules.window(open_conversation=open_conversation)
    stop, opt_in, opener = history.stop, history.opt_in(), history.opener()
    if stop and not (opt_in and opt_in.counts_from > stop.counts_from):
        wrote = history.wrote_after(stop)
        if wrote and now < wrote.counts_from + window:
            until = wrote.counts_from + window
            return DmPermission(PermissionState.OPTED_OUT_THEN_WROTE, until, (stop.id, wrote.id))
        return DmPermission(PermissionState.OPTED_OUT, None, (stop.id,))
    if opt_in:
        return DmPermission(PermissionState.OPTED_IN, history.expiry(opt_in), (opt_in.id,))
    if opener and now < opener.counts_from + window:
        return DmPermission(PermissionState.SERVICE_WINDOW, opener.counts_from + window, (opener.id,))
    return DmPermission(PermissionState.UNSOLICITED, None, (opener.id,) if opener else ())


def newest_opener(events: Iterable[ConsentEvent], *, account: UUID, now: datetime) -> ConsentEvent | None:
    """Return what opened, or would open, the account's service window last: they wrote, or asked us to write."""
    return _last(
        event for event in events if event.kind in _OPENERS and event.account == account and event.counts_from <= now
    )


def may_confirm(stop: ConsentEvent, events: Iterable[ConsentEvent], *, now: datetime) -> bool:
    """Tell whether a stop may be confirmed now: the only private message that leaves without a right to write.

    It answers a stop of everything that was said to this account, within minutes, unless the person blocked the account.
    """
    asked = stop.kind is ConsentKind.OPT_OUT and stop.purpose is Purpose.ALL and stop.account is not None
    in_time = stop.counts_from <= now <= stop.counts_from + CONFIRM_WITHIN
    blocked = any(event.kind is ConsentKind.CONTACT_BLOCKED and event.account == stop.account for event in events)
    return asked and in_time and not blocked


def add_months(start: datetime, months: int) -> datetime:
    """Return the same day so many months later, or the last day of that month where it is shorter."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return start.replace(year=year, month=month + 1, day=min(start.day, monthrange(year, month + 1)[1]))


_OPENERS = frozenset({ConsentKind.INBOUND_DM, ConsentKind.INVITE_ACCEPTED})


class _History:
    """The events of one contact as one account of one brand sees them."""

    def __init__(
        self, events: Iterable[ConsentEvent], *, account: UUID, brand: UUID, now: datetime, rules: ConsentRules
    ) -> None:
        self.account, self.brand, self.now, self.rules = account, brand, now, rules
        by_kind: dict[ConsentKind, list[ConsentEvent]] = {kind: [] for kind in ConsentKind}
        for event in events:
            by_kind[event.kind].append(event)
        self._by_kind: Mapping[ConsentKind, list[ConsentEvent]] = by_kind
        self._erased = _last(by_kind[ConsentKind.ERASED])
        self.stop = _last(self._stops())

    def _here(self, event: ConsentEvent) -> bool:
        """Tell whether it happened at this account or brand; an event without a place happened everywhere."""
        nowhere = event.account is None and event.brand is None
        return nowhere or event.account == self.account or event.brand == self.brand

    def _reaches(self, event: ConsentEvent) -> bool:
        return self.rules.opt_out_scope is OptOutScope.COMPANY or self._here(event)

    def _stops(self) -> list[ConsentEvent]:
        said = [
            event
            for event in self._by_kind[ConsentKind.OPT_OUT]
            if event.purpose is not Purpose.PROMOTIONAL and self._reaches(event)
        ]
        blocked = [event for event in self._by_kind[ConsentKind.CONTACT_BLOCKED] if event.account == self.account]
        return said + blocked

    def _gives(self, event: ConsentEvent) -> bool:
        """Tell whether the event can give a right: it happened, and nothing was erased since."""
        return event.counts_from <= self.now and not (self._erased and event.counts_from <= self._erased.counts_from)

    def _openers(self) -> list[ConsentEvent]:
        found = [event for kind in _OPENERS for event in self._by_kind[kind]]
        return [event for event in found if event.account == self.account and self._gives(event)]

    def opener(self) -> ConsentEvent | None:
        """Return what opened this account's newest window, whether it is still open or not."""
        return _last(self._openers())

    def wrote_after(self, stop: ConsentEvent) -> ConsentEvent | None:
        """Return their newest message strictly after the stop; the message that says stop is not one."""
        return _last(
            event
            for event in self._openers()
            if event.kind is ConsentKind.INBOUND_DM
            and event.counts_from > stop.counts_from
            and (event.source, event.source_event_id) != (stop.source, stop.source_event_id)
        )

    def opt_in(self) -> ConsentEvent | None:
        """Return the brand's newest valid consent to promotion."""
        if self._doubt_open():
            return None
        return _last(event for event in self._by_kind[ConsentKind.OPT_IN] if self._valid(event))

    def _valid(self, event: ConsentEvent) -> bool:
        agreed = event.brand == self.brand and event.purpose is not Purpose.SERVICE and self._gives(event)
        proven = (event.evidence or {}).keys() >= OPT_IN_EVIDENCE
        return agreed and proven and not self._withdrawn(event) and self.now < self.expiry(event)

    def _withdrawn(self, opt_in: ConsentEvent) -> bool:
        return any(
            event.counts_from >= opt_in.counts_from and self._reaches(event)
            for event in self._by_kind[ConsentKind.OPT_OUT]
        )

    def _doubt_open(self) -> bool:
        doubt = _last(event for event in self._by_kind[ConsentKind.OPT_OUT_DOUBTFUL] if self._reaches(event))
        return doubt is not None and not any(
            doubt.counts_from < event.counts_from <= self.now and self._reaches(event)
            for event in self._by_kind[ConsentKind.DOUBT_CLEARED]
        )

    def expiry(self, opt_in: ConsentEvent) -> datetime:
        """Return when a consent ends: so many months after the last sign of life that came before it had ended."""
        ends = add_months(opt_in.counts_from, self.rules.opt_in_months)
        signs = [
            event for kind in _OPENERS for event in self._by_kind[kind] if self._here(event) and self._gives(event)
        ]
        for sign in sorted(signs, key=lambda event: event.counts_from):
            if opt_in.counts_from < sign.counts_from < ends:
                ends = max(ends, add_months(sign.counts_from, self.rules.opt_in_months))
        return ends


def _last(events: Iterable[ConsentEvent]) -> ConsentEvent | None:
    return max(events, key=lambda event: (event.counts_from, event.id), default=None)
