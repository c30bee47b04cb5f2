"""Groups of letters and digits put together, where blanks or dashes cut a number into parts."""

from collections.abc import Sequence
from itertools import accumulate, product

BETWEEN = frozenset({"\n", *("".join(signs) for count in (1, 2, 3) for signs in product(" ./_:|-", repeat=count))})
"""What may stand between two groups of a number."""


class Groups:
    """The tokens of a text without what stands between them; whether so many characters end with a token is one look-up."""

    def __init__(self, texts: Sequence[str], gaps: Sequence[str]) -> None:
        self._solid = "".join(texts)
        self._ends = list(accumulate(map(len, texts)))
        self._tokens = {end: number for number, end in enumerate(self._ends)}
        self._rows = list(accumulate(gap not in BETWEEN for gap in gaps))
        """Tokens of the same row may be groups of one number."""

    def joined(self, first: int, length: int) -> tuple[str, int] | None:
        """Return `length` characters from a token on, over its groups, and the token they end with; None if none does."""
        start = self._ends[first - 1] if first else 0
        last = self._tokens.get(start + length)
        if last is None or self._rows[first] != self._rows[last]:
            return None
        return self._solid[start : start + length], last
