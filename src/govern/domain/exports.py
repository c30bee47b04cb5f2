"""What can be taken out of the audit log: a range, which leaves nothing out, or the answer to a query."""

import re
from datetime import timedelta
from enum import StrEnum

import msgspec

from govern.domain.audit.query import read_query
from govern.domain.drafts import check_reason
from govern.errors import N_, Conflict, Invalid, NotFound

MAX_ENTRIES = 100_000
MAX_BYTES = 2 << 30
MIN_REASON = 3
KEPT_FOR = timedelta(days=7)
"""How long the file of an export can be fetched; what was taken out, and why, is kept for ever."""
_RANGE = re.compile(r"([0-9]{1,15}):([0-9]{0,15})")


class ExportFormat(StrEnum):
    """What the file is."""

    BUNDLE = "bundle"
    """A `.govern-evidence.zip`: entries with proofs, and the program that checks them."""
    CSV = "csv"
    """A table for people."""
    JSONL = "jsonl"
    """One JSON object per line, for programs."""


class ExportState(StrEnum):
    """How far an export is."""

    QUEUED = "queued"
    """It waits for a worker."""
    RUNNING = "running"
    """It is being written."""
    DONE = "done"
    """Its file can be fetched."""
    FAILED = "failed"
    """Nothing came of it."""


class Question(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be taken out. With `begin` it is a range of places in the log, else the answer to `query`."""

    begin: int | None = None
    end: int | None = None
    """The place after the last one; None: up to the newest signed entry."""
    query: str = ""
    """As in the search box; empty: all entries."""
    openings: bool = False
    """Whether personal fields go with it, opened."""
    since: int | None = None
    """The size of a checkpoint that was kept earlier: the bundle proves that nothing before it was changed."""


class QuestionInvalid(Invalid):
    code = "export.question_invalid"
    template = N_("Ask for a range of the log (as 100:250) or for a query, not both; a range ends after it begins.")


class ExportReasonRequired(Invalid):
    code = "export.reason_required"
    template = N_("Please give a reason of 3 to 500 characters.")


class ExportTooLarge(Conflict):
    """More than a bundle may hold."""

    code = "export.too_large"
    template = N_("That is more than 100,000 entries, or 2 GiB. Ask for less, in several exports.")


class BeyondLog(Conflict):
    """Only what a checkpoint covers can be proven."""

    code = "export.beyond_log"
    template = N_("The signed log has {size} entries; the export would need more.")


class ExportExpired(Conflict):
    code = "export.expired"
    template = N_("The file of this export was kept for {days} days and is gone. Ask for it again.")


class ExportNotReady(Conflict):
    code = "export.not_ready"
    template = N_("This export is not done: its state is {state}.")


class ExportNotFound(NotFound):
    code = "export.not_found"
    template = N_("There is no export {name}.")


def check_question(question: Question) -> Question:
    """Return the question, if it can be asked.

    Raises:
        QuestionInvalid, ExportTooLarge
        Invalid: the query breaks a rule of its language.
    """
    begin, end = question.begin, question.end
    numbers = [each for each in (begin, end, question.since) if each is not None]
    if any(not 0 <= each < 2**53 for each in numbers) or (begin is None and end is not None):
        raise QuestionInvalid(field="range")
    if begin is not None and (question.query.strip() or (end is not None and end <= begin)):
        raise QuestionInvalid(field="range")
    if begin is not None and end is not None and end - begin > MAX_ENTRIES:
        raise ExportTooLarge
    read_query(question.query, field="query")
    return question


def read_range(text: str) -> tuple[int, int | None]:
    """Read `100:250`, or `100:` up to the end.

    Raises:
        QuestionInvalid
    """
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        raise QuestionInvalid(field="range")
    return int(match[1]), int(match[2]) if match[2] else None


def check_export_reason(reason: str) -> str:
    """Return a reason without the blanks around it.

    Raises:
        ExportReasonRequired: under 3 characters.
        TextTooLong, TextUnstorable
    """
    given = check_reason(reason) or ""
    if len(given) < MIN_REASON:
        raise ExportReasonRequired(field="reason")
    return given
