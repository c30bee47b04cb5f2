"""The format of an entry: what every record of the audit log holds. Its canonical text is what is stored and hashed."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Meta

from govern.domain.audit.fields import BadEntry, Count, Outcome, Scope
from govern.errors import N_, NotFound

VERSION = 1
MAX_REFS = 50
MAX_CHANGES = 16
MAX_CHANGED_VALUE = 1_000
_FIELD = re.compile(r"[a-z][a-z0-9_]*")
Kind: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z][a-z_]{0,29}\Z")]
Short: TypeAlias = Annotated[str, Meta(min_length=1, max_length=80)]
_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


class ObjectRef(msgspec.Struct, frozen=True):
    """An object as services name it: `ObjectRef("message", message.id, 3)`; `rev` is its revision where it has one."""

    kind: str
    id: UUID | str
    rev: int | None = None


class EntryObject(msgspec.Struct, frozen=True, omit_defaults=True):
    """An object as it stands in an entry."""

    kind: Kind
    id: Annotated[str, Meta(min_length=1, max_length=64)]
    rev: Count | None = None

    @property
    def key(self) -> str:
        """`message:0197…`: how names and subjects are found."""
        return f"{self.kind}:{self.id}"


def entry_object(each: ObjectRef) -> EntryObject:
    """Return an object in the form of entries, its id as text."""
    return EntryObject(each.kind, str(each.id), each.rev)


class Change(msgspec.Struct, frozen=True):
    """A public field's JSON value before and after."""

    before: object
    after: object


class ActorRef(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who acted (`member:<uuid>`, `worker:publisher`), through which door, signed in how."""

    kind: Short
    id: Short
    via: Short
    factors: Annotated[tuple[Short, ...], Meta(max_length=10)] = ()


class Granted(msgspec.Struct, frozen=True, omit_defaults=True):
    """The grant that let the actor do it."""

    role: Short | None = None
    scope: Short | None = None
    grant: Short | None = None


class Context(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What was around: the request or job, the access decision, the version of govern."""

    request: Short | None = None
    job: Short | None = None
    rule: Short | None = None
    via: Granted | None = None
    digest: Short | None = None
    """Of the access policy that decided."""
    version: Short | None = None
    """Of the access state that decided: it rises with every change of grants, scopes or rules."""
    govern: Short


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One record of the log, version 1."""

    v: int = VERSION
    log: Annotated[str, Meta(min_length=1, max_length=120)]
    """The origin: keeps the logs of two deployments apart."""
    id: UUID
    at: str
    action: str
    outcome: Outcome
    actor: ActorRef
    object: EntryObject
    refs: tuple[EntryObject, ...] = ()
    scope: Scope
    data: dict[str, Any]
    change: dict[str, Change] = {}
    commit: dict[str, str] = {}
    """For each personal field the base64 of its 32-byte commitment."""
    ctx: Context

    @property
    def objects(self) -> tuple[EntryObject, ...]:
        """What the entry is about, then what it touched."""
        return (self.object, *self.refs)


class EntryNotFound(NotFound):
    code = "audit.entry_not_found"
    template = N_("There is no entry {name} in the audit log.")


def check_size(refs: Sequence[EntryObject], change: Mapping[str, Change]) -> None:
    """Refuse what could make an entry too long.

    Raises:
        BadEntry: over 50 refs, over 16 changed fields, a value over 1,000 bytes, or a bad field name.
    """
    if len(refs) > MAX_REFS or len(change) > MAX_CHANGES:
        raise BadEntry(reason=f"at most {MAX_REFS} refs and {MAX_CHANGES} changed fields")
    for name, values in change.items():
        if not _FIELD.fullmatch(name) or len(name) > 80:
            raise BadEntry(reason=f"bad field name {name[:80]!r}")
        if any(len(msgspec.json.encode(value)) > MAX_CHANGED_VALUE for value in (values.before, values.after)):
            raise BadEntry(reason=f"the change of {name} is over {MAX_CHANGED_VALUE} bytes")


def subject_of(kind: str, objects: Sequence[EntryObject]) -> str:
    """Return the subject whose key seals a personal field, as `message:0197…`.

    Raises:
        BadEntry: the entry names no object of that kind.
    """
    for each in objects:
        if each.kind == kind:
            return each.key
    raise BadEntry(reason=f"no {kind} among the objects")


def time_text(moment: datetime) -> str:
    """Write a moment as `YYYY-MM-DDTHH:MM:SS.ffffffZ`: such texts sort like their times."""
    return moment.astimezone(UTC).strftime(_TIME)


def time_of(text: str) -> datetime:
    """Read `time_text` back.

    Raises:
        ValueError: the text has another form.
    """
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)


def read_entry(text: str) -> Entry | None:
    """Read an entry's text; None if it is not in our format: whoever steals a login can append any JSON object."""
    try:
        entry = msgspec.json.decode(text, type=Entry)
        time_of(entry.at)
    except ValueError:  # msgspec's errors are ValueErrors
        return None
    return entry
