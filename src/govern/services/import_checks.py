"""What each line of a content calendar must keep to before anything is imported."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import msgspec

from govern.access import Access
from govern.domain.accounts import Account, parse_handle
from govern.domain.actions import Target
from govern.domain.calendars import Calendar, Fault, Line
from govern.domain.drafts import Draft, check_schedule, check_target, check_text
from govern.domain.members import Actor, Via, member_actor
from govern.domain.messages import Kind
from govern.domain.schedules import find_zone, read_moment
from govern.errors import N_, Denied, GovernError, Invalid
from govern.screening.findings import Decision, Facts, Input
from govern.screening.limits import judge_limits
from govern.screening.x_rules import find_overlength
from govern.services.accounts import UnknownAccount, list_accounts
from govern.services.imports import CheckedCalendar, CheckedLine, Progress, tell_nobody
from govern.services.members import UnknownMember, find_by_email
from govern.services.screening import WRITE_ACTION
from govern.services.use_case import use_case

T = TypeVar("T")


class UnknownKind(Invalid):
    code = "import.unknown_kind"
    template = N_("{kind} is not a kind of message: {known}.")


class CellMissing(Invalid):
    code = "import.cell_missing"
    template = N_("This cell must not be empty.")


class NoAuthor(Invalid):
    code = "import.no_author"
    template = N_("Nobody is named as the author; name the member who writes these messages.")


class AuthorNotAllowed(Invalid):
    code = "import.author_not_allowed"
    template = N_("Only a demo company takes its authors from the file.")


class RepeatedLine(Invalid):
    code = "import.repeated_line"
    template = N_("This is the same as line {first}.")


class TextUnfit(Invalid):
    """X, or the database, would not take this text."""

    code = "import.text_unfit"
    template = N_("{reason}")


class _Writer(msgspec.Struct, kw_only=True):
    """An author while a calendar is checked: the accounts they may read, and what they were refused so far."""

    actor: Actor
    accounts: dict[str, Account]
    answers: dict[tuple[str, Kind], Fault | None] = msgspec.field(default_factory=dict)


class _Check(msgspec.Struct, kw_only=True):
    """What the lines of one calendar share while they are checked."""

    actor: Actor | None
    authors_in_file: bool
    access: Access
    now: datetime
    writers: dict[str, _Writer] = msgspec.field(default_factory=dict)
    seen: dict[tuple[object, ...], int] = msgspec.field(default_factory=dict)


async def check_calendar(
    calendar: Calendar,
    *,
    actor: Actor | None,
    authors_in_file: bool = False,
    access: Access,
    now: datetime,
    progress: Progress = tell_nobody,
) -> CheckedCalendar:
    """Check every line, and return those that can be imported beside the faults of the others; nothing is changed.

    `actor` writes the messages. With `authors_in_file`, a demo's convenience, the column `author` names another member
    by e-mail. A right that is missing is a fault, and recorded as a denial once per account and kind.
    """
    check = _Check(actor=actor, authors_in_file=authors_in_file, access=access, now=now)
    lines: list[CheckedLine] = []
    faults = list(calendar.faults)
    for done, line in enumerate(calendar.lines, start=1):
        found: list[Fault] = []
        checked = await _check_one(line, check, found)
        if checked is not None and not found:
            lines.append(checked)
        faults.extend(found)
        progress(done, len(calendar.lines))
    ordered = sorted(faults, key=lambda fault: fault.line)
    return CheckedCalendar(lines=tuple(lines), faults=tuple(ordered), digest=calendar.digest)


async def _check_one(line: Line, check: _Check, found: list[Fault]) -> CheckedLine | None:
    try:
        writer = await _writer_of(line.cell("author").lower(), check)
    except GovernError as error:
        found.append(_fault(line, "author", error))
        return None
    checked = _check_line(line, writer, check.now, found)
    if checked is not None:
        _check_repetition(checked, check.seen, found)
        await _check_right(checked, writer, check, found)
    return checked


async def _writer_of(email: str, check: _Check) -> _Writer:
    if email not in check.writers:
        author = await _author(email, check)
        accounts = await list_accounts(actor=author, access=check.access)
        check.writers[email] = _Writer(actor=author, accounts={each.handle.lower(): each for each in accounts})
    return check.writers[email]


async def _author(email: str, check: _Check) -> Actor:
    if not email:
        if check.actor is None:
            raise NoAuthor
        return check.actor
    if not check.authors_in_file:
        raise AuthorNotAllowed
    member = await find_by_email(email)
    if member is None:
        raise UnknownMember(name=email[:80])
    return member_actor(member.id, member.name, via=Via.CLI, factors=())


def _check_line(line: Line, writer: _Writer, now: datetime, found: list[Fault]) -> CheckedLine | None:
    """Check what needs no question; gather every fault of the line, not only its first."""
    text = line.cell("text")
    account = _tried(line, "account", found, lambda: _account(line.cell("account"), writer))
    kind = _tried(line, "kind", found, lambda: _kind(line.cell("kind")))
    storable = _tried(line, "text", found, lambda: check_text(text)) is not None
    zone = line.cell("zone") or (account.zone if account else "UTC")
    at = _tried(line, "scheduled_at", found, lambda: _moment(line.cell("scheduled_at"), zone, now))
    recipient = _tried(line, "recipient", found, lambda: _handle(line.cell("recipient")))
    if account is None or kind is None:
        return None
    in_reply_to = line.cell("in_reply_to") or None
    _tried(line, "kind", found, lambda: check_target(kind, in_reply_to=in_reply_to, recipient=line.cell("recipient")))
    if storable:
        _tried(line, "text", found, lambda: _check_fit(kind, text, account))
    draft = Draft(
        account=account.handle,
        kind=kind,
        text=text,
        in_reply_to=in_reply_to,
        recipient=recipient,
        scheduled_at=at,
        zone=zone if at else None,
    )
    return CheckedLine(number=line.number, draft=draft, account=account, author=writer.actor)


def _account(cell: str, writer: _Writer) -> Account:
    if not cell:
        raise CellMissing
    account = writer.accounts.get(parse_handle(cell).lower())
    if account is None:
        raise UnknownAccount(name=parse_handle(cell))
    return account


def _kind(cell: str) -> Kind:
    if not cell:
        raise CellMissing
    if cell.lower() not in set(Kind):
        raise UnknownKind(kind=cell[:40], known=", ".join(Kind))
    return Kind(cell.lower())


def _moment(cell: str, zone: str, now: datetime) -> datetime | None:
    if not cell:
        find_zone(zone)
        return None
    moment = read_moment(cell, zone)
    check_schedule(moment, now)
    return moment


def _handle(cell: str) -> str | None:
    return parse_handle(cell) if cell else None


def _check_fit(kind: Kind, text: str, account: Account) -> None:
    given = Input(text=text, kind=kind, facts=Facts(account=account.handle, length_limit=account.length_limit))
    for finding in judge_limits(given):
        if finding.decision is Decision.BLOCK:
            raise TextUnfit(reason=finding.message.en, rule=finding.rule)
    if over := find_overlength(given, text):
        reason = f"The text counts {over.length} on X, where {over.limit} is the limit."
        raise TextUnfit(reason=reason, rule="X-LENGTH")


def _check_repetition(checked: CheckedLine, seen: dict[tuple[object, ...], int], found: list[Fault]) -> None:
    draft = checked.draft
    recipient = draft.recipient.lower() if draft.recipient else None
    key = (draft.account, draft.kind, draft.text.strip(), draft.in_reply_to, recipient, draft.scheduled_at)
    first = seen.setdefault(key, checked.number)
    if first != checked.number:
        error = RepeatedLine(first=first)
        found.append(Fault(line=checked.number, column=None, code=error.code, reason=error.detail))


async def _check_right(checked: CheckedLine, writer: _Writer, check: _Check, found: list[Fault]) -> None:
    asked = (checked.account.scope, checked.draft.kind)
    if asked not in writer.answers:
        writer.answers[asked] = await _refusal(checked, check)
    refusal = writer.answers[asked]
    if refusal is not None:
        found.append(msgspec.structs.replace(refusal, line=checked.number))


async def _refusal(checked: CheckedLine, check: _Check) -> Fault | None:
    action, target = WRITE_ACTION[checked.draft.kind], Target(scope=checked.account.scope)
    try:
        async with use_case(actor=checked.author, now=check.now):
            await check.access.require(checked.author, action, target)
    except Denied as denied:
        return Fault(line=checked.number, column="account", code=denied.code, reason=denied.detail)
    return None


def _tried(line: Line, column: str, found: list[Fault], rule: Callable[[], T]) -> T | None:
    try:
        return rule()
    except GovernError as error:
        found.append(_fault(line, column, error))
        return None


def _fault(line: Line, column: str, error: GovernError) -> Fault:
    return Fault(line=line.number, column=str(error.data.get("field") or column), code=error.code, reason=error.detail)
