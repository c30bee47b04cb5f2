"""What the pages of the audit log keep for themselves: no part of the log."""

from piccolo.columns import UUID, Bytea, ForeignKey, Integer, Text, Timestamptz, Varchar
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from govern.tables.checks import length, one_of
from govern.tables.member import Member


class SavedView(Table, tablename="saved_view"):
    """A query of a page that a member gave a name, for themselves alone."""

    id = UUID(primary_key=True, default=None, null=False)
    member = ForeignKey(Member, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    page = Varchar(length=40, default=None, null=False)
    name = Varchar(length=60, default=None, null=False)
    query = Text(default=None, null=False)
    created_at = Timestamptz(default=TimestamptzNow(), null=False)

    saved_view_name_check = length("name", 1, 60)
    saved_view_query_check = length("query", 0, 2000)
    saved_view_name_unique = Unique(["member", "page", "name"])


class AuditExport(Table, tablename="audit_export"):
    """An export somebody asked for, and how far it is. Its entry is `audit.exported`; its bytes are its parts."""

    id = UUID(primary_key=True, default=None, null=False)
    requested_by = ForeignKey(
        Member, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None
    )
    filter = Text(default=None, null=False)
    format = Varchar(length=10, default=None, null=False)
    reason = Text(default=None, null=False)
    state = Varchar(length=10, default="queued", null=False)
    progress = Integer(default=0, null=False)
    total = Integer(default=0, null=False)
    """Entries written so far, and to write."""
    sha256 = Bytea(default=None, null=True)
    error = Text(default=None, null=True)
    created_at = Timestamptz(default=None, null=False)
    finished_at = Timestamptz(default=None, null=True)

    audit_export_format_check = one_of("format", ("bundle", "csv", "jsonl"))
    audit_export_state_check = one_of("state", ("queued", "running", "done", "failed"))
    audit_export_filter_check = length("filter", 0, 2000)
    audit_export_reason_check = length("reason", 3, 500)
    audit_export_progress_check = Check("progress >= 0 AND total >= 0")
    audit_export_finished_check = Check("(state IN ('done', 'failed')) = (finished_at IS NOT NULL)")
    audit_export_sha256_check = Check("(state = 'done') = (sha256 IS NOT NULL) AND octet_length(sha256) = 32")


class AuditExportPart(Table, tablename="audit_export_part"):
    """A piece of an export's file: web and worker share no disk, and a `bytea` ends at 1 GB."""

    id = UUID(primary_key=True, default=None, null=False)
    export = ForeignKey(AuditExport, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    n = Integer(default=None, null=False)
    content = Bytea(default=None, null=False)

    audit_export_part_n_check = Check("n >= 0 AND octet_length(content) BETWEEN 1 AND 1048576")
    audit_export_part_unique = Unique(["export", "n"])
