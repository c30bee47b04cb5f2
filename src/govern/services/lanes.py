"""Which lane a publication takes: who waits for an answer comes first."""

from govern.domain.messages import Message
from govern.domain.x_limits import ANSWERS, REST, TIMED
from govern.services.conversation_clock import answer_due


async def choose_lane(message: Message, *, timed: bool) -> int:
    """Return the lane of a message: an answer while its clock runs, a fixed time, or the rest.

    A private message to who did not write, or has their answer, is no answer; what confirms an opt-out is one.
    """
    if message.confirms is not None or await answer_due(message) is not None:
        return ANSWERS
    return TIMED if timed else REST
