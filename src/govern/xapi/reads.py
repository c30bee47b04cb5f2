"""What X bills for reading: counted as it comes, for an estimate."""

from collections import Counter
from collections.abc import Collection, Iterable

from govern.domain.x_prices import CostKind
from govern.xapi.answers import Event, Post, User

_KINDS: tuple[tuple[type, CostKind], ...] = (
    (Post, CostKind.READ_POST),
    (Event, CostKind.READ_DM),
    (User, CostKind.READ_USER),
)


class Reads:
    """How many of each kind one client has read."""

    def __init__(self) -> None:
        self._counts: Counter[CostKind] = Counter()

    def count(self, items: Iterable[object], users: Collection[User] = ()) -> None:
        """Count what came and was not known before: X bills a thing once a day. A new item brings one new person at most."""
        kinds = [kind for item in items for form, kind in _KINDS if isinstance(item, form)]
        self._counts.update(kinds)
        if people := min(len(users), len(kinds)):
            self._counts[CostKind.READ_USER] += people

    def take(self) -> dict[CostKind, int]:
        """Return what was counted since the last time."""
        counts, self._counts = dict(self._counts), Counter()
        return counts
