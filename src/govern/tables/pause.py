from piccolo.columns import UUID, Array, ForeignKey, Text, Timestamptz, Varchar
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.constraints import Check
from piccolo.table import Table

from govern.domain.messages import Kind
from govern.tables.checks import length, subset_of
from govern.tables.member import Member
from govern.tables.scope import Scope


class Pause(Table, tablename="pause"):
    """Publishing stopped at a scope. One person sets it; another one lifts it."""

    id = UUID(primary_key=True, default=None, null=False)
    scope = ForeignKey(Scope, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    kinds = Array(base_column=Varchar(length=5), default=list, null=False)
    reason = Text(default=None, null=False)
    set_by = ForeignKey(Member, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    set_at = Timestamptz(default=None, null=False)
    lifted_by = ForeignKey(Member, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=True, default=None)
    lifted_at = Timestamptz(default=None, null=True)

    pause_kinds_check = subset_of("kinds", Kind)
    pause_reason_check = length("reason", 3, 500)
    pause_two_persons = Check("lifted_by <> set_by")
    pause_lifted_check = Check("(lifted_by IS NULL) = (lifted_at IS NULL)")
