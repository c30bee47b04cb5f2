"""A send that is hit at each point of its life: never twice, never lost in silence, never "failed" when it is out."""

from collections.abc import Mapping

import pytest

from govern.domain.messages import Kind
from tests.crash.points import IS_OUT, NEVER_LEFT, Blow, Point
from tests.crash.scene import KINDS, Cell, Ended

Struck = tuple[Blow, Mapping[Cell, Ended]]


def expected(blow: Blow, point: Point, kind: Kind) -> tuple[str, int]:
    """Return the state a message ends in, and how often it is on X.

    Where nobody can tell, X is read: what it has is sent; of what it does not have, a plain post goes once more.
    """
    proven = blow is Blow.CANCEL and point in NEVER_LEFT
    if point in IS_OUT or blow is Blow.DATABASE or proven or kind is Kind.POST:
        return "sent", 1
    return "outcome_unknown", 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("point", list(Point))
async def test_hit_there_it_ends_in_the_right_state(struck: Struck, point: Point, kind: Kind) -> None:
    blow, found = struck
    ended = found[point, kind]
    assert (ended.state, ended.out) == expected(blow, point, kind), ended.outcomes
