from piccolo.columns import UUID, ForeignKey, Text, Timestamptz, Varchar
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.constraints import Check
from piccolo.table import Table

from govern.tables.checks import length
from govern.tables.member import Member
from govern.tables.scope import Scope


class RoleGrant(Table, tablename="role_grant"):
    """A role given to a member at a scope. Rows are never deleted; only `revoked_*` may be set, once."""

    id = UUID(primary_key=True, default=None, null=False)
    member = ForeignKey(Member, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    role = Varchar(length=32, default=None, null=False)
    scope = ForeignKey(Scope, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    granted_by = ForeignKey(Member, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=True, default=None)
    granted_at = Timestamptz(default=None, null=False)
    reason = Text(default=None, null=False)
    starts_at = Timestamptz(default=None, null=False)
    expires_at = Timestamptz(default=None, null=True)
    revoked_at = Timestamptz(default=None, null=True)
    revoked_by = ForeignKey(Member, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=True, default=None)
    revoke_reason = Text(default=None, null=True)

    role_grant_role_check = Check("role NOT IN ('publisher', 'everyone') AND role ~ '^[a-z_]+$'")
    role_grant_reason_check = length("reason", 3, 500)
    role_grant_time_check = Check("expires_at IS NULL OR expires_at > starts_at")
    role_grant_revoked_check = Check("(revoked_at IS NULL) = (revoke_reason IS NULL)")
