"""The state of access: which rules and grants hold now, and since when. What keeps it right stands in raw SQL migrations."""

from piccolo.columns import JSONB, UUID, BigInt, ForeignKey, Integer, SmallInt, Text, Timestamptz, Varchar
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.constraints import Check
from piccolo.table import Table

from govern.domain.actions import ChangeKind
from govern.tables.checks import length, one_of
from govern.tables.member import Member
from govern.tables.scope import Scope


class ScopeParent(Table, tablename="scope_parent"):
    """Where a scope stood from when to when. Written by a trigger of `scope`; one open row per scope."""

    id = BigInt(primary_key=True, default=None, null=False)
    scope = ForeignKey(Scope, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    parent = ForeignKey(Scope, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None)
    valid_from = Timestamptz(default=None, null=False)
    valid_to = Timestamptz(default=None, null=True)

    scope_parent_time_check = Check("valid_to IS NULL OR valid_to >= valid_from")


class PolicyBundle(Table, tablename="policy_bundle"):
    """The files of an access policy, by name, as they were when it was activated. Insert only."""

    digest = Varchar(length=80, primary_key=True, default=None, null=False)
    files = JSONB(default=None, null=False)
    created_at = Timestamptz(default=TimestamptzNow(), null=False)


class PolicyActivation(Table, tablename="policy_activation"):
    """From when a bundle holds, who put it in force, and who gained or lost by it. Insert only."""

    id = UUID(primary_key=True, default=None, null=False)
    digest = ForeignKey(
        PolicyBundle, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=False, default=None
    )
    activated_by = ForeignKey(Member, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=True, default=None)
    activated_at = Timestamptz(default=None, null=False)
    reason = Text(default=None, null=False)
    gains = Integer(default=0, null=False)
    losses = Integer(default=0, null=False)

    policy_activation_reason_check = length("reason", 3, 500)


class AccessState(Table, tablename="access_state"):
    """One row: the version that rises with every change of grants, scopes, members or rules, and the rules in force."""

    id = SmallInt(primary_key=True, default=1, null=False)
    version = BigInt(default=1, null=False)
    policy_digest = ForeignKey(
        PolicyBundle, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict, null=True, default=None
    )

    access_state_one_row_check = Check("id = 1")


class AccessChange(Table, tablename="access_change"):
    """What a version changed: whose grants, or all. Kept 7 days. (`version`, `subject`) is the primary key."""

    version = BigInt(primary_key=True, default=None, null=False)
    subject = Varchar(length=80, default=None, null=False)
    kind = Varchar(length=8, default=None, null=False)
    changed_at = Timestamptz(default=TimestamptzNow(), null=False)

    access_change_kind_check = one_of("kind", ChangeKind)


class AccessDenial(Table, tablename="access_denial"):
    """Refusals of one kind in ten minutes: the first is an entry (`entry`), the rest is counted."""

    actor = Varchar(length=80, primary_key=True, default=None, null=False)
    action = Varchar(length=40, default=None, null=False)
    scope = Varchar(length=64, default=None, null=False)
    rule = Varchar(length=80, default=None, null=False)
    """The rule, or the reason where no rule decided."""
    window_at = Timestamptz(default=None, null=False)
    times = Integer(default=1, null=False)
    last_at = Timestamptz(default=None, null=False)
    entry = UUID(default=None, null=False)
    summed_at = Timestamptz(default=None, null=True)
    """When the closed window's summary became an entry."""
