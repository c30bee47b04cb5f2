"""What a post or a message may carry: uploads of its own author, ready and not too old."""

from govern.sandbox import problems
from govern.sandbox.ids import time_of
from govern.sandbox.problems import invalid, read_id
from govern.sandbox.records import User
from govern.sandbox.uploads import LIFE
from govern.sandbox.world import World

MAX_IMAGES = 4


def usable(world: World, user: User, given: list[str]) -> tuple[int, ...]:
    """Return the uploads a post or message may carry.

    Raises:
        ApiError: 400 for one that is not there, not theirs, not ready or a day old, and for more than four.
    """
    ids = tuple(read_id(each, "media_ids") for each in given)
    now = world.clock.now()
    if len(set(ids)) != len(ids) or not 1 <= len(ids) <= MAX_IMAGES:
        raise invalid(problems.BAD_MEDIA, media_ids=",".join(given))
    for each in ids:
        found = world.state.media.get(each)
        fit = found and found.owner == user.id and not found.failed and found.ready_at <= now.timestamp()
        if not fit or time_of(each) + LIFE <= now:
            raise invalid(problems.BAD_MEDIA, media_ids=str(each))
    return ids
