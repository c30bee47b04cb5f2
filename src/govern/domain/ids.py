"""Ids: UUIDv7 for rows, short numbers for people."""

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

from govern.errors import NotFound

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def uuid7(now: datetime) -> UUID:
    """Make a UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then random bits."""
    milliseconds = (now - _EPOCH) // timedelta(milliseconds=1) & 0xFFFF_FFFF_FFFF  # whole numbers: a float loses one
    high, low = secrets.randbits(12), secrets.randbits(62)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


def message_number(number: int) -> str:
    """Write a message's number as people say it: `M-1042`."""
    return f"M-{number}"


def parse_message_number(text: str) -> int:
    """Read `M-1042` back.

    Raises:
        NotFound: the text is no message number, so no message has it.
    """
    prefix, _, digits = text.upper().partition("-")
    if prefix != "M" or not digits.isascii() or not digits.isdigit() or len(digits) > 15:
        raise NotFound(noun="message", name=text[:40])
    return int(digits)
