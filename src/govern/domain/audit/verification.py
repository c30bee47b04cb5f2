"""What a verification of the audit log found. The object of each is the log: `ObjectRef("log", "audit")`."""

from typing import Annotated, ClassVar, TypeAlias

from msgspec import Meta

from govern.domain.audit.fields import Code, Count, Outcome, Recorded, Sha256

Checks: TypeAlias = Annotated[tuple[Code, ...], Meta(max_length=20)]
"""Checks by their names, as `texts`."""


class LogVerified(Recorded, frozen=True, kw_only=True):
    """All that could be checked was right, up to the entry before `size`; the next verification begins there."""

    NAME: ClassVar = "log.verified"
    EN: ClassVar = "{actor} verified the audit log, entries {begin} to {size}: all is as it was recorded"
    FR: ClassVar = "{actor} a vérifié le journal d’audit, entrées {begin} à {size} : tout est tel qu’enregistré"
    begin: Count
    """The first entry whose text was read again: 0 after a full verification."""
    size: Count
    root: Sha256
    """The root of the tree at that size, as the log signed it."""
    against: Checks = ()
    """What the tree was compared with beside its own checkpoints: `key`, `guard`, `saved`."""
    unchecked: Checks = ()
    """Checks that could not be made."""


class LogMismatch(Recorded, frozen=True, kw_only=True):
    """Something is not as it was recorded: somebody changed the database, or a part of it was lost."""

    NAME: ClassVar = "log.mismatch"
    EN: ClassVar = "{actor} found that the audit log was changed or damaged: {check}"
    FR: ClassVar = "{actor} a constaté que le journal d’audit a été modifié ou endommagé : {check}"
    OUTCOME: ClassVar = Outcome.FAILED
    check: Code
    """The first check that failed."""
    checks: Checks
    """All that failed."""
    begin: Count
    size: Count
    first: Count | None = None
    """The place in the log of the first entry that is not right, where one can be named."""


ACTIONS: tuple[type[Recorded], ...] = (LogVerified, LogMismatch)
