"""Entries as a company makes them, in any number and the same each time: for measures of the audit log."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from govern import __version__
from govern.domain import audit
from govern.domain.audit import Change, Entry, EntryObject
from govern.domain.ids import uuid7
from govern.tlog.canonical import encode

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
BETWEEN = timedelta(seconds=17)
"""From one entry to the next: a million take six months."""
MEMBERS = 200
ACCOUNTS = 50
PER_MESSAGE = 6
"""Entries about one message."""
_ACTIONS = (
    ("message.drafted", "draft", "written by hand"),
    ("message.revised", "draft", "corrected twice"),
    ("message.submitted", "in_review", "for the spring campaign"),
    ("message.approved", "approved", "second reading"),
    ("message.scheduled", "scheduled", "before the market opens"),
    ("publication.sent", "published", "accepted at once"),
)
_ID, _MESSAGE, _ACCOUNT, _MEMBER = (UUID(int=0xABCDEF << 100 | each) for each in range(4))
_AT, _HANDLE = "2001-02-03T04:05:06.000007Z", "account:Example00"


def message_id(number: int) -> UUID:
    """Return the id of the n-th message."""
    return UUID(int=0x0197 << 112 | 0x7 << 76 | 0x8 << 60 | number)


def member_id(number: int) -> UUID:
    """Return the id of the n-th member."""
    return UUID(int=0x0196 << 112 | 0x7 << 76 | 0x8 << 60 | number)


def account_scope(number: int) -> str:
    """Return the scope of the n-th account."""
    return f"account:Example{number:02}"


def time_of(number: int) -> datetime:
    """Return when the n-th entry says it was."""
    return FIRST + number * BETWEEN


def make_texts(count: int, *, origin: str, seed: int, first: int = 0) -> Iterator[str]:
    """Give the canonical texts of so many entries, from the n-th on; each has an id, time, actor and object of its own."""
    forms = [_form(*each, origin=origin) for each in _ACTIONS]
    rng = random.Random(seed)  # noqa: S311 - no secret
    for number in range(first, first + count):
        about, step = divmod(number, PER_MESSAGE)
        yield _fill(forms[step], number, about, rng.randrange(MEMBERS))


def _fill(form: str, number: int, about: int, member: int) -> str:
    now = time_of(number)
    return (
        form.replace(str(_ID), str(uuid7(now)))
        .replace(_AT, audit.time_text(now))
        .replace(str(_MEMBER), str(member_id(member)))
        .replace(str(_MESSAGE), str(message_id(about)))
        .replace(str(_ACCOUNT), str(member_id(10_000 + about % ACCOUNTS)))
        .replace(_HANDLE, account_scope(about % ACCOUNTS))
    )


def _form(action: str, state: str, note: str, *, origin: str) -> str:
    """Return the text of one action with marks in place of what differs: strings of equal form, so still canonical."""
    return encode(
        msgspec.to_builtins(
            Entry(
                log=origin,
                id=_ID,
                at=_AT,
                action=action,
                outcome=audit.Outcome.DONE,
                actor=audit.ActorRef(kind="member", id=f"member:{_MEMBER}", via="panel", factors=("password", "totp")),
                object=EntryObject("message", str(_MESSAGE), 3),
                refs=(EntryObject("account", str(_ACCOUNT)),),
                scope=_HANDLE,
                data={"revision": 3, "digest": "5f" * 32, "approvals": 1, "required": 1, "note": note},
                change={"state": Change("in_review", state)},
                commit={"comment": "q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq80="},
                ctx=_CONTEXT,
            )
        )
    )


_CONTEXT = audit.Context(
    request="01JD9ZK4T0N7R5V2M8Q3C6X1B4",
    rule="brand-manager-approves",
    via=audit.Granted(role="brand_manager", scope="brand:care", grant="0196c0de-0000-7000-8000-000000000042"),
    digest="8d" * 32,
    version="42",
    govern=__version__,
)


def mean_bytes(texts: Sequence[str]) -> float:
    """Return how long a text is, on average."""
    return sum(len(text.encode()) for text in texts) / len(texts)
