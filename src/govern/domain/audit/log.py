"""What happens to the log itself. The object of each is the log: `ObjectRef("log", "audit")`."""

from typing import Annotated, ClassVar, TypeAlias

from msgspec import Meta

from govern.domain.audit.fields import Comment, Count, Personal, Recorded, Sha256

Origin: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/:-]{0,119}\Z")]


class LogCreated(Recorded, frozen=True, kw_only=True):
    """The log began: from now on every entry gets its place in the tree."""

    NAME: ClassVar = "log.created"
    EN: ClassVar = "{actor} created the audit log {origin}"
    FR: ClassVar = "{actor} a créé le journal d’audit {origin}"
    origin: Origin
    key: Sha256
    """Of the public key's text, `<name>+<key id>+<base64>`: it says which key, and vouches for none."""


class LogAdopted(Recorded, frozen=True, kw_only=True):
    """The guard file was lost; a checkpoint that was kept elsewhere took its place."""

    NAME: ClassVar = "log.adopted"
    EN: ClassVar = "{actor} took a kept checkpoint of {size} entries for the lost guard file"
    FR: ClassVar = "{actor} a repris un point de contrôle conservé de {size} entrées à la place du fichier témoin perdu"
    size: Count
    root: Sha256
    """Of the checkpoint that was kept."""


class LogContinued(Recorded, frozen=True, kw_only=True):
    """An older database goes on under a new origin: what was signed beyond it is lost, and this says so."""

    NAME: ClassVar = "log.continued"
    EN: ClassVar = "{actor} continued the audit log {before} as {origin}, with {size} of {signed} signed entries"
    FR: ClassVar = (
        "{actor} a continué le journal d’audit {before} sous {origin}, avec {size} entrées sur {signed} signées"
    )
    before: Origin
    origin: Origin
    key: Sha256
    signed: Count
    """How many entries the old log had signed."""
    root: Sha256
    """Of the old log's last known checkpoint."""
    size: Count
    """How many of them this database has."""
    reason: Annotated[Comment, Personal("log")]


ACTIONS: tuple[type[Recorded], ...] = (LogCreated, LogAdopted, LogContinued)
