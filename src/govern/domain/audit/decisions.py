"""What a person decides about messages that wait for a decision. The object of each is the message."""

from typing import Annotated, ClassVar

from govern.domain.audit.fields import Code, Comment, Moment, Personal, Recorded


class PublicationReleased(Recorded, frozen=True, kw_only=True):
    """A person lets go out what waited for a decision; `due_at` is its turn. Refs: the publication."""

    NAME: ClassVar = "publication.released"
    EN: ClassVar = "{actor} released {object}, to go out at {due_at}"
    FR: ClassVar = "{actor} a libéré {object}, qui part à {due_at}"
    hold: Code
    """What it waited for."""
    due_at: Moment
    comment: Annotated[Comment, Personal("message")] | None = None


ACTIONS: tuple[type[Recorded], ...] = (PublicationReleased,)
