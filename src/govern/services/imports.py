"""Importing a content calendar: every line is checked first, then all of them become messages, or none."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid5

import msgspec
import structlog

from govern.access import Access
from govern.database import rows
from govern.domain.accounts import COMPANY, Account
from govern.domain.audit import MessageImported, ObjectRef
from govern.domain.calendars import Fault
from govern.domain.drafts import Draft
from govern.domain.ids import uuid7
from govern.domain.members import Actor
from govern.domain.messages import Message, State
from govern.errors import N_, Conflict, Denied, GovernError
from govern.services import audit
from govern.services.acknowledgements import Unacknowledged
from govern.services.drafting import insert_draft
from govern.services.message_views import load_message
from govern.services.policies import Policies
from govern.services.submission import hand_in
from govern.services.use_case import use_case
from govern.tables import Message as MessageTable

MAX_NAMED_ACCOUNTS = 200  # what one entry of the log can hold

Progress = Callable[[int, int], None]
"""Told after each line how many of how many are done."""

_LINES = UUID("8c1d7d8e-1f0b-4f6e-9a55-0f3c2b6a9d17")
_LOCK = "SELECT pg_try_advisory_xact_lock({}::bigint) AS ours"
_KNOWN = "SELECT min(number) AS number FROM message WHERE form_key = ANY({}::uuid[])"


class FaultyLines(Conflict):
    """Data: `faults`. Nothing was imported."""

    code = "import.faulty_lines"
    template = N_("{count} lines have faults. Nothing was imported.")


class AlreadyImported(Conflict):
    code = "import.already_done"
    template = N_("This very file was imported already, from M-{number} on. Nothing was imported.")


class ImportRunning(Conflict):
    code = "import.running"
    template = N_("This very file is being imported at this moment. Nothing was imported a second time.")


class LineRefused(Conflict):
    """What held for a line when it was checked does not hold any more. Data: `line`, `reason_code`."""

    code = "import.line_refused"
    template = N_("Line {line}: {reason} Nothing was imported.")


class CheckedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line that can become a message of `author`'s."""

    number: int
    draft: Draft
    account: Account
    author: Actor


class CheckedCalendar(msgspec.Struct, frozen=True, kw_only=True):
    """A calendar after all its checks. `digest` is the SHA-256 of the file."""

    lines: tuple[CheckedLine, ...]
    faults: tuple[Fault, ...]
    digest: str


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a calendar: where its messages went, and their numbers in the order of the file."""

    id: UUID
    states: Mapping[State, int]
    numbers: tuple[int, ...]


def tell_nobody(_done: int, _total: int) -> None:
    """Show no progress."""


async def import_calendar(
    calendar: CheckedCalendar,
    *,
    submit: bool = True,
    actor: Actor,
    access: Access,
    policies: Policies,
    now: datetime,
    progress: Progress = tell_nobody,
) -> Imported:
    """Draft every line and hand it in, in one transaction; without `submit` they stay drafts.

    Each message has its own entries in the log, whose job is `import:<id>`. `progress` is called inside the transaction.

    Raises:
        FaultyLines: the calendar did not pass its checks.
        AlreadyImported, ImportRunning: the same file, by the same authors.
        LineRefused: something changed between the check and now.
    """
    if calendar.faults:
        raise FaultyLines(count=len({fault.line for fault in calendar.faults}), faults=calendar.faults)
    import_id = uuid7(now)
    async with use_case(actor=actor, now=now):
        await _refuse_repetition(calendar)
        with structlog.contextvars.bound_contextvars(job=f"import:{import_id}"):
            written = []
            for done, line in enumerate(calendar.lines, start=1):
                key = _form_key(calendar.digest, line)
                written.append(await _write(line, key, submit=submit, access=access, policies=policies, now=now))
                progress(done, len(calendar.lines))
        await _record(calendar, import_id, actor=actor, now=now)
        messages = [await load_message(message) for message in written]
    return Imported(
        id=import_id,
        states=dict(Counter(message.state for message in messages)),
        numbers=tuple(message.number for message in messages),
    )


async def _write(
    line: CheckedLine, form_key: UUID, *, submit: bool, access: Access, policies: Policies, now: datetime
) -> UUID:
    try:
        message = await insert_draft(line.draft, form_key=form_key, actor=line.author, access=access, now=now)
        if submit:
            await _hand_in(message, line, access=access, policies=policies, now=now)
    except Denied:
        raise
    except GovernError as error:
        raise LineRefused(line=line.number, reason=error.detail, reason_code=error.code) from error
    return message.id


async def _hand_in(message: Message, line: CheckedLine, *, access: Access, policies: Policies, now: datetime) -> None:
    try:
        await hand_in(message, actor=line.author, access=access, policies=policies, now=now)
    except Unacknowledged:
        return  # it stays a draft: its author must see what screening warns of, and a file cannot


async def _refuse_repetition(calendar: CheckedCalendar) -> None:
    """Refuse a file that is here already; the lock is for two who press the key at once."""
    lock = int.from_bytes(bytes.fromhex(calendar.digest)[:8], signed=True)
    if not rows(await MessageTable.raw(_LOCK, lock))[0]["ours"]:
        raise ImportRunning
    keys = [_form_key(calendar.digest, line) for line in calendar.lines]
    known = rows(await MessageTable.raw(_KNOWN, keys))[0]["number"]
    if known is not None:
        raise AlreadyImported(number=known)


async def _record(calendar: CheckedCalendar, import_id: UUID, *, actor: Actor, now: datetime) -> None:
    accounts = sorted({line.account.id for line in calendar.lines})
    await audit.record(
        MessageImported(count=len(calendar.lines), file=calendar.digest, accounts=tuple(accounts[:MAX_NAMED_ACCOUNTS])),
        actor=actor,
        now=now,
        object=ObjectRef(kind="import", id=import_id),
        scope=_common_scope([line.account for line in calendar.lines]),
    )


def _common_scope(accounts: Sequence[Account]) -> str:
    """Return the narrowest scope that holds all accounts: who may read the log there may read about the import."""
    for scopes in ({account.scope for account in accounts}, {f"brand:{account.brand}" for account in accounts}):
        if len(scopes) == 1:
            return scopes.pop()
    return COMPANY


def _form_key(digest: str, line: CheckedLine) -> UUID:
    return uuid5(_LINES, f"{digest}:{line.author.member}:{line.number}")
