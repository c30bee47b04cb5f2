"""Where a send is stopped, how it is hit there, and what must come of it in the end."""

from enum import StrEnum


class Point(StrEnum):
    """A moment in the life of an attempt."""

    CLAIMED = "claimed"
    """The claim is committed and in the log; nothing else was done."""
    BEFORE_CONNECT = "before_connect"
    """The client is about to connect."""
    CONNECTED = "connected"
    """The connection stands; X has not seen a byte."""
    HALF_BODY = "half_body"
    """X has the head and half of the body."""
    COMMITTED = "committed"
    """X has it; the answer is on its way."""
    ANSWERED = "answered"
    """The answer is in hand; nothing is written."""
    SETTLING = "settling"
    """In the middle of the transaction that writes it."""
    SETTLED = "settled"
    """It is written; the job goes on to wake the account's next."""


class Blow(StrEnum):
    """What happens to everybody who stands at a point."""

    KILL = "kill"
    """SIGKILL of the process."""
    FREEZE = "freeze"
    """SIGSTOP for longer than an attempt may take, then SIGCONT."""
    CANCEL = "cancel"
    """The jobs are cancelled, as at their timeout."""
    DATABASE = "database"
    """PostgreSQL stops, and comes back after they went on."""


AT_THE_NETWORK = frozenset({Point.CONNECTED, Point.HALF_BODY, Point.COMMITTED})
"""What the relay between worker and X does; the worker itself does the other ones."""
TIMED = AT_THE_NETWORK | {Point.BEFORE_CONNECT}
"""Where the client's own patience runs: these stand last, and not for long."""
IS_OUT = frozenset({Point.COMMITTED, Point.ANSWERED, Point.SETTLING, Point.SETTLED})
"""Where X has it already."""
NEVER_LEFT = frozenset({Point.CLAIMED, Point.BEFORE_CONNECT})
"""Where a process that lives can prove that nothing left."""
