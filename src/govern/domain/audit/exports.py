"""The log taken out: who asked for what, what they were given, and when it was fetched."""

from typing import Annotated, ClassVar

from govern.domain.audit.fields import Code, Comment, Count, Outcome, Personal, Recorded, Sha256


class AuditExportRequested(Recorded, frozen=True, kw_only=True):
    """Somebody asked for a part of the log; it is made in the background. Object: the export."""

    NAME: ClassVar = "audit.export_requested"
    EN: ClassVar = "{actor} asked for an export of the log ({format})"
    FR: ClassVar = "{actor} a demandé un export du journal ({format})"
    format: Code
    openings: bool = False
    """Whether personal fields were to be opened."""
    reason: Annotated[Comment, Personal("export")] | None = None


class AuditExported(Recorded, frozen=True, kw_only=True):
    """A part of the log was written to a file. Object: the export."""

    NAME: ClassVar = "audit.exported"
    EN: ClassVar = "{actor} exported {entries} entries of the log ({format}), {opened} of them with personal fields"
    FR: ClassVar = "{actor} a exporté {entries} entrées du journal ({format}), dont {opened} avec champs personnels"
    format: Code
    entries: Count
    opened: Count
    """Entries whose personal fields are in the file."""
    size: Count
    """Of the log, at the checkpoint the file is proven by."""
    file: Sha256
    manifest: Sha256 | None = None
    """Of a bundle."""
    begin: Count | None = None
    """Of a range: its first entry, and the one after its last."""
    end: Count | None = None
    reason: Annotated[Comment, Personal("export")] | None = None


class AuditExportFailed(Recorded, frozen=True, kw_only=True):
    """An export was asked for, and nothing came of it. Object: the export."""

    NAME: ClassVar = "audit.export_failed"
    EN: ClassVar = "The export of the log that {actor} asked for failed ({cause})"
    FR: ClassVar = "L’export du journal demandé par {actor} a échoué ({cause})"
    OUTCOME: ClassVar = Outcome.FAILED
    cause: Code


class AuditExportFetched(Recorded, frozen=True, kw_only=True):
    """The file of an export was handed out. Object: the export."""

    NAME: ClassVar = "audit.export_fetched"
    EN: ClassVar = "{actor} downloaded an export of the log"
    FR: ClassVar = "{actor} a téléchargé un export du journal"
    file: Sha256


ACTIONS: tuple[type[Recorded], ...] = (AuditExportRequested, AuditExported, AuditExportFailed, AuditExportFetched)
