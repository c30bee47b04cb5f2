"""What the fields of a recorded action may be, and which of them never enter the text."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Annotated, ClassVar, TypeAlias, get_args, get_type_hints
from uuid import UUID

import msgspec
from msgspec import Meta

from govern.errors import N_, Invalid


class Outcome(StrEnum):
    """How what was tried ended."""

    DONE = "done"
    """It happened."""
    DENIED = "denied"
    """A rule said no."""
    FAILED = "failed"
    """It was allowed and did not work out, or nobody knows whether it did."""


class Personal(msgspec.Struct, frozen=True):
    """Marks a field that is committed to and sealed, never written into the text.

    `subject` is the kind of object it belongs to, found among `object` and `refs`; that object's key opens the field.
    """

    subject: str


class Named(msgspec.Struct, frozen=True):
    """Marks a field that holds the id of an object of this kind; sentences show the object's name."""

    kind: str


Code: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:/+-]{0,79}\Z")]
"""A word of the program: a state, a role, a rule, a reason, a version. Never free text."""
Scope: TypeAlias = Annotated[
    str, Meta(pattern=r"^(company|brand:[a-z0-9][a-z0-9-]{0,38}|account:[A-Za-z0-9_]{1,15})\Z")
]
Sha256: TypeAlias = Annotated[str, Meta(pattern=r"^(sha256:)?[0-9a-f]{64}\Z")]
Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**53 - 1)]
XId: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9]{1,20}\Z")]
Handle: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_]{1,15}\Z")]
Moment: TypeAlias = Annotated[datetime, Meta(tz=True)]
Label: TypeAlias = Annotated[str, Meta(max_length=200)]
"""A name the company gave to a thing of its own, or, if `Personal`, the name of a person."""
Email: TypeAlias = Annotated[str, Meta(max_length=254)]
Comment: TypeAlias = Annotated[str, Meta(max_length=2_000)]
"""Free text of a person: always `Personal`."""
Codes: TypeAlias = Annotated[tuple[Code, ...], Meta(max_length=200)]
Images: TypeAlias = Annotated[tuple[Sha256, ...], Meta(max_length=4)]
"""The SHA-256 of each image of a revision, in their order."""
Ids: TypeAlias = Annotated[tuple[UUID, ...], Meta(max_length=50)]


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened: one subclass per action.

    `NAME` is stored for ever and never renamed. `EN` and `FR` may use `{actor}`, `{object}`, `{scope}` and each
    required public field. A subclass may gain optional fields only; anything else is a new action. Each subclass says
    what its `object` is, and which `refs` it needs.
    """

    NAME: ClassVar[str]
    EN: ClassVar[str]
    FR: ClassVar[str]
    OUTCOME: ClassVar[Outcome] = Outcome.DONE


class BadEntry(Invalid):
    """What was to be recorded breaks the format: a fault of the program, so the action rolls back."""

    code = "audit.bad_entry"
    template = N_("This action cannot be recorded ({reason}). Nothing was changed.")


def split_fields(action: Recorded) -> tuple[dict[str, object], dict[str, object]]:
    """Return an action's public and personal fields as JSON values, without the absent ones (None).

    Raises:
        BadEntry: a value breaks the limits of its field.
    """
    try:
        values: dict[str, object] = msgspec.to_builtins(action)
        msgspec.convert(values, type(action))
    except (msgspec.ValidationError, TypeError) as error:
        raise BadEntry(reason=f"{action.NAME}: {error}") from error
    personal = personal_fields(type(action))
    given = {name: value for name, value in values.items() if value is not None}
    return (
        {name: value for name, value in given.items() if name not in personal},
        {name: value for name, value in given.items() if name in personal},
    )


@cache
def personal_fields(action: type[Recorded]) -> Mapping[str, str]:
    """Return the personal fields of an action, each with the kind of its subject."""
    return {name: mark.subject for name, mark in _marks(action) if isinstance(mark, Personal)}


@cache
def named_fields(action: type[Recorded]) -> Mapping[str, str]:
    """Return the fields of an action that hold an id, each with the kind of object it names."""
    return {name: mark.kind for name, mark in _marks(action) if isinstance(mark, Named)}


def _marks(action: type[Recorded]) -> list[tuple[str, object]]:
    hints = get_type_hints(action, include_extras=True)
    return [
        (field.encode_name, mark) for field in msgspec.structs.fields(action) for mark in _metadata(hints[field.name])
    ]


def _metadata(hint: object) -> list[object]:
    """Collect what `Annotated` says, also inside `X | None`."""
    inner = [mark for part in get_args(hint) for mark in _metadata(part)]
    return [*getattr(hint, "__metadata__", ()), *inner]
